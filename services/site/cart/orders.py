"""A cart as checkout takes it: ids, numbers, amounts a person chose, and nothing about prices."""

from typing import Any

import msgspec

from services.site.cart.checks import amount_cents, is_home, is_posted, quantity, state_code
from services.site.cart.form import ATTRIBUTION, PLACE, CartForm, takes_amount
from services.site.cart.shop import Shop, anchor_of, campaigns_in
from services.site.public.language import Language

UTM = {"utm_source": "utmSource", "utm_medium": "utmMedium", "utm_campaign": "utmCampaign"}
UTM |= {"utm_content": "utmContent", "utm_term": "utmTerm", "ref": "ref"}


def quote_body(form: CartForm, shop: Shop, language: Language) -> dict[str, Any]:
    """Return the body of a quote. Items that cannot be priced are left out of it."""
    states = campaigns_in(form, shop)
    body: dict[str, Any] = {
        "campaignSlug": states[0].slug if states else None,
        "items": [found for each in form.items if (found := _item(form, each.item_id, each.typed))],
        "tipPercent": form.tip_percent,
        "preferredLang": language,
    }
    if is_posted(form, shop):
        body["shippingAddress"] = _destination(form)
        body["shippingOption"] = form.option or None
    if any(each.item_id.startswith("addon__") for each in form.items):
        body["bundleAddOnAnchorCampaignSlug"] = anchor_of(form, states) or None
    return {name: value for name, value in body.items() if value is not None}


def priced(form: CartForm) -> list[str]:
    """Return the ids of the items a quote asks about, in its order."""
    return [each.item_id for each in form.items if _item(form, each.item_id, each.typed)]


def start_body(
    form: CartForm, shop: Shop, language: Language, *, consent: dict[str, str]
) -> dict[str, Any]:
    """Return the body of a start. Without scripts the card is entered on Stripe's own page."""
    body = quote_body(form, shop, language)
    body |= {
        "email": form.contact.get("email", ""),
        "expectedAmount": form.expected_cents,
        "consent": consent,
        **{UTM[name]: form.attribution[name] for name in ATTRIBUTION if name in form.attribution},
    }
    if not form.is_scripted:
        body["checkoutUiMode"] = "hosted"
    return body


def _item(form: CartForm, item_id: str, typed: str) -> dict[str, Any] | None:
    if takes_amount(item_id):
        cents = amount_cents(typed)
        # A number of exactly two decimals: a float would be close, and close is not the amount.
        return None if cents is None else {"id": item_id, "amount": _dollars(cents)}
    number = quantity(typed)
    if number is None:
        return None
    found: dict[str, Any] = {"id": item_id, "quantity": number}
    given = {name: text for name, text in form.answers.get(item_id, {}).items() if text}
    return {**found, "fields": given} if given else found


def _dollars(cents: int) -> msgspec.Raw:
    return msgspec.Raw(f"{cents // 100}.{cents % 100:02d}".encode())


def _destination(form: CartForm) -> dict[str, str] | None:
    """Return the address as far as it is known, None before anything can be sent there."""
    contact = form.contact
    if not contact.get("postalCode"):
        return None
    place = {name: contact.get(name, "") for name in ("name", *PLACE)}
    place["country"] = place["country"] or "US"
    if is_home(form):
        place["province"] = state_code(place["province"])
    return {name: text for name, text in place.items() if text}

"""A cart as checkout takes it: ids, numbers, amounts a person chose, and nothing about prices."""

from typing import Any

import msgspec

from contracts.consent import text_in, version_for
from services.site.cart.checks import (
    amount_cents,
    fits,
    is_home,
    is_posted,
    quantity,
    state_code,
)
from services.site.cart.form import ATTRIBUTION, PLACE, CartForm, takes_amount
from services.site.cart.late import is_late, left_out
from services.site.cart.shop import (
    Question,
    Shop,
    anchor_of,
    campaigns_in,
    lonely_add_ons,
    tip_percent,
)
from services.site.public.add_ons import ADD_ON
from services.site.public.language import Language

TAXED_BY = ("province", "postalCode", "country")
UTM = {"utm_source": "utmSource", "utm_medium": "utmMedium", "utm_campaign": "utmCampaign"}
UTM |= {"utm_content": "utmContent", "utm_term": "utmTerm", "ref": "ref"}


def quote_body(form: CartForm, shop: Shop, language: Language) -> dict[str, Any]:
    """Return the body of a quote. What cannot be priced is left out of it.

    A price does not wait for an answer: where a reward's question has none that fits, some
    answer of its kind stands in. Nothing is kept of a quote.
    """
    return _body(form, shop, language, stand_in=True)


def start_body(form: CartForm, shop: Shop, language: Language) -> dict[str, Any]:
    """Return the body of a start. Without scripts the card is entered on Stripe's own page."""
    body = _body(form, shop, language, stand_in=False)
    is_now = is_late(form, shop)
    body |= {
        "email": form.contact.get("email", ""),
        "expectedAmount": form.expected_cents,
        "consent": {
            "version": version_for(is_late=is_now),
            "language": language,
            "hash": text_in(language, is_late=is_now).sha256,
        },
        **{UTM[name]: form.attribution[name] for name in ATTRIBUTION if name in form.attribution},
    }
    if form.challenge:
        body["challengeToken"] = form.challenge
    if not form.is_scripted:
        body["checkoutUiMode"] = "hosted"
    return body


def priced(form: CartForm, shop: Shop) -> list[str]:
    """Return the ids of the items checkout is asked about, in the order it gets them."""
    unsold = {*lonely_add_ons(form, shop), *left_out(form, shop)}
    return [
        each.item_id
        for each in form.items
        if each.item_id not in unsold and _number(each.item_id, each.typed)
    ]


def _body(form: CartForm, shop: Shop, language: Language, *, stand_in: bool) -> dict[str, Any]:
    states = campaigns_in(form, shop)
    wanted = priced(form, shop)
    body: dict[str, Any] = {
        "campaignSlug": states[0].slug if states else None,
        "items": [_item(form, shop, item_id, stand_in=stand_in) for item_id in wanted],
        "tipPercent": tip_percent(form, shop),
        "preferredLang": language,
    }
    if is_posted(form, shop):
        body["shippingAddress"] = _destination(form, ("name", *PLACE))
        body["shippingOption"] = form.option or None
    else:
        # What is not posted may still be taxed by where somebody lives.
        body["billingAddress"] = _destination(form, TAXED_BY)
    if any(item_id.startswith(ADD_ON) for item_id in wanted):
        body["bundleAddOnAnchorCampaignSlug"] = anchor_of(form, states) or None
    return {name: value for name, value in body.items() if value is not None}


def _item(form: CartForm, shop: Shop, item_id: str, *, stand_in: bool) -> dict[str, Any]:
    typed = form.typed(item_id) or ""
    found: dict[str, Any] = {"id": item_id, **_number(item_id, typed)}
    thing = shop.thing(item_id)
    given = form.answers.get(item_id, {})
    answers: dict[str, str] = {}
    for question in thing.questions if thing else ():
        answer = given.get(question.name, "")
        if stand_in and not fits(question, answer):
            answer = _any_answer(question)
        if answer:
            answers[question.name] = answer
    return {**found, "fields": answers} if answers else found


def _any_answer(question: Question) -> str:
    if question.kind == "choice":
        return question.choices[0] if question.choices else ""
    return "1"


def _number(item_id: str, typed: str) -> dict[str, Any]:
    """Return how many or how much of an item; nothing when that is no number."""
    if takes_amount(item_id):
        cents = amount_cents(typed)
        # A number of exactly two decimals: a float would be close, and close is not the amount.
        return {} if cents is None else {"amount": _dollars(cents)}
    number = quantity(typed)
    return {} if number is None else {"quantity": number}


def _dollars(cents: int) -> msgspec.Raw:
    return msgspec.Raw(f"{cents // 100}.{cents % 100:02d}".encode())


def _destination(form: CartForm, names: tuple[str, ...]) -> dict[str, str] | None:
    """Return the address as far as it is known, None before anything can be sent there."""
    contact = form.contact
    if not contact.get("postalCode"):
        return None
    place = {name: contact.get(name, "") for name in names}
    place["country"] = place["country"] or "US"
    if is_home(form):
        place["province"] = state_code(place["province"])
    return {name: text for name, text in place.items() if text}

"""What people's programs send, in the product's own names and units."""

import hashlib
from typing import Annotated, Any, Literal, get_args

import msgspec

from contracts.attribution import clean_word
from contracts.events.checkout import Attribution
from contracts.money import CENTS_MAX
from contracts.pricing import STANDARD, Address, ShippingOptionId
from contracts.refusals import InputRefused
from services.checkout.domain.cart import ITEMS_MAX, WantedItem

Short = Annotated[str, msgspec.Meta(max_length=200)]
Ignored = int | float | str | bool | None
ADDRESS_LENGTH_MAX = 200
OPTIONS: tuple[ShippingOptionId, ...] = get_args(ShippingOptionId)
STOCK_MAX = 10_000_000


class ConsentBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which sentences about the charge a page shows: version, language, SHA-256 in hex."""

    version: Short
    language: Short = "en"
    hash: Short | None = None


class CartBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The body of a start and of a quote.

    The last group is what other clients send and nobody here reads: what a thing costs is
    never the browser's word.
    """

    items: Annotated[list[WantedItem], msgspec.Meta(max_length=ITEMS_MAX)]
    campaign_slug: Short | None = None
    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    tip_percent: int | None = None
    expected_amount: int | None = None
    preferred_lang: Short | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    shipping_option: Short | None = None
    # Whose pledge the platform's own products go with; it decides nothing else.
    bundle_add_on_anchor_campaign_slug: Short | None = None
    consent: ConsentBody | None = None
    # Stripe's own page even where we have a card step: for browsers without scripts.
    checkout_ui_mode: Literal["custom", "hosted"] | None = None
    # What the challenge gave the browser, where one was asked for.
    challenge_token: Annotated[str, msgspec.Meta(max_length=2_048)] | None = None
    # Words of the link that somebody followed: read by `came_by` alone, whatever they are.
    ref: Ignored = None
    utm_source: Ignored = None
    utm_medium: Ignored = None
    utm_campaign: Ignored = None
    utm_content: Ignored = None
    utm_term: Ignored = None

    abandoned_cart_consent: Ignored = None
    custom_amount: Ignored = None
    amount_cents: Ignored = None
    amount: Ignored = None
    subtotal: Ignored = None
    shipping: Ignored = None
    tax: Ignored = None
    tip_amount: Ignored = None
    total: Ignored = None
    currency: Ignored = None

    @property
    def came_by(self) -> Attribution | None:
        """Return where the visitor came from; None when nothing of it can be read."""
        words = {name: clean_word(getattr(self, name)) for name in Attribution.__struct_fields__}
        return Attribution(**words) if any(words.values()) else None

    def restorable(self) -> dict[str, Any]:
        """Return what this order could be made again from, without anything personal."""
        items = [
            {"id": item.id, "quantity": item.quantity}
            | ({"amount": str(item.amount)} if item.amount is not None else {})
            for item in self.items
        ]
        more: dict[str, Any] = {
            "tipPercent": self.tip_percent,
            "preferredLang": self.preferred_lang,
            "shippingOption": self.shipping_option,
            "campaignSlug": self.campaign_slug,
            "bundleAddOnAnchorCampaignSlug": self.bundle_add_on_anchor_campaign_slug,
            "ref": clean_word(self.ref) or None,
        }
        if self.consent is not None:
            more["consent"] = msgspec.to_builtins(self.consent)
        return {
            "items": items,
            **{name: value for name, value in more.items() if value is not None},
        }

    def digest(self) -> str:
        """Return what makes this request the same one when it comes again."""
        same = msgspec.structs.replace(self, challenge_token=None)
        return hashlib.sha256(msgspec.json.encode(same)).hexdigest()


class TaxBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Two sums in cents, and where they are taxed."""

    subtotal_cents: Annotated[int, msgspec.Meta(ge=1, le=CENTS_MAX)]
    shipping_cents: Annotated[int, msgspec.Meta(ge=0, le=CENTS_MAX)] = 0
    billing_address: Address | None = None
    shipping_address: Address | None = None


class OrderBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which order is meant, and perhaps by which session."""

    order_id: Short
    session_id: Short | None = None


class RecoverBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an operator knows of a checkout that seems lost.

    Addresses are for an order that is lost here: where its things are posted to, and where
    it is taxed if that is elsewhere.
    """

    order_id: Short | None = None
    session_id: Short | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None


class LostBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """From where to go on in Stripe's list; a dry run makes no order again."""

    after: Short | None = None
    dry_run: bool = False


class StartCardBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Whose pledge is to have another card, by its link, and how it is entered."""

    token: Annotated[str, msgspec.Meta(max_length=4_096)]
    checkout_ui_mode: Literal["custom", "hosted"] | None = None
    preferred_lang: Short | None = None
    challenge_token: Annotated[str, msgspec.Meta(max_length=2_048)] | None = None


class CompleteCardBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Whose pledge, and the session in which its card was saved."""

    token: Annotated[str, msgspec.Meta(max_length=4_096)]
    session_id: Annotated[str, msgspec.Meta(pattern=r"^cs_[A-Za-z0-9_]{1,190}$")]


def option_of(wanted: str | None) -> ShippingOptionId:
    """Return the way of posting that was asked for. What it is called must be known."""
    if not wanted:
        return STANDARD
    for option in OPTIONS:
        if wanted == option:
            return option
    problem = f"one of {', '.join(OPTIONS)}"
    raise InputRefused(
        "invalid_shipping_option",
        f"The way of posting is {problem}.",
        fields={"shippingOption": problem},
    )


class StockBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What an operator changes: one tier or product, of a campaign or of the platform itself.

    `set` makes `quantity` the limit, `restock` adds it, `reset` follows the definition again.
    """

    action: Literal["set", "restock", "reset"]
    campaign_slug: Short | None = None
    tier_id: Short | None = None
    product_id: Short | None = None
    variant_id: Short | None = None
    quantity: Annotated[int, msgspec.Meta(ge=0, le=STOCK_MAX)] | None = None
    # The limit the operator saw; any other refuses.
    expected_limit: int | None = None
    # Whoever holds the secret says who is at work.
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "operator"


def require_address(address: Address | None, name: str, *, is_posted_to: bool) -> None:
    """Refuse an address nothing can be sent to, naming its fields."""
    if address is None:
        if is_posted_to:
            raise InputRefused(
                "address_needed",
                "Where shall we send it?",
                fields={name: "needed for things that are posted"},
            )
        return
    problems = {
        f"{name}.{field.encode_name}": f"at most {ADDRESS_LENGTH_MAX} characters"
        for field in msgspec.structs.fields(address)
        if len(getattr(address, field.name)) > ADDRESS_LENGTH_MAX
    }
    country = address.country
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        problems[f"{name}.country"] = "two letters, such as US"
    needed = {"postalCode": address.postal_code}
    if is_posted_to:
        needed |= {"name": address.name, "address1": address.address1}
    problems |= {f"{name}.{key}": "needed" for key, value in needed.items() if not value.strip()}
    if problems:
        raise InputRefused("invalid_address", "The address is not complete.", fields=problems)

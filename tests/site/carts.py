"""Carts for the tests of the cart's form: two live films, add-ons, and what checkout answers."""

from typing import Any

import msgspec
from markupsafe import Markup

from contracts.api.checkout import (
    Quote,
    QuotedCampaign,
    QuotedLine,
    ShippingOption,
    Summary,
    SummaryCampaign,
)
from contracts.api.figures import Figures
from contracts.campaign import AddOn, AddOnVariant, PlatformDefinition, TierField
from contracts.ids import CampaignSlug
from contracts.money import Cents
from contracts.pricing import STANDARD, Why
from services.site.cart.form import CartForm, read_form
from services.site.cart.page import View, cart_page
from services.site.cart.shop import Shop
from services.site.cart.shown import CartPage
from services.site.public.language import Language
from services.site.public.state import AddOnContent, CampaignState
from tests.site.stages import DEFINITION, LIVE, STATE, campaign

TAKE, HALL = "the-long-take", "the-hall"
PRINT, CREDIT, PREMIERE = f"{TAKE}__print", f"{TAKE}__credit", f"{TAKE}__premiere"
CHAIR, HAND = f"{HALL}__chair", f"{HALL}__hand"
CUSTOM, LAB = f"{TAKE}__custom-support", f"{TAKE}__support__lab"
PIN, SHIRT, STICKER = "addon__pin", "addon__shirt", "addon__sticker"

ADD_ONS = (
    AddOn(product_id="pin", name="A pin", price_cents=Cents(900), inventory=4),
    AddOn(
        product_id="shirt",
        name="A shirt",
        price_cents=Cents(2_800),
        variants=(
            AddOnVariant(variant_id="small", label="Small", inventory=9),
            AddOnVariant(variant_id="large", label="Large", price_cents=Cents(3_100), inventory=0),
        ),
    ),
)
PLATFORM = PlatformDefinition(
    version=1,
    add_ons_enabled=True,
    add_ons=(AddOn(product_id="sticker", name="A sticker", price_cents=Cents(300)),),
)


def _take() -> CampaignState:
    asked = TierField(name="Your frame number", kind="number", is_required=True)
    tiers = tuple(
        msgspec.structs.replace(tier, fields=(asked,)) if tier.tier_id == "print" else tier
        for tier in DEFINITION.tiers
    )
    definition = msgspec.structs.replace(DEFINITION, tiers=tiers, add_ons=ADD_ONS)
    words = {"shirt": AddOnContent(description=Markup("Soft."), option_name="Size")}
    content = msgspec.structs.replace(STATE.content, add_ons=words)
    return campaign(definition=definition, content=content)


def _hall() -> CampaignState:
    chair, hand = (
        msgspec.structs.replace(DEFINITION.tiers[0], tier_id=tier_id, name=name, is_stackable=False)
        for tier_id, name in (("chair", "A chair"), ("hand", "A hand"))
    )
    definition = msgspec.structs.replace(
        DEFINITION,
        slug=CampaignSlug(HALL),
        title="The Hall",
        single_tier_only=True,
        tiers=(chair, hand),
        support_items=(),
    )
    return campaign(definition=definition, stock={}, support_item_cents={})


def shop(**changes: Any) -> Shop:
    """Return both films, the platform's one product, and what else a test wants."""
    campaigns = {CampaignSlug(TAKE): _take(), CampaignSlug(HALL): _hall()}
    return msgspec.structs.replace(
        Shop(campaigns=campaigns, platform=PLATFORM, now=LIVE), **changes
    )


def form(*items: tuple[str, str], **fields: str) -> CartForm:
    """Return a form with these items; `do`, `add` and their kin are the button."""
    pairs = [(f"item.{item_id}", typed) for item_id, typed in items]
    named = {
        name.replace("_was", "-was").replace("_stop", "-stop"): fields[name] for name in fields
    }
    return read_form([*pairs, *named.items()])


def share(slug: str, *lines: tuple[str, int], **more: Any) -> QuotedCampaign:
    """Return a campaign's part of a quote: 5 % tip, 10 % tax, shipping as told."""
    subtotal = sum(amount for _, amount in lines)
    figures = {
        "subtotal": subtotal,
        "shipping": more.pop("shipping", 0),
        "tax": subtotal // 10,
        "tip_percent": 5,
        "tip_amount": subtotal // 20,
    }
    figures["amount"] = sum(cents for name, cents in figures.items() if name != "tip_percent")
    return QuotedCampaign(
        campaign_slug=slug,
        lines=tuple(
            QuotedLine(
                id=item_id,
                kind="tier",
                label=item_id,
                quantity=1,
                unit_amount=amount,
                amount=amount,
                is_physical=False,
                counts_toward_goal=True,
            )
            for item_id, amount in lines
        ),
        why=more.pop("why", _why(subtotal)),
        charged_now=more.pop("charged_now", False),
        shipping_option=STANDARD,
        shipments=(),
        tax_details=None,
        **figures,
    )


def _why(base: int) -> tuple[Why, ...]:
    return (
        Why(figure="subtotal", rule="sum_of_lines", inputs={"lines": 1}),
        Why(figure="tax", rule="flat_rate", inputs={"rate": "0.10", "baseCents": base}),
        Why(figure="tip", rule="percent_of_subtotal", inputs={"percent": 5, "baseCents": base}),
        Why(figure="amount", rule="sum_of_figures"),
    )


def quote(*shares: QuotedCampaign, **more: Any) -> Quote:
    """Return what a cart costs: the sum of its shares."""
    names = ("subtotal", "shipping", "tax", "tip_amount", "amount")
    sums = {name: sum(getattr(each, name) for each in shares) for name in names}
    return Quote(
        totals=Figures(tip_percent=5, **sums),
        campaigns=shares,
        states=more.pop("states", {"tax": "quoted", "shipping": "quoted"}),
        shipping_options=more.pop("shipping_options", ()),
        currency="usd",
        **more,
    )


QUOTE = quote(share(TAKE, (PRINT, 6_000)))
BUNDLE = quote(share(TAKE, (PRINT, 6_000), shipping=300), share(HALL, (CHAIR, 1_000)))
SIGNED = (
    ShippingOption(id="standard", amount=300, surcharge=0, selected=True),
    ShippingOption(id="signature_required", amount=695, surcharge=395, selected=False),
)


def receipt(status: str = "persisted", *shares: SummaryCampaign) -> Summary:
    """Return an order as the success page gets it."""
    known = shares or (receipt_share(TAKE, "The Long Take", (PRINT, 6_000)),)
    return Summary(
        order_id="pool-intent-0123456789abcdef",
        status=status,
        persisted=status == "persisted",
        created_at=LIVE,
        completed_at=LIVE if status in ("completed", "persisted") else None,
        shipping_collected=False,
        currency="usd",
        totals=quote(*known).totals,
        campaigns=known,
    )


def receipt_share(slug: str, title: str, *lines: tuple[str, int], **more: Any) -> SummaryCampaign:
    """Return one campaign's part of an order."""
    priced = msgspec.structs.asdict(share(slug, *lines, charged_now=more.pop("charged_now", False)))
    facts = {"pledge_id": f"pledge-{slug}", "state": "persisted", "reason": None, **more}
    return SummaryCampaign(title=title, **priced, **facts)


def page(given: CartForm, language: Language = "en", **view: Any) -> CartPage:
    """Return the page of a form; `quote`, `trouble` and `problems` as a view takes them."""
    wanted = {"shop": shop(), "key": "0" * 32, **view}
    return cart_page(View(form=given, **wanted), language)

"""What a cart costs: per campaign, each figure rounded half up, then summed. Pure.

Source: product rules 4; decisions "Cart, price, stock".
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, OrderId, pledge_id
from contracts.money import Cents, apply_percent, apply_rate
from contracts.pricing import PriceBreakdown, PricedLine, PricedPledge, Why
from contracts.refusals import InputRefused
from services.checkout.cart import Choice, KnownCampaign, unknown_item
from services.checkout.lines import lines_for

STANDARD = "standard"


class Shipping(msgspec.Struct, frozen=True, kw_only=True):
    """The price of posting one campaign's things, and which rule made it."""

    cents: Cents
    source: str
    why: Why


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a whole order: the sum of what each campaign's pledge costs."""

    subtotal_cents: int
    shipping_cents: int
    tax_cents: int
    tip_percent: int
    tip_cents: int
    total_cents: int


def price_cart(
    cart: Mapping[CampaignSlug, Sequence[Choice]],
    campaigns: Mapping[CampaignSlug, KnownCampaign],
    *,
    order_id: OrderId,
    platform: PlatformDefinition,
    tip_percent: int,
) -> tuple[PricedPledge, ...]:
    """Return the cart as pledges, one per campaign, sorted by slug. Refuses what cannot be."""
    pledges: list[PricedPledge] = []
    for slug, choices in cart.items():
        campaign = campaigns.get(slug)
        if campaign is None:
            raise unknown_item(choices[0].field)
        definition = campaign.definition
        lines = lines_for(campaign, choices)
        pledges.append(
            PricedPledge(
                pledge_id=pledge_id(order_id, slug, is_bundle=len(cart) > 1),
                campaign=slug,
                definition_version=definition.version,
                lines=lines,
                price=price(
                    lines, definition=definition, platform=platform, tip_percent=tip_percent
                ),
                currency=definition.currency,
            )
        )
    if len({pledge.currency for pledge in pledges}) > 1:
        raise InputRefused(
            "mixed_currencies",
            "These campaigns cannot be pledged to together.",
            fields={"items": "more than one currency"},
        )
    return tuple(pledges)


def tip_percent_of(wanted: int | None, platform: PlatformDefinition) -> int:
    """Return the tip to use, or refuse one outside what the platform allows."""
    if wanted is None:
        return platform.tip_percent_default
    if not 0 <= wanted <= platform.tip_percent_max:
        problem = f"a whole number from 0 to {platform.tip_percent_max}"
        raise InputRefused("invalid_tip", f"The tip is {problem}.", fields={"tipPercent": problem})
    return wanted


def price(
    lines: Sequence[PricedLine],
    *,
    definition: CampaignDefinition,
    platform: PlatformDefinition,
    tip_percent: int,
) -> PriceBreakdown:
    """Return what one campaign's lines cost, with the reason of every figure.

    Tax is on the subtotal alone; the tip is a share of the subtotal, untaxed.
    """
    subtotal = sum(line.total_cents for line in lines)
    rate = Decimal(platform.sales_tax_rate)
    tax = apply_rate(subtotal, rate)
    tip = apply_percent(subtotal, tip_percent)
    shipping = ship(lines, definition=definition, platform=platform)
    total = subtotal + shipping.cents + tax + tip
    return PriceBreakdown(
        subtotal_cents=Cents(subtotal),
        shipping_cents=shipping.cents,
        tax_cents=tax,
        tip_percent=tip_percent,
        tip_cents=tip,
        total_cents=Cents(total),
        goal_cents=Cents(sum(line.total_cents for line in lines if line.counts_toward_goal)),
        tax_provider="flat",
        tax_rate=platform.sales_tax_rate,
        shipping_source=shipping.source,
        why=(
            Why(figure="subtotal", rule="sum_of_lines", inputs={"lines": len(lines)}),
            shipping.why,
            Why(
                figure="tax",
                rule="flat_rate",
                inputs={"rate": platform.sales_tax_rate, "baseCents": subtotal},
            ),
            Why(
                figure="tip",
                rule="percent_of_subtotal",
                inputs={"percent": tip_percent, "baseCents": subtotal},
            ),
            Why(figure="amount", rule="sum_of_figures"),
        ),
    )


def ship(
    lines: Sequence[PricedLine], *, definition: CampaignDefinition, platform: PlatformDefinition
) -> Shipping:
    """Return what posting these lines costs: nothing, or one flat rate per campaign."""
    if not any(line.is_physical for line in lines):
        return _shipping(0, "none", "nothing_physical")
    is_free = definition.free_shipping
    if is_free is None:
        is_free = platform.free_shipping
    if is_free:
        return _shipping(0, "free", "free_shipping")
    own = definition.shipping_fallback_cents
    cents = platform.shipping_fallback_cents if own is None else own
    return _shipping(cents, "fallback", "flat_rate", of="platform" if own is None else "campaign")


def total_of(pledges: Sequence[PricedPledge]) -> Totals:
    """Return the figures of an order: rounded per campaign, then summed."""
    prices = [pledge.price for pledge in pledges]
    return Totals(
        subtotal_cents=sum(each.subtotal_cents for each in prices),
        shipping_cents=sum(each.shipping_cents for each in prices),
        tax_cents=sum(each.tax_cents for each in prices),
        tip_percent=prices[0].tip_percent,
        tip_cents=sum(each.tip_cents for each in prices),
        total_cents=sum(each.total_cents for each in prices),
    )


def has_physical(pledges: Sequence[PricedPledge]) -> bool:
    """Tell whether anything in the order is posted."""
    return any(line.is_physical for pledge in pledges for line in pledge.lines)


def _shipping(cents: int, source: str, rule: str, **inputs: str) -> Shipping:
    why = Why(figure="shipping", rule=rule, inputs={"rateCents": cents, **inputs})
    return Shipping(cents=Cents(cents), source=source, why=why)

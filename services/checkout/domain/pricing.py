"""What a cart costs: per campaign, each figure rounded half up, then summed. Pure.

Source: product rules 4; decisions "Cart, price, stock".
"""

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.ids import CampaignSlug, OrderId, pledge_id
from contracts.money import Cents, apply_percent
from contracts.pricing import (
    STANDARD,
    PriceBreakdown,
    PricedLine,
    PricedPledge,
    QuoteState,
    Shipment,
    ShippingOptionId,
    Why,
)
from contracts.refusals import InputRefused
from services.checkout.domain.cart import Choice, KnownCampaign, unknown_item
from services.checkout.domain.lines import is_after_the_end, lines_for
from services.checkout.domain.parcels import loads_of
from services.checkout.domain.shipping import NOWHERE_YET, Delivery, Posted, Terms, ship
from services.checkout.domain.taxes import Tax, Taxable, destination_of, tax

SURENESS: tuple[QuoteState, ...] = (
    "quoted",
    "fallback_used",
    "needs_input",
    "provider_unavailable",
)
ORDER_BYTES_MAX = 192 * 1024
"""An order is told as one event, and the bus takes none that is much larger."""

NOTHING_POSTED = Why(figure="shipping", rule="nothing_physical", inputs={"cents": 0})


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
    delivery: Delivery = NOWHERE_YET,
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
                    lines,
                    definition=definition,
                    platform=platform,
                    tip_percent=tip_percent,
                    delivery=delivery,
                ),
                currency=definition.currency,
                is_late=is_after_the_end(campaign),
            )
        )
    if len(msgspec.json.encode(pledges)) > ORDER_BYTES_MAX:
        raise InputRefused(
            "cart_too_large",
            "This is too much for one checkout. Please take it in several.",
            fields={"items": "too much for one checkout"},
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
    delivery: Delivery = NOWHERE_YET,
) -> PriceBreakdown:
    """Return what one campaign's lines cost, with the reason of every figure.

    The tip is a share of the subtotal, untaxed.
    """
    subtotal = sum(line.total_cents for line in lines)
    goal = sum(line.total_cents for line in lines if line.counts_toward_goal)
    terms = Terms(platform=platform, delivery=delivery)
    loads = loads_of(lines, definition=definition, platform=platform)
    posted = [ship(load, definition=definition, terms=terms) for load in loads]
    shipments = tuple(each.shipment for each in posted)
    shipping = sum(each.cents for each in shipments)
    destination = destination_of(delivery.billing, delivery.destination)
    taxable = Taxable(subtotal_cents=subtotal, shipping_cents=shipping, destination=destination)
    taxed = tax(taxable, platform)
    tip = apply_percent(subtotal, tip_percent)
    price = PriceBreakdown(
        subtotal_cents=Cents(subtotal),
        shipping_cents=Cents(shipping),
        tax_cents=taxed.cents,
        tip_percent=tip_percent,
        tip_cents=tip,
        total_cents=Cents(subtotal + shipping + taxed.cents + tip),
        goal_cents=Cents(goal),
        tax_provider=taxed.details.provider,
        tax_rate=taxed.details.rate,
        tax_details=taxed.details,
        tax_state=taxed.state,
        shipping_source=_one_of({each.source for each in shipments}),
        shipments=shipments,
        shipping_option=_option_of(shipments),
        shipping_state=least_sure(each.state for each in shipments),
    )
    why = _reasons(price, lines=len(lines), posted=posted, taxed=taxed)
    return msgspec.structs.replace(price, why=why)


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


def least_sure(states: Iterable[QuoteState]) -> QuoteState:
    """Return the state of a sum: that of its least sure part."""
    return max(states, key=SURENESS.index, default="quoted")


def _reasons(
    price: PriceBreakdown, *, lines: int, posted: Sequence[Posted], taxed: Tax
) -> tuple[Why, ...]:
    """Return every figure's reasons. Their `cents` add up to the figure."""
    subtotal = price.subtotal_cents
    return (
        Why(figure="subtotal", rule="sum_of_lines", inputs={"lines": lines, "cents": subtotal}),
        *(why for each in posted for why in each.why),
        *(() if posted else (NOTHING_POSTED,)),
        taxed.why,
        Why(
            figure="tip",
            rule="percent_of_subtotal",
            inputs={"percent": price.tip_percent, "baseCents": subtotal, "cents": price.tip_cents},
        ),
        Why(figure="amount", rule="sum_of_figures", inputs={"cents": price.total_cents}),
    )


def _one_of(sources: Set[str]) -> str:
    """Return the one source of all parcels, `mixed` for several, `none` without parcels."""
    if len(sources) > 1:
        return "mixed"
    return next(iter(sources), "none")


def _option_of(shipments: Sequence[Shipment]) -> ShippingOptionId:
    return next((each.option for each in shipments if each.option != STANDARD), STANDARD)

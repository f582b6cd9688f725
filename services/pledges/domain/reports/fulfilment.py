"""Who is to be sent what: what was paid for, by supporter and by who sends it.

A supporter's pledges to a campaign are one row; what the platform sells beside them is
another, for the platform to send. Source: rules.md, section 12 and defect 5.
"""

from collections.abc import Iterable, Iterator

import msgspec

from contracts.ids import CampaignSlug, SupporterId
from contracts.pricing import Address, PricedLine, Shipment
from services.pledges.domain.reports.cells import (
    Goods,
    Row,
    add_ons,
    address_told,
    dollars,
    rewards,
    text,
)

COLUMNS = (
    *("email", "campaign", "fulfiller", "items", "add_on_items", "campaign_subtotal"),
    *("platform_add_on_subtotal", "subtotal", "tip_percent", "tip", "tax", "shipping", "total"),
    "shipping_address",
)


class PaidPledge(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge that was charged and not given back, in cents."""

    supporter_id: SupporterId
    email: str
    campaign: CampaignSlug
    goal_cents: int
    subtotal_cents: int
    shipping_cents: int
    tax_cents: int
    tip_cents: int
    lines: tuple[PricedLine, ...]
    shipments: tuple[Shipment, ...] = ()
    shipping_address: Address | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender's part of some pledges comes to, in cents."""

    subtotal: int = 0
    tip: int = 0
    tax: int = 0
    shipping: int = 0

    @property
    def total(self) -> int:
        """Return what was paid for it."""
        return self.subtotal + self.tip + self.tax + self.shipping

    def __add__(self, other: "Share") -> "Share":
        return Share(
            subtotal=self.subtotal + other.subtotal,
            tip=self.tip + other.tip,
            tax=self.tax + other.tax,
            shipping=self.shipping + other.shipping,
        )


def rows(pledges: Iterable[PaidPledge], *, platform: str) -> Iterator[Row]:
    """Return the rows of one supporter's paid pledges to one campaign.

    `platform` is who sends what the platform sells. Where nothing is to be sent, or
    nothing was paid for it, there is no row.
    """
    paid = list(pledges)
    lines = [line for pledge in paid for line in pledge.lines]
    ours = [line for line in lines if line.counts_toward_goal]
    theirs = [line for line in lines if not line.counts_toward_goal]
    campaign = paid[0].campaign
    mine, rest = Share(), Share()
    for pledge in paid:
        of_campaign, of_platform = shares_of(pledge)
        mine, rest = mine + of_campaign, rest + of_platform
    sent = [line for line in rewards(ours) if line.kind != "custom_amount"]
    parcels: tuple[tuple[str, str, list[PricedLine], list[PricedLine], Share], ...] = (
        (campaign, campaign, sent, add_ons(ours), mine),
        ("", platform, [], theirs, rest),
    )
    to = next((pledge.shipping_address for pledge in paid if pledge.shipping_address), None)
    for name, fulfiller, items, products, share in parcels:
        # Without a thing or without money there is nothing to send.
        if (items or products) and share.total > 0:
            yield (
                text(paid[0].email),
                name,
                text(fulfiller),
                text(Goods(items, has_answers=True).told()),
                text(Goods(products).told()),
                *_money(share, is_platform=not name),
                text(address_told(msgspec.to_builtins(to))),
            )


def shares_of(pledge: PaidPledge) -> tuple[Share, Share]:
    """Return the campaign's and the platform's part of a pledge: together all of it.

    Tip and tax in proportion to what was bought, rounded down for the campaign; postage as
    the parcels were priced, where they add up to it.
    """
    bought = max(pledge.subtotal_cents, 1)
    goal, platform = pledge.goal_cents, pledge.subtotal_cents - pledge.goal_cents
    tip, tax = (each * goal // bought for each in (pledge.tip_cents, pledge.tax_cents))
    shipping = _posted(pledge, pledge.shipping_cents * goal // bought)
    if not platform:
        tip, tax, shipping = pledge.tip_cents, pledge.tax_cents, pledge.shipping_cents
    return (
        Share(subtotal=goal, tip=tip, tax=tax, shipping=shipping),
        Share(
            subtotal=platform,
            tip=pledge.tip_cents - tip,
            tax=pledge.tax_cents - tax,
            shipping=pledge.shipping_cents - shipping,
        ),
    )


def _posted(pledge: PaidPledge, otherwise: int) -> int:
    """Return the campaign's postage, `otherwise` when the parcels do not tell."""
    if sum(each.cents for each in pledge.shipments) != pledge.shipping_cents:
        return otherwise
    return sum(each.cents for each in pledge.shipments if each.scope == "campaign")


def _money(share: Share, *, is_platform: bool) -> Row:
    return (
        dollars(0 if is_platform else share.subtotal),
        dollars(share.subtotal if is_platform else 0),
        dollars(share.subtotal),
        str(_percent(share.tip, share.subtotal)),
        dollars(share.tip),
        dollars(share.tax),
        dollars(share.shipping),
        dollars(share.total),
    )


def _percent(part: int, whole: int) -> int:
    """Return a part in whole per cent, half up."""
    return (200 * part + whole) // (2 * whole) if whole > 0 else 0

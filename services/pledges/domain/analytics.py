"""What a campaign's sums are made of, and who keeps what of them. Pure."""

from collections.abc import Sequence

import msgspec

from contracts.api.analytics import FeeKnowledge, MoneyPart
from contracts.money import split


class PartSums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over pledges, in cents, and the fees of their charges.

    `known_fees` are of charges whose fee Stripe's books told, `expected_fees` of all others.
    `goal_returned` is the part of `returned` that counted toward the goal.
    """

    pledges: int = 0
    goal: int = 0
    campaign_add_ons: int = 0
    subtotal: int = 0
    tips: int = 0
    tax: int = 0
    shipping: int = 0
    total: int = 0
    returned: int = 0
    goal_returned: int = 0
    known_charges: int = 0
    known_fees: int = 0
    expected_charges: int = 0
    expected_fees: int = 0
    dispute_fees: int = 0


def money_part(sums: PartSums) -> MoneyPart:
    """Return the sums with fees and returns shared out: nothing is lost, nothing counted twice.

    Stripe's fees are shared in proportion to campaign, platform, tax and shipping. What went
    back of the goal is the campaign's; the rest is the others', in proportion.
    """
    platform = sums.subtotal - sums.goal + sums.tips
    fees = sums.known_fees + sums.expected_fees
    weights = [sums.goal, platform, sums.tax, sums.shipping]
    fee_shares = _shared(fees, weights)
    back = _shared(sums.returned - sums.goal_returned, weights[1:])
    gone = [sums.goal_returned, *back]
    nets = [
        whole - fee - returned
        for whole, fee, returned in zip(weights, fee_shares, gone, strict=True)
    ]
    return MoneyPart(
        pledges=sums.pledges,
        campaign=sums.goal,
        campaign_add_ons=sums.campaign_add_ons,
        platform_add_ons=sums.subtotal - sums.goal,
        tips=sums.tips,
        tax=sums.tax,
        shipping=sums.shipping,
        total=sums.total,
        fees=fees,
        fees_known=sums.known_fees,
        fee_knowledge=_knowledge(sums),
        returned=sums.returned,
        dispute_fees=sums.dispute_fees,
        campaign_net=nets[0],
        platform_net=nets[1],
        tax_net=nets[2],
        shipping_net=nets[3],
        net=sum(nets) - sums.dispute_fees,
    )


def average(pledged: int, pledges: int) -> int:
    """Return what a pledge comes to, in cents, halves up; nothing when there is none.

    >>> average(1_001, 2)
    501
    """
    return (2 * pledged + pledges) // (2 * pledges) if pledges else 0


def _shared(cents: int, weights: Sequence[int]) -> list[int]:
    """Return cents in parts. Where nothing has a weight all of it is the first one's."""
    if sum(weights) > 0:
        return [int(each) for each in split(cents, weights)]
    return [cents, *([0] * (len(weights) - 1))]


def _knowledge(sums: PartSums) -> FeeKnowledge:
    if sums.known_charges and sums.expected_charges:
        return "mixed"
    if sums.known_charges:
        return "actual"
    return "estimated" if sums.expected_charges else "none"

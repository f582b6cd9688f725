"""What goes back when an operator asks for money to be given back. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents, split

Why = Literal["disputed", "nothing_left", "less_than_wanted", "unknown_pledge_sum"]
"""Why a charge gives nothing back."""


class Refundable(msgspec.Struct, frozen=True, kw_only=True):
    """A charge that succeeded, what of it is left, and what its pledges came to."""

    charge_id: ChargeId
    supporter_id: SupporterId
    pledge_ids: tuple[PledgeId, ...]
    pledge_cents: tuple[int | None, ...]
    pledge_given_cents: tuple[int, ...]
    amount_cents: Cents
    given_cents: Cents
    is_disputed: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator asks to give back: a whole campaign's money, somebody's, a part."""

    campaign: CampaignSlug
    supporter_id: SupporterId | None = None
    pledge_id: PledgeId | None = None
    amount_cents: int | None = None

    @property
    def is_everybody(self) -> bool:
        """Tell whether a whole campaign is meant."""
        return self.supporter_id is None and self.pledge_id is None


class PlannedRefund(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One charge's refund, in cents."""

    charge_id: ChargeId
    supporter: SupporterId
    order_ids: tuple[PledgeId, ...]
    amount: Cents


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A charge that is not refunded, and why."""

    charge_id: ChargeId
    supporter: SupporterId
    reason: Why


class RefundPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a refund is going to give back."""

    campaign_slug: CampaignSlug
    plan_hash: str
    total: int
    refunds: tuple[PlannedRefund, ...]
    left_out: tuple[LeftOut, ...]


def plan_refunds(wanted: Wanted, charges: Iterable[Refundable]) -> RefundPlan:
    """Return what goes back. What is disputed is left out: the bank has that money already.

    A part is one sum, however many charges somebody paid with: it comes from the one with
    the most left, and what that has not from the next, so that few refunds are made.
    """
    known = list(charges)
    parts = _parts(wanted, known)
    planned: list[PlannedRefund] = []
    left_out: list[LeftOut] = []
    for charge in known:
        part = parts[charge.charge_id]
        if isinstance(part, str):
            left_out.append(
                LeftOut(charge_id=charge.charge_id, supporter=charge.supporter_id, reason=part)
            )
        elif part:
            mine = (wanted.pledge_id,) if wanted.pledge_id else charge.pledge_ids
            planned.append(
                PlannedRefund(
                    charge_id=charge.charge_id,
                    supporter=charge.supporter_id,
                    order_ids=mine,
                    amount=Cents(part),
                )
            )
    return plan_of(wanted, planned, left_out)


def plan_of(
    wanted: Wanted, planned: Sequence[PlannedRefund], left_out: Sequence[LeftOut] = ()
) -> RefundPlan:
    """Return the plan of these refunds: its hash is of what goes back, and of nothing else."""
    return RefundPlan(
        campaign_slug=wanted.campaign,
        plan_hash=_hash(wanted, planned),
        total=sum(each.amount for each in planned),
        refunds=tuple(planned),
        left_out=tuple(left_out),
    )


def _parts(wanted: Wanted, charges: Sequence[Refundable]) -> dict[ChargeId, int | Why]:
    """Return what each charge gives, in cents, or why it gives nothing."""
    found = {each.charge_id: _most(wanted, each) for each in charges}
    if wanted.amount_cents is None:
        return found
    most = {charge: cents for charge, cents in found.items() if isinstance(cents, int)}
    if sum(most.values()) < wanted.amount_cents:
        return found | dict.fromkeys(most, "less_than_wanted")
    still = wanted.amount_cents
    for charge in sorted(most, key=lambda each: (-most[each], each)):
        found[charge] = part = min(most[charge], still)
        still -= part
    return found


def _most(wanted: Wanted, charge: Refundable) -> int | Why:
    left = charge.amount_cents - charge.given_cents
    if charge.is_disputed:
        return "disputed"
    if left == 0:
        return "nothing_left"
    if wanted.pledge_id is None:
        return left
    if sum(cents or 0 for cents in charge.pledge_cents) != charge.amount_cents:
        return "unknown_pledge_sum"
    mine = _left_of_pledges(charge)[charge.pledge_ids.index(wanted.pledge_id)]
    return min(mine, left) or "nothing_left"


def _left_of_pledges(charge: Refundable) -> list[int]:
    """Return what each pledge has left. What was given back of no pledge in particular is
    shared, in proportion to what the others left: as the ledger does."""
    given = charge.pledge_given_cents
    left = [
        max(0, (cents or 0) - each) for cents, each in zip(charge.pledge_cents, given, strict=True)
    ]
    unnamed = min(charge.given_cents - sum(given), sum(left))
    if unnamed <= 0:
        return left
    return [cents - each for cents, each in zip(left, split(unnamed, left), strict=True)]


def _hash(wanted: Wanted, planned: Sequence[PlannedRefund]) -> str:
    facts = sorted((each.charge_id, each.amount) for each in planned)
    return hashlib.sha256(msgspec.json.encode([wanted.campaign, facts])).hexdigest()

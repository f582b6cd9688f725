"""What becomes of a pledge when money of its charge goes back, or comes to us again. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.settlement import Disputed, FeesKnown, Refunded
from contracts.ids import ChargeId, PledgeId
from contracts.money import Cents, split
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change, EntryType, Pledge
from services.pledges.domain.pledging import LedgerFault, entry_of

MoneyKind = Literal["gross", "fee", "refund", "refund_failed", "dispute", "dispute_fee"]


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of one pledge's money: to us, or (negative) from us. Never changed."""

    pledge_id: PledgeId
    kind: MoneyKind
    source: str
    charge_id: ChargeId
    cents: int


def goal_returned(pledge: Pledge) -> int:
    """Return the part of what counted toward the goal that is not with us any more.

    In proportion to the whole sum, halves up: all of it when all went back, however many
    parts that was, and never more.
    """
    goal, total = pledge.price.goal_cents, pledge.price.total_cents
    returned = min(pledge.returned_cents, total)
    return (2 * goal * returned + total) // (2 * total)


def fees(told: FeesKnown, pledges: Sequence[Pledge]) -> list[Money]:
    """Return what each pledge of a charge brought, and its part of Stripe's fee."""
    totals = [each.price.total_cents for each in pledges]
    gross, fee = split(told.gross_cents, totals), split(told.fee_cents, totals)
    source = told.balance_transaction_id
    return [
        *_moved(pledges, "gross", source, told.charge_id, gross),
        *_moved(pledges, "fee", source, told.charge_id, [-each for each in fee]),
    ]


def refund(told: Refunded, pledges: Sequence[Pledge], before: Sequence[Money]) -> list[Money]:
    """Return what a refund takes from each pledge, or gives it again when it failed.

    One pledge's refund is its own as far as it has something left: what went back of the
    whole charge before is shared, in proportion to what each has left, and so is the rest.
    """
    if told.state == "failed":
        return [
            msgspec.structs.replace(each, kind="refund_failed", cents=-each.cents)
            for each in before
            if each.kind == "refund" and each.source == told.refund_id
        ]
    meant = [each for each in pledges if told.pledge_id in (None, each.pledge_id)]
    if not meant:
        raise LedgerFault(f"{told.refund_id} is of {told.pledge_id}, which it did not pay for")
    left = {
        each.pledge_id: max(0, each.price.total_cents - each.returned_cents) for each in pledges
    }
    own = {each.pledge_id: left.pop(each.pledge_id) for each in meant}
    if told.amount_cents > sum(own.values()) + sum(left.values()):
        # A bank has withdrawn it as well: what is back twice is so for whom it was meant.
        own, left = {each.pledge_id: each.price.total_cents for each in meant}, {}
        shares = _shared(told.amount_cents, own)
    else:
        of_own = min(told.amount_cents, sum(own.values()))
        shares = _shared(of_own, own) | _shared(told.amount_cents - of_own, left)
    cents = [-shares.get(each.pledge_id, 0) for each in pledges]
    return _moved(pledges, "refund", told.refund_id, told.charge_id, cents)


def dispute(told: Disputed, pledges: Sequence[Pledge], before: Sequence[Money]) -> list[Money]:
    """Return what a dispute, as it stands now, moves besides what it has moved before."""
    totals = [each.price.total_cents for each in pledges]
    source = f"{told.dispute_id}:{told.version}"
    found: list[Money] = []
    kinds: Mapping[MoneyKind, int] = {
        "dispute": told.withdrawn_cents,
        "dispute_fee": told.dispute_fee_cents,
    }
    for kind, now in kinds.items():
        wanted = split(now, totals)
        moved = [
            -cents - _known(before, each.pledge_id, kind, told.dispute_id)
            for each, cents in zip(pledges, wanted, strict=True)
        ]
        found += _moved(pledges, kind, source, told.charge_id, moved)
    return found


def take(
    pledge: Pledge,
    moved: Sequence[Money],
    entry_type: EntryType,
    cause: str,
    *,
    now: datetime,
) -> Change | None:
    """Return the pledge after money of its charge moved; None when none of it did.

    Collected changes, pledged never. Stripe's own fees are nobody's gift: they move nothing here.
    """
    mine = [each for each in moved if each.pledge_id == pledge.pledge_id]
    gone = -sum(each.cents for each in mine if each.kind != "dispute_fee")
    if gone == 0:
        return None
    changed = msgspec.structs.replace(
        pledge,
        revision=pledge.revision + 1,
        updated_at=now,
        returned_cents=Cents(pledge.returned_cents + gone),
    )
    returned = goal_returned(changed) - goal_returned(pledge)
    delta = Figures(collected_cents=-returned, returned_cents=returned)
    entry = entry_of(changed, entry_type, cause, delta, now=now)
    return Change(
        pledge=changed,
        entry=msgspec.structs.replace(entry, charge_id=pledge.charge_id, moved_cents=Cents(gone)),
    )


def _shared(cents: int, left: Mapping[PledgeId, int]) -> dict[PledgeId, int]:
    return dict(zip(left, split(cents, list(left.values())), strict=True)) if cents else {}


def _known(before: Sequence[Money], pledge_id: PledgeId, kind: MoneyKind, dispute_id: str) -> int:
    return sum(
        each.cents
        for each in before
        if (each.pledge_id, each.kind) == (pledge_id, kind)
        and each.source.rpartition(":")[0] == dispute_id
    )


def _moved(
    pledges: Sequence[Pledge],
    kind: MoneyKind,
    source: str,
    charge_id: ChargeId,
    cents: Sequence[int],
) -> list[Money]:
    return [
        Money(pledge_id=each.pledge_id, kind=kind, source=source, charge_id=charge_id, cents=share)
        for each, share in zip(pledges, cents, strict=True)
        if share
    ]

"""What we hold against what Stripe holds: where they differ is a break. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec

BreakKind = Literal[
    "missing_at_stripe", "missing_here", "other_sum", "other_status", "other_refunds"
]


class OurCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as we have it. `refunded_cents` is what went back and did not come back."""

    charge_id: str
    campaign: str
    payment_intent_id: str | None
    status: str
    amount_cents: int
    currency: str
    refunded_cents: int


class TheirIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A PaymentIntent of ours as Stripe has it; `charge_id` is our note on it."""

    payment_intent_id: str
    charge_id: str
    campaign: str
    status: str
    amount_cents: int
    currency: str
    refunded_cents: int
    is_disputed: bool


class Break(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One place where the two do not agree, in words an operator can act upon."""

    kind: BreakKind
    subject: str
    campaign_slug: str
    ours: str
    theirs: str


def breaks(ours: Iterable[OurCharge], theirs: Iterable[TheirIntent]) -> list[Break]:
    """Return every difference between the two, the same ones in whatever order they come.

    A charge that never got as far as a PaymentIntent, and a PaymentIntent on which nothing
    succeeded, agree with everything but each other's sums.
    """
    at_stripe = {intent.payment_intent_id: intent for intent in theirs}
    found: list[Break] = []
    seen: set[str] = set()
    for charge in ours:
        intent = at_stripe.get(charge.payment_intent_id or "")
        if intent is None:
            if charge.payment_intent_id is not None:
                found.append(_missing_at_stripe(charge))
            continue
        seen.add(intent.payment_intent_id)
        found += _differences(charge, intent)
    found += [
        _missing_here(intent)
        for intent in at_stripe.values()
        if intent.payment_intent_id not in seen and intent.status == "succeeded"
    ]
    return sorted(found, key=lambda each: (each.kind, each.subject))


def confirmed(first: Iterable[Break], again: Iterable[Break]) -> list[Break]:
    """Return the breaks that both looks found: what moved meanwhile is none."""
    kept = {(each.kind, each.subject, each.ours, each.theirs) for each in again}
    return [each for each in first if (each.kind, each.subject, each.ours, each.theirs) in kept]


def _differences(charge: OurCharge, intent: TheirIntent) -> list[Break]:
    found: list[Break] = []
    sums = (
        f"{charge.amount_cents} {charge.currency}",
        f"{intent.amount_cents} {intent.currency}",
    )
    if sums[0] != sums[1]:
        found.append(_break("other_sum", charge, *sums))
    if (charge.status == "succeeded") != (intent.status == "succeeded"):
        found.append(_break("other_status", charge, charge.status, intent.status))
    elif charge.refunded_cents != intent.refunded_cents:
        found.append(
            _break("other_refunds", charge, str(charge.refunded_cents), str(intent.refunded_cents))
        )
    return found


def _missing_at_stripe(charge: OurCharge) -> Break:
    return _break("missing_at_stripe", charge, charge.payment_intent_id or "", "")


def _missing_here(intent: TheirIntent) -> Break:
    return Break(
        kind="missing_here",
        subject=intent.payment_intent_id,
        campaign_slug=intent.campaign,
        ours="",
        theirs=f"{intent.amount_cents} {intent.currency} for {intent.charge_id}",
    )


def _break(kind: BreakKind, charge: OurCharge, ours: str, theirs: str) -> Break:
    return Break(
        kind=kind,
        subject=charge.charge_id,
        campaign_slug=charge.campaign,
        ours=ours,
        theirs=theirs,
    )

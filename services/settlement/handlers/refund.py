"""Give money back: what an operator asks for becomes rows, and each row one refund."""

import hashlib
from datetime import timedelta
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain.money_back import (
    Away,
    Lost,
    Made,
    RefundOutcome,
    RefundRow,
    Refused,
    refund_parameters,
    retry_seconds,
)
from services.settlement.domain.refund_plan import (
    LeftOut,
    PlannedRefund,
    Refundable,
    RefundPlan,
    Wanted,
    plan_of,
    plan_refunds,
)
from services.settlement.handlers.adopt_refunds import adopt_refund
from services.settlement.queries import campaigns, copies, refund_runs, refund_sending, refunds

log = telemetry.logger(__name__)

AT_ONCE = 20


class RefundAnswer(RefundPlan, frozen=True, kw_only=True, rename="camel"):
    """The plan, and what is being done about it. `status` of a campaign's refund as a whole."""

    request_id: str
    status: Literal["planned", "asked", "refunding", "ended"]


class RefundState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a campaign's refunds stand: by Stripe's word, in refunds and in cents."""

    campaign_slug: CampaignSlug
    is_refunding: bool
    has_ended: bool
    refunds: dict[str, int]
    amounts: dict[str, int]
    open_charges: int


async def preview_refund(conn: Connection, wanted: Wanted) -> RefundAnswer:
    """Return what would go back; nothing is asked of Stripe."""
    plan = await _plan(conn, wanted)
    return _answer(plan, "", "planned")


async def request_refund(
    conn: Connection, wanted: Wanted, *, key: str, reason: str, plan_hash: str | None
) -> RefundAnswer:
    """Write what is to go back, in one transaction; loops do the rest.

    The same key again answers what the first did, and refuses to be about anything else. A
    campaign's refund begins by ending all attempts to charge it; who is charged late all the
    same is refunded by the same run.
    """
    await _known(conn, wanted.campaign)
    request_id = request_of(key, wanted)
    # Before anything is counted: whoever asks twice at once waits here for the first.
    if not await refunds.insert_request(conn, request_id, wanted, reason):
        return await _answer_again(conn, wanted, request_id)
    plan = await _plan(conn, wanted)
    if plan_hash is not None and plan_hash != plan.plan_hash:
        raise StateRefused("stale_plan", "What would be refunded has changed. Look again.")
    if wanted.is_everybody:
        if not await refund_runs.begin(conn, wanted.campaign, request_id):
            raise StateRefused("refunding", "This campaign's money is being given back already.")
        log.warning("campaign_refund_begun", campaign=wanted.campaign)
    elif plan.refunds:
        for each in plan.refunds:
            await write_refund(conn, each, wanted, request_id)
    else:
        why = plan.left_out[0].reason if plan.left_out else "nothing_charged"
        raise StateRefused(why, "There is nothing to give back of that.")
    return _answer(plan, request_id, await _status(conn, wanted))


async def write_refund(
    conn: Connection, planned: PlannedRefund, wanted: Wanted, request_id: str
) -> None:
    """Write one refund, its room taken and its parameters fixed, before it is sent."""
    paid = await refunds.find_paid(conn, planned.charge_id)
    number = await refunds.take_room(conn, paid, planned.amount)
    assert number is not None, "the room was counted under the same lock"
    refund_id = f"rf_{telemetry.new_id()}"
    await refunds.insert_refund(
        conn,
        refund_id,
        paid,
        number,
        planned.amount,
        request_id=request_id,
        pledge_id=wanted.pledge_id,
        parameters=refund_parameters(paid, refund_id, planned.amount),
    )


async def read_refunds(conn: Connection, slug: CampaignSlug) -> RefundState:
    """Return how the refunds of a campaign stand."""
    await _known(conn, slug)
    run = await refund_runs.find(conn, slug)
    counts = await refunds.count(conn, slug)
    return RefundState(
        campaign_slug=slug,
        is_refunding=run is not None,
        has_ended=run is not None and run.ended_at is not None,
        refunds={each.status: each.refunds for each in counts},
        amounts={each.status: each.cents for each in counts},
        open_charges=0 if run is None else await refund_runs.count_open(conn, slug),
    )


async def record_refund(conn: Connection, row: RefundRow, outcome: RefundOutcome) -> None:
    """Write what became of a refund that was asked for, or when to ask again."""
    wait = timedelta(seconds=retry_seconds(row.tries))
    match outcome:
        case Made(refund=refund):
            paid = await refunds.find_paid(conn, row.charge_id)
            await adopt_refund(conn, paid, refund)
        case Refused(code=code):
            if await refund_sending.refuse(conn, row, code):
                amount = int(row.parameters["amount"])
                await refunds.give_room(conn, row.charge_id, amount)
            log.error("refund_refused", refund=row.refund_id, because=code)
        case Lost(is_key_spent=is_spent):
            await refund_sending.postpone(conn, row, wait, was_sent=True, is_key_spent=is_spent)
        case Away():
            await refund_sending.postpone(conn, row, wait, was_sent=False, is_key_spent=False)


def request_of(key: str, wanted: Wanted) -> str:
    """Return the id of a request: the same key for the same campaign is the same request."""
    if not key:
        return f"rq_{telemetry.new_id()}"
    digest = hashlib.sha256(f"{wanted.campaign}\n{key}".encode()).hexdigest()
    return f"rq_{digest[:32]}"


async def _answer_again(conn: Connection, wanted: Wanted, request_id: str) -> RefundAnswer:
    """Return what was written under the key, and what a campaign's run has still to write."""
    asked = await refunds.find_request(conn, request_id)
    if asked.wanted != wanted:
        raise StateRefused("conflict", "This key was used for another refund.")
    planned = await refunds.list_planned(conn, request_id)
    left_out: tuple[LeftOut, ...] = ()
    if wanted.is_everybody:
        rest = plan_refunds(wanted, await refunds.lock_refundable(conn, wanted, besides=request_id))
        planned, left_out = [*planned, *rest.refunds], rest.left_out
    plan = plan_of(wanted, planned, left_out)
    return _answer(plan, request_id, await _status(conn, wanted))


async def _plan(conn: Connection, wanted: Wanted) -> RefundPlan:
    await _known(conn, wanted.campaign)
    found: list[Refundable] = await refunds.lock_refundable(conn, wanted)
    if not found and not wanted.is_everybody:
        raise NotFound("nothing_charged", "Nothing was charged for that.")
    return plan_refunds(wanted, found)


async def _status(
    conn: Connection, wanted: Wanted
) -> Literal["planned", "asked", "refunding", "ended"]:
    if not wanted.is_everybody:
        return "asked"
    run = await refund_runs.find(conn, wanted.campaign)
    return "ended" if run is not None and run.ended_at is not None else "refunding"


def _answer(
    plan: RefundPlan, request_id: str, status: Literal["planned", "asked", "refunding", "ended"]
) -> RefundAnswer:
    return RefundAnswer(**msgspec.structs.asdict(plan), request_id=request_id, status=status)


async def _known(conn: Connection, slug: CampaignSlug) -> None:
    """Refuse what is no campaign, or one whose money was never asked for."""
    if await copies.find_closing(conn, slug) is not None:
        return
    if await campaigns.find_campaign(conn, slug) is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    raise StateRefused("not_closed", "This campaign is not closed yet.")

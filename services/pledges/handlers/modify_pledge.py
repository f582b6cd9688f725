"""Change a pledge before its deadline: proposed here, priced and held by checkout, committed here.

Nothing is locked while checkout is asked. A proposal that does not come to its commit is
abandoned: at once where we know, else by the sweeper, and by the close in any case.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence

import msgspec

from contracts.events.pledges import PledgeModified
from contracts.ids import CampaignSlug, PledgeId
from contracts.magic_link import MagicLink
from contracts.pricing import PricedPledge
from contracts.quoting import QUOTE_SECONDS, QuoteAnswer, QuoteRevision, RevisionRefused
from contracts.refusals import InputRefused, Refusal, StateRefused, Unavailable
from contracts.subjects import QUOTE
from services.chassis import crash, outbox, telemetry
from services.chassis.bus import Bus
from services.chassis.database import Connection, Pool, transaction
from services.pledges import domain, erasing, revising
from services.pledges.bodies import ModifyRequest
from services.pledges.figures import Figures
from services.pledges.handlers.change_totals import change_totals
from services.pledges.handlers.open_link import no_such_pledge
from services.pledges.handlers.read_pledge import read_pledge
from services.pledges.pledge import Campaign, Change, Pledge
from services.pledges.queries import campaigns, ledger, proposals, revisions
from services.pledges.queries.proposals import AbandonReason
from services.pledges.record import PledgeRecord

log = telemetry.logger(__name__)

KEY_LENGTH_MAX = 255
# How long a request waits for the same one that is under way: longer than checkout is asked,
# so short that whoever waits still gets an answer of their own after it.
WAIT_SECONDS = 6.0
LOOK_SECONDS = 0.1

Questions = tuple[QuoteRevision, ...]


class Answered(Refusal):
    """Checkout's own refusal, handed on as it is."""

    def __init__(self, refused: RevisionRefused) -> None:
        super().__init__(refused.reason, refused.message, fields=refused.fields, **refused.extra)
        self.status = refused.status


async def modify_pledge(
    pool: Pool, bus: Bus, link: MagicLink, asked: ModifyRequest, *, key: str | None
) -> PledgeRecord:
    """Change the link's pledge, and the tip of all pledges of its checkout, or refuse."""
    domain.require_own(link, asked.order_id)
    revising.require_tip(asked)
    if key is not None and not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise InputRefused("invalid_input", "The Idempotency-Key is too long.")
    questions = await _proposed(pool, link, asked, key)
    if not questions:
        # This very change was made before: as it stands now is the answer.
        async with transaction(pool) as conn:
            return await read_pledge(conn, link)
    crash.point("pledges.proposed")
    try:
        priced = await ask(bus, questions)
        crash.point("pledges.revision_quoted")
        async with transaction(pool) as conn:
            record = await _commit(conn, link, questions, priced)
    except Unavailable:
        await _abandon(pool, questions, "timed_out")
        raise
    except Refusal:
        await _abandon(pool, questions, "refused")
        raise
    crash.point("pledges.modified")
    return record


async def ask(bus: Bus, questions: Questions) -> tuple[PricedPledge, ...]:
    """Return what checkout says about each question, or raise its refusal."""
    answers = await asyncio.gather(*(_answer(bus, each) for each in questions))
    refused = [each for each in answers if isinstance(each, RevisionRefused)]
    if refused:
        raise Answered(refused[0])
    return tuple(each.pledge for each in answers if not isinstance(each, RevisionRefused))


async def _answer(bus: Bus, question: QuoteRevision) -> QuoteAnswer:
    raw = await bus.ask(QUOTE, msgspec.json.encode(question), within_seconds=QUOTE_SECONDS)
    if raw is None:
        raise Unavailable(
            "changes_away",
            "Changes cannot be saved at the moment. Nothing was changed; cancelling works.",
        )
    answer: QuoteAnswer = msgspec.json.decode(raw, type=QuoteAnswer)
    if isinstance(answer, RevisionRefused) and answer.status == Unavailable.status:
        raise Unavailable(answer.reason, answer.message)
    return answer


async def _proposed(
    pool: Pool, link: MagicLink, asked: ModifyRequest, key: str | None
) -> Questions:
    """Write down what shall be, after the same request that is under way, if there is one.

    A person who presses twice sends the second before the first is answered. One that never
    comes to its end, because its process died, is taken over.
    """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        has_waited = time.monotonic() >= until
        async with transaction(pool) as conn:
            questions = await _propose(conn, link, asked, key, takes_over=has_waited)
        if questions is not None:
            return questions
        assert key is not None, "only what has a key is known again"
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            async with transaction(pool) as conn:
                if not await proposals.is_under_way(conn, link.order_id, digest(key)):
                    break


async def _propose(
    conn: Connection, link: MagicLink, asked: ModifyRequest, key: str | None, *, takes_over: bool
) -> Questions | None:
    """Write down what shall be; nothing when it has been done under this key before.

    None while it is being done under it, unless that is to be taken over.
    """
    linked = await proposals.list_linked(conn, link.order_id)
    held = await campaigns.lock_campaigns_shared(conn, sorted(set(linked.values())))
    now = await ledger.lock_pledges(conn, sorted(linked))
    if now is None:
        raise no_such_pledge()
    pledges = await ledger.list_pledges(conn, sorted(linked))
    own = next(each for each in pledges if each.pledge_id == link.order_id)
    if erasing.is_erased(own):
        raise no_such_pledge()
    domain.require_holder(own, link)
    named = digest(key) if key is not None else None
    wanted = digest(msgspec.json.encode(msgspec.structs.replace(asked, token="")).decode())
    if named is not None and await _was_made(conn, own.pledge_id, named, wanted):
        return ()
    if named is not None and not takes_over and await _is_being_made(conn, own, named, wanted):
        return None
    domain.require_changeable(own, held.campaigns[own.campaign], now=now)
    revising.require_revision(own, asked)
    changing = [own] + [
        each
        for each in pledges
        if each.pledge_id != own.pledge_id
        and revising.is_tipped_along(
            each, held.campaigns[each.campaign], asked.tip_percent, now=now
        )
    ]
    await proposals.abandon_earlier(conn, [each.pledge_id for each in changing])
    questions = tuple([await _question(conn, each, own, asked) for each in changing])
    if len(questions) == 1:
        revising.require_news(own, questions[0])
    await _write_down(conn, questions, own, named, wanted)
    return questions


async def _write_down(
    conn: Connection, questions: Questions, own: Pledge, named: str | None, wanted: str
) -> None:
    """Write the proposals down; the one of the link's own pledge under the request's name."""
    for each in questions:
        is_own = each.pledge_id == own.pledge_id
        await proposals.insert_proposal(
            conn, each, idempotency_hash=named if is_own else None, request_hash=wanted
        )


async def _question(
    conn: Connection, pledge: Pledge, own: Pledge, asked: ModifyRequest
) -> QuoteRevision:
    number = await proposals.next_number(conn, pledge.pledge_id, pledge.revision + 1)
    is_own = pledge.pledge_id == own.pledge_id
    return revising.question_about(pledge, asked, is_own=is_own, proposal=number)


async def _was_made(conn: Connection, pledge_id: PledgeId, named: str, wanted: str) -> bool:
    made = await proposals.find_committed(conn, pledge_id, named)
    if made is not None and made.request_hash != wanted:
        raise _used_before()
    return made is not None


async def _is_being_made(conn: Connection, own: Pledge, named: str, wanted: str) -> bool:
    hashes = await proposals.list_under_way(conn, own.pledge_id, named)
    if any(each != wanted for each in hashes):
        raise _used_before()
    return bool(hashes)


def _used_before() -> StateRefused:
    return StateRefused("conflict", "This Idempotency-Key was used for another change.")


async def _commit(
    conn: Connection, link: MagicLink, questions: Questions, priced: Sequence[PricedPledge]
) -> PledgeRecord:
    """Write all pledges of the change, their lines of history, events and totals, or nothing."""
    ids = sorted(each.pledge_id for each in questions)
    slugs: list[CampaignSlug] = sorted({each.campaign for each in questions})
    held = await campaigns.lock_campaigns_shared(conn, slugs)
    now = await ledger.lock_pledges(conn, ids)
    if now is None:
        raise no_such_pledge()
    before = {each.pledge_id: each for each in await ledger.list_pledges(conn, ids)}
    changes = [
        revising.modify(before[one.pledge_id], _of(held.campaigns, one), one, price, now=now)
        for one, price in zip(questions, priced, strict=True)
    ]
    for question in questions:
        if not await proposals.mark_committed(conn, question):
            raise revising.changed_meanwhile(before[question.pledge_id])
    await ledger.save_changes(conn, changes)
    await revisions.save_contents(conn, [each.pledge for each in changes])
    await outbox.append_all(
        conn,
        [
            _modified(change, before[one.pledge_id], one)
            for change, one in zip(changes, questions, strict=True)
        ],
    )
    record = await read_pledge(conn, link)
    for slug in slugs:
        changed = [each for each in changes if each.pledge.campaign == slug]
        await change_totals(
            conn,
            slug,
            sum((each.for_totals for each in changed), Figures()),
            pledge_ids=[each.pledge.pledge_id for each in changed],
            now=now,
        )
    return record


def _of(known: dict[CampaignSlug, Campaign], question: QuoteRevision) -> Campaign:
    return known[question.campaign]


def _modified(change: Change, before: Pledge, question: QuoteRevision) -> outbox.Entry:
    pledge = change.pledge
    event = PledgeModified(
        event_id=outbox.new_event_id(),
        occurred_at=change.entry.recorded_at,
        pledge=domain.snapshot(pledge),
        proposal=question.proposal,
        previous=before.price,
    )
    return outbox.Entry(
        event=event, key=pledge.campaign, aggregate=pledge.pledge_id, version=pledge.revision
    )


async def _abandon(pool: Pool, questions: Questions, reason: AbandonReason) -> None:
    async with transaction(pool) as conn:
        await proposals.abandon(conn, questions, reason=reason)


def digest(text: str) -> str:
    """Return what a key or a request is remembered by."""
    return hashlib.sha256(text.encode()).hexdigest()

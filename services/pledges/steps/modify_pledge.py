"""Change a pledge before its deadline: proposed here, priced by checkout, committed here.

Nothing is locked while checkout is asked. A proposal that does not come to its commit is
abandoned: at once where we know, else by the sweeper, and by the close in any case.
"""

import asyncio
import time

import msgspec

from contracts.api.pledges import PledgeRecord
from contracts.magic_link import MagicLink
from contracts.pricing import PricedPledge
from contracts.quoting import QUOTE_SECONDS, QuoteAnswer, QuoteRevision, RevisionRefused
from contracts.refusals import InputRefused, Refusal, Unavailable
from contracts.subjects import QUOTE
from services.chassis.events.bus import Bus
from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.pledges.domain import pledging, revising
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.handlers.commit_change import commit_change
from services.pledges.handlers.propose_change import Questions, digest, propose
from services.pledges.handlers.read_pledge import read_pledge
from services.pledges.queries import proposals
from services.pledges.queries.proposals import AbandonReason

KEY_LENGTH_MAX = 255
# How long a request waits for the same one that is under way: longer than checkout is asked,
# so short that whoever waits still gets an answer of their own after it.
WAIT_SECONDS = 6.0
LOOK_SECONDS = 0.1


class Answered(Refusal):
    """Checkout's own refusal, handed on as it is."""

    def __init__(self, refused: RevisionRefused) -> None:
        super().__init__(refused.reason, refused.message, fields=refused.fields, **refused.extra)
        self.status = refused.status


async def modify_pledge(
    pool: Pool, bus: Bus, link: MagicLink, asked: ModifyRequest, *, key: str | None
) -> PledgeRecord:
    """Change the link's pledge, and the tip of all pledges of its checkout, or refuse."""
    pledging.require_own(link, asked.order_id)
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
            record = await commit_change(conn, link, questions, priced)
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
            questions = await propose(conn, link, asked, key, takes_over=has_waited)
        if questions is not None:
            return questions
        assert key is not None, "only what has a key is known again"
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            async with transaction(pool) as conn:
                if not await proposals.is_under_way(conn, link.pledge_id, digest(key)):
                    break


async def _abandon(pool: Pool, questions: Questions, reason: AbandonReason) -> None:
    async with transaction(pool) as conn:
        await proposals.abandon(conn, questions, reason=reason)

"""Write down what a pledge shall be, before checkout is asked what it costs."""

import hashlib

import msgspec

from contracts.ids import PledgeId
from contracts.magic_link import MagicLink, no_such_pledge
from contracts.quoting import QuoteRevision
from contracts.refusals import StateRefused
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging, revising
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.domain.pledge import Pledge
from services.pledges.queries import campaigns, ledger, proposals

Questions = tuple[QuoteRevision, ...]


async def propose(
    conn: Connection, link: MagicLink, asked: ModifyRequest, key: str | None, *, takes_over: bool
) -> Questions | None:
    """Write down what shall be; nothing when it has been done under this key before.

    None while it is being done under it, unless that is to be taken over.
    """
    linked = await proposals.list_linked(conn, link.pledge_id)
    held = await campaigns.lock_campaigns_shared(conn, sorted(set(linked.values())))
    now = await ledger.lock_pledges(conn, sorted(linked))
    if now is None:
        raise no_such_pledge()
    pledges = await ledger.list_pledges(conn, sorted(linked))
    own = next(each for each in pledges if each.pledge_id == link.pledge_id)
    if erasing.is_erased(own):
        raise no_such_pledge()
    pledging.require_holder(own, link)
    named = digest(key) if key is not None else None
    wanted = digest(msgspec.json.encode(msgspec.structs.replace(asked, token="")).decode())
    if named is not None and await _was_made(conn, own.pledge_id, named, wanted):
        return ()
    if named is not None and not takes_over and await _is_being_made(conn, own, named, wanted):
        return None
    pledging.require_changeable(own, held.campaigns[own.campaign], now=now)
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


def digest(text: str) -> str:
    """Return what a key or a request is remembered by."""
    return hashlib.sha256(text.encode()).hexdigest()

"""Answer the ledger's question: price a proposed revision, and hold what it adds.

The same question again gets the same answer and holds nothing more. A proposal that was
abandoned before its question came is refused; whatever is refused holds nothing.
"""

import hashlib

import msgspec

from contracts.ids import PledgeId
from contracts.pricing import PricedPledge
from contracts.quoting import QuoteAnswer, QuoteRevision, RevisionQuoted, RevisionRefused
from contracts.refusals import NotFound, Refusal, StateRefused
from services.chassis.database import BUSY, Connection, Pool, transaction
from services.checkout.cart import KnownCampaign
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.hold_units import (
    hold_things,
    limited_of,
    reserve_all,
    reserved_by,
)
from services.checkout.pricing import price, tip_percent_of
from services.checkout.queries import campaigns, orders, reservations, revisions
from services.checkout.queries.reservations import Proposals
from services.checkout.revising import revised
from services.checkout.stock import increase, units_in


async def answer_question(pool: Pool, question: bytes) -> bytes:
    """Return the answer to a question as it came, a refusal included."""
    asked = msgspec.json.decode(question, type=QuoteRevision)
    return msgspec.json.encode(await answer(pool, asked))


async def answer(pool: Pool, asked: QuoteRevision) -> QuoteAnswer:
    """Return what the revision costs with its units held, or why it cannot be had."""
    try:
        async with transaction(pool) as conn:
            return await quote_revision(conn, asked)
    except Refusal as exc:
        return RevisionRefused(
            status=exc.status,
            reason=exc.reason,
            message=exc.message,
            fields=exc.fields,
            extra=exc.extra,
        )
    except BUSY:
        return RevisionRefused(
            status=503, reason="busy", message="We are busy for a moment: try again."
        )


async def quote_revision(conn: Connection, asked: QuoteRevision) -> RevisionQuoted:
    """Price and hold one proposal, under its order's lock."""
    if await orders.lock_order(conn, asked.order_id) is None:
        raise NotFound("pledge_not_found", "There is no such pledge.")
    await _require_current(conn, asked)
    digest = hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
    known = await revisions.find_proposed(
        conn, asked.order_id, asked.campaign, asked.revision, asked.proposal
    )
    if known is not None:
        if known.state == "abandoned" or known.answer is None:
            raise _over()
        if known.request_hash != digest:
            raise StateRefused("conflict", "This proposal was another one before.")
        return known.answer
    quoted = RevisionQuoted(pledge=await _priced(conn, asked))
    await revisions.insert_held(conn, asked, quoted, request_hash=digest)
    await _hold(conn, asked, quoted.pledge)
    return quoted


async def _require_current(conn: Connection, asked: QuoteRevision) -> None:
    """Refuse what the ledger has already decided about, as far as we have heard."""
    standing = await revisions.find_standing(conn, asked.order_id, asked.campaign)
    if standing is None or standing.state not in ("completed", "persisted"):
        raise NotFound("pledge_not_found", "There is no such pledge.")
    if standing.is_cancelled:
        raise StateRefused("pledge_cancelled", "This pledge was cancelled before.")
    if asked.revision <= standing.revision:
        raise _over()


async def _priced(conn: Connection, asked: QuoteRevision) -> PricedPledge:
    """Price the revision, with the doors held that must be before any stock."""
    known = await campaigns.lock_campaigns(conn, [asked.campaign])
    has_add_ons = any(each.kind == "add_on" for each in asked.wanted)
    platform = await campaigns.platform(conn, is_held=has_add_ons)
    campaign: KnownCampaign = known[asked.campaign]
    lines = revised(campaign, platform, current=asked.current, wanted=asked.wanted)
    costs = price(
        lines,
        definition=campaign.definition,
        platform=platform,
        tip_percent=tip_percent_of(asked.tip_percent, platform),
    )
    if asked.expected_cents not in (None, costs.total_cents):
        raise StateRefused(
            "price_changed",
            "The price has changed. Please look at it again.",
            amount=costs.total_cents,
        )
    return PricedPledge(
        pledge_id=PledgeId(asked.pledge_id),
        campaign=asked.campaign,
        definition_version=campaign.definition.version,
        lines=lines,
        price=costs,
        currency=campaign.definition.currency,
    )


async def _hold(conn: Connection, asked: QuoteRevision, priced: PricedPledge) -> None:
    """Hold what the revision has more than the pledge has now, limited or not.

    What earlier tries of it hold is free before: the ledger asks anew, so they are over,
    though the news of that may still be on its way. All rows are locked first, and stock
    is announced last: the other way round two of us could wait for each other.
    """
    slug, order_id = asked.campaign, asked.order_id
    earlier = Proposals(asked.revision, 1, asked.proposal - 1)
    given_up = await reserved_by(conn, order_id, slug, earlier)
    added = increase(units_in(slug, asked.current), units_in(slug, priced.lines))
    things = {each.thing for each in added} | given_up
    await hold_things(conn, [slug], things)
    await revisions.abandon_earlier(conn, order_id, slug, asked.revision, asked.proposal)
    await reservations.release(conn, order_id, [slug], earlier)
    await reservations.insert_reserved(
        conn, order_id, added, revision=asked.revision, proposal=asked.proposal
    )
    await reserve_all(conn, await limited_of(conn, added))
    shelves = {thing.shelf for thing in things}
    await announce_stock(conn, shelves, now=await campaigns.now(conn))


def _over() -> StateRefused:
    return StateRefused("conflict", "This revision was decided before. Look at the pledge again.")

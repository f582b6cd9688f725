"""Answer the ledger's question: price a proposed revision, and hold what it adds.

The same question again gets the same answer and holds nothing more. A proposal that was
abandoned before its question came is refused; whatever is refused holds nothing.
"""

import hashlib

import msgspec

from contracts.pricing import PricedPledge
from contracts.quoting import QuoteRevision, RevisionQuoted
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import Connection
from services.checkout.domain.bodies import require_address
from services.checkout.domain.cart import KnownCampaign
from services.checkout.domain.pricing import has_physical, price, tip_percent_of
from services.checkout.domain.revising import revised
from services.checkout.domain.shipping import Delivery
from services.checkout.domain.stock import increase, units_in
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.lock_stock import lock_stock
from services.checkout.handlers.price_cart import PricedCart, require_known_price, require_posted_to
from services.checkout.handlers.reserve_units import limited_of, reserve_all, reserved_by
from services.checkout.queries import campaigns, orders, reservations, revisions
from services.checkout.queries.reservations import Proposals
from services.checkout.queries.revisions import Proposed


async def quote_revision(
    conn: Connection, asked: QuoteRevision, delivery: Delivery
) -> RevisionQuoted:
    """Price and hold one proposal, under its order's lock."""
    if await orders.lock_order(conn, asked.order_id) is None:
        raise NotFound("pledge_not_found", "There is no such pledge.")
    await _require_current(conn, asked)
    digest = hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
    known = await find_proposed(conn, asked)
    if known is not None:
        return _again(known, digest)
    priced = await price_revision(conn, asked, delivery, is_locked=True)
    (pledge,) = priced.pledges
    _require_sendable(asked, priced)
    quoted = RevisionQuoted(pledge=pledge)
    await revisions.insert_quoted(conn, asked, quoted, request_hash=digest)
    await _hold(conn, asked, quoted.pledge)
    return quoted


async def preview_revision(
    conn: Connection, asked: QuoteRevision, delivery: Delivery
) -> RevisionQuoted:
    """Price a revision for somebody who is still looking: nothing is held or written."""
    await _require_current(conn, asked)
    priced = await price_revision(conn, asked, delivery, is_locked=False)
    _require_sendable(asked, priced)
    return RevisionQuoted(pledge=priced.pledges[0])


def _again(known: Proposed, digest: str) -> RevisionQuoted:
    """Return the answer that was given before, if it is still good for this question."""
    if known.state == "abandoned" or known.answer is None:
        raise _over()
    if known.request_hash != digest:
        raise StateRefused("conflict", "This proposal was another one before.")
    return known.answer


async def _require_current(conn: Connection, asked: QuoteRevision) -> None:
    """Refuse what the ledger has already decided about, as far as we have heard."""
    standing = await revisions.find_standing(conn, asked.order_id, asked.campaign)
    if standing is None or standing.state not in ("completed", "persisted"):
        raise NotFound("pledge_not_found", "There is no such pledge.")
    if standing.is_cancelled:
        raise StateRefused("pledge_cancelled", "This pledge was cancelled before.")
    if asked.revision <= standing.revision:
        raise _over()


async def find_proposed(conn: Connection, asked: QuoteRevision) -> Proposed | None:
    """Return the proposal a question is about, if it was heard of before."""
    return await revisions.find_proposed(
        conn, asked.order_id, asked.campaign, asked.revision, asked.proposal
    )


async def price_revision(
    conn: Connection, asked: QuoteRevision, delivery: Delivery, *, is_locked: bool
) -> PricedCart:
    """Price the revision. With `is_locked` the doors are locked that must be before any stock."""
    read = campaigns.lock_campaigns if is_locked else campaigns.find_campaigns
    known = await read(conn, [asked.campaign])
    has_add_ons = any(each.kind == "add_on" for each in asked.wanted)
    platform = await campaigns.platform(conn, is_locked=is_locked and has_add_ons)
    campaign: KnownCampaign = known[asked.campaign]
    lines = revised(campaign, platform, current=asked.current, wanted=asked.wanted)
    pledge = PricedPledge(
        pledge_id=asked.pledge_id,
        campaign=asked.campaign,
        definition_version=campaign.definition.version,
        lines=lines,
        price=price(
            lines,
            definition=campaign.definition,
            platform=platform,
            tip_percent=tip_percent_of(asked.tip_percent, platform),
            delivery=delivery,
        ),
        currency=campaign.definition.currency,
    )
    return PricedCart(
        pledges=(pledge,), known=known, platform=platform, delivery=delivery, now=campaign.now
    )


def _require_sendable(asked: QuoteRevision, priced: PricedCart) -> None:
    """Refuse what cannot be posted, taxed or charged as the person saw it."""
    is_posted = has_physical(priced.pledges)
    require_address(asked.shipping_address, "shippingAddress", is_posted_to=is_posted)
    require_posted_to(priced.pledges, priced.delivery, priced.platform)
    require_known_price(priced.pledges)
    cents = priced.pledges[0].price.total_cents
    if asked.expected_cents not in (None, cents):
        raise StateRefused(
            "price_changed", "The price has changed. Please look at it again.", amount=cents
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
    await lock_stock(conn, [slug], things)
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

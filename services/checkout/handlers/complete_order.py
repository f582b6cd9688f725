"""A card is saved: claims, and the one event that makes pledges. The only way there.

Webhook, browser, reconciler, drain and operator all end here, under the order's lock.
"""

from datetime import datetime

import msgspec

from contracts.events.checkout import CheckoutCompleted, CheckoutRefused, Consent
from contracts.ids import CampaignSlug, OrderId, SupporterId, canonical_email, supporter_id
from contracts.pricing import PricedPledge
from services.chassis import outbox, telemetry
from services.chassis.database import Connection
from services.checkout.cards import CardOwner, CardUse
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.end_order import free_units
from services.checkout.handlers.hold_units import hold_things
from services.checkout.handlers.keep_cards import keep_card
from services.checkout.orders import (
    DECIDED_BY_CARD,
    UNDECIDED,
    Order,
    RefusedFor,
    SavedCard,
    is_too_late,
)
from services.checkout.queries import campaigns, customers, orders, reservations, shares, stock
from services.checkout.stock import units_of

log = telemetry.logger(__name__)


class _SoldOut(Exception):
    """Takes back what one campaign had claimed afresh before it ran out."""


async def complete_order(conn: Connection, order_id: OrderId, saved: SavedCard) -> None:
    """Turn an order into completed pledges, each campaign by its own rules. Runs once.

    Whoever comes second finds it decided and changes nothing. A campaign whose deadline
    was before the card was saved, or whose units are gone, is refused; the others go on.
    """
    order = await orders.lock_order(conn, order_id)
    assert order is not None, "only recorded orders have sessions"
    if order.status in DECIDED_BY_CARD:
        return
    email = _canonical(order.email or saved.email)
    if email is None:
        # Nobody could be told, and nobody could ever manage such a pledge.
        log.error("completed_without_email", order_id=order_id)
        if order.status in UNDECIDED:
            await orders.mark_status(conn, order_id, "abandoned")
        await free_units(conn, order, now=await campaigns.now(conn))
        nobody = CardOwner(supporter_id=SupporterId(""), email="", language=order.language)
        await keep_card(conn, saved.card, nobody, [], saved_at=saved.completed_at)
        return
    order = msgspec.structs.replace(
        order,
        email=email,
        supporter_id=supporter_id(email),
        # What Stripe's hosted page collected wins over what was typed before.
        shipping_address=saved.address or order.shipping_address,
        completed_at=saved.completed_at,
        session_id=saved.session_id,
    )
    # Before any stock, as a start does: the other way round one person's two orders deadlock.
    await customers.record_customer(conn, supporter_id(email), email, saved.card.customer_id)
    refused = await _claim(conn, order, saved.completed_at)
    await _record(conn, order, saved, refused)


async def _record(
    conn: Connection, order: Order, saved: SavedCard, refused: dict[CampaignSlug, RefusedFor]
) -> None:
    """Write down what was decided, and say it."""
    now = await campaigns.now(conn)
    accepted = [pledge for pledge in order.pledges if pledge.campaign not in refused]
    await orders.mark_completed(conn, order, status="completed" if accepted else "too_late")
    if accepted:
        await shares.mark_completed(conn, order.order_id, [each.campaign for each in accepted])
        event = _completed(order, accepted, saved, now=now)
        await outbox.append(conn, event, key=order.order_id, aggregate=order.order_id, version=1)
    await _say_refused(conn, order, refused, now=now)
    await _keep_card(conn, order, saved, refused)
    shelves = {each.thing.shelf for each in units_of(order.pledges)}
    await announce_stock(conn, shelves, now=now)


async def _keep_card(
    conn: Connection, order: Order, saved: SavedCard, refused: dict[CampaignSlug, RefusedFor]
) -> None:
    """Keep the card for the pledges that were accepted; for none, it is not kept at all."""
    assert order.supporter_id is not None
    owner = CardOwner(
        supporter_id=order.supporter_id, email=order.email or "", language=order.language
    )
    uses = [
        CardUse(
            pledge_id=pledge.pledge_id,
            order_id=order.order_id,
            campaign=pledge.campaign,
            ended_as="refused" if pledge.campaign in refused else None,
        )
        for pledge in order.pledges
    ]
    await keep_card(conn, saved.card, owner, uses, saved_at=saved.completed_at)


async def _claim(
    conn: Connection, order: Order, completed_at: datetime
) -> dict[CampaignSlug, RefusedFor]:
    """Claim what can be had and free the rest; return the campaigns refused, and why."""
    slugs = [pledge.campaign for pledge in order.pledges]
    doors = await hold_things(conn, slugs, [each.thing for each in units_of(order.pledges)])
    refused: dict[CampaignSlug, RefusedFor] = {}
    late = {pledge.campaign for pledge in order.pledges if pledge.is_late}
    for slug in slugs:
        # What was sold after the end is late by design: its door was open for it.
        if slug not in late and is_too_late(doors[slug], completed_at):
            refused[slug] = "deadline_passed"
            continue
        await reservations.claim_reserved(conn, order.order_id, slug)
        try:
            async with conn.transaction():
                await _claim_afresh(conn, order, slug)
        except _SoldOut:
            refused[slug] = "sold_out"
    if refused:
        await reservations.release(conn, order.order_id, list(refused))
    return refused


async def _claim_afresh(conn: Connection, order: Order, slug: CampaignSlug) -> None:
    """Claim units whose reservation was let go before the card came after all."""
    for each in await reservations.list_held(conn, order.order_id):
        if each.campaign == slug and each.state == "released":
            if not await stock.claim(conn, each.units):
                raise _SoldOut
            await reservations.mark_claimed(conn, order.order_id, each.units)


def _completed(
    order: Order, accepted: list[PricedPledge], saved: SavedCard, *, now: datetime
) -> CheckoutCompleted:
    assert order.supporter_id is not None
    assert order.email is not None
    return CheckoutCompleted(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        order_id=order.order_id,
        supporter_id=order.supporter_id,
        email=order.email,
        language=order.language,
        pledges=tuple(accepted),
        card=saved.card,
        completed_at=saved.completed_at,
        consent=_consent(order, saved.completed_at),
        attribution=order.attribution,
        shipping_address=order.shipping_address,
    )


async def _say_refused(
    conn: Connection, order: Order, refused: dict[CampaignSlug, RefusedFor], *, now: datetime
) -> None:
    for number, (slug, reason) in enumerate(sorted(refused.items()), start=2):
        await shares.mark_refused(conn, order.order_id, slug, reason)
        event = CheckoutRefused(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            order_id=order.order_id,
            email=order.email or "",
            language=order.language,
            campaign=slug,
            reason=reason,
        )
        await outbox.append(
            conn, event, key=order.order_id, aggregate=order.order_id, version=number
        )


def _consent(order: Order, given_at: datetime) -> Consent | None:
    """Return what was agreed to: saving the card under the sentence the page showed."""
    shown = order.consent
    if shown is None:
        return None
    return Consent(
        version=shown.version, language=shown.language, given_at=given_at, hash=shown.sha256
    )


def _canonical(email: str | None) -> str | None:
    try:
        return canonical_email(email) if email else None
    except ValueError:
        return None

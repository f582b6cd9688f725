"""A card is saved: claims, and the one event that makes pledges. The only way there.

Webhook, browser, reconciler, drain and operator all end here, under the order's lock.
"""

from datetime import datetime

from contracts.events.checkout import Card, CheckoutCompleted, CheckoutRefused, Consent
from contracts.ids import CampaignSlug, OrderId, canonical_email, supporter_id
from contracts.pricing import Address, PricedPledge
from services.chassis import outbox, telemetry
from services.chassis.database import Connection
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.end_order import free_units
from services.checkout.orders import DECIDED_BY_CARD, Order, RefusedFor, is_too_late
from services.checkout.queries import campaigns, customers, orders, shares, stock
from services.checkout.stock import of_campaign, units_of

log = telemetry.logger(__name__)


class _SoldOut(Exception):
    """Takes back what one campaign had claimed afresh before it ran out."""


async def complete_order(
    conn: Connection,
    order_id: OrderId,
    *,
    session_id: str,
    card: Card,
    email: str | None,
    address: Address | None,
    completed_at: datetime,
) -> None:
    """Turn an order into completed pledges, each campaign by its own rules. Runs once.

    Whoever comes second finds it decided and changes nothing. A campaign whose deadline
    was before `completed_at`, or whose units are gone, is refused; the others go on.
    """
    order = await orders.lock_order(conn, order_id)
    assert order is not None, "only recorded orders have sessions"
    if order.status in DECIDED_BY_CARD:
        return
    address_of_supporter = _canonical(order.email or email)
    if address_of_supporter is None:
        # Nobody could be told, and nobody could ever manage such a pledge.
        log.error("completed_without_email", order_id=order_id)
        await orders.mark_status(conn, order_id, "abandoned")
        await free_units(conn, order, now=await campaigns.now(conn))
        return
    refused = await _claim(conn, order, completed_at)
    # What Stripe's hosted page collected wins over what was typed before.
    posted_to = address or order.shipping_address
    accepted = [pledge for pledge in order.pledges if pledge.campaign not in refused]
    await orders.mark_completed(
        conn,
        order_id,
        status="completed" if accepted else "too_late",
        session_id=session_id,
        completed_at=completed_at,
        supporter_id=supporter_id(address_of_supporter),
        email=address_of_supporter,
        shipping_address=posted_to,
    )
    await customers.record_customer(
        conn, supporter_id(address_of_supporter), address_of_supporter, card.customer_id
    )
    now = await campaigns.now(conn)
    if accepted:
        await shares.mark_completed(conn, order_id, [each.campaign for each in accepted])
        await _say_completed(
            conn,
            order,
            accepted,
            email=address_of_supporter,
            card=card,
            address=posted_to,
            completed_at=completed_at,
            now=now,
        )
    await _say_refused(conn, order, refused, email=address_of_supporter, now=now)
    await announce_stock(conn, [pledge.campaign for pledge in order.pledges], now=now)


async def _claim(
    conn: Connection, order: Order, completed_at: datetime
) -> dict[CampaignSlug, RefusedFor]:
    """Claim what can be had and free the rest; return the campaigns refused, and why."""
    slugs = [pledge.campaign for pledge in order.pledges]
    doors = await campaigns.lock_doors(conn, slugs)
    await stock.lock_stock(conn, slugs)
    refused: dict[CampaignSlug, RefusedFor] = {}
    for slug in slugs:
        if is_too_late(doors[slug], completed_at):
            refused[slug] = "deadline_passed"
            continue
        await stock.claim_reserved(conn, order.order_id, slug)
        try:
            async with conn.transaction():
                await _claim_afresh(conn, order, slug)
        except _SoldOut:
            refused[slug] = "sold_out"
    if refused:
        await stock.release(conn, order.order_id, list(refused))
    return refused


async def _claim_afresh(conn: Connection, order: Order, slug: CampaignSlug) -> None:
    """Claim units whose reservation was let go before the card came after all."""
    held = await stock.list_held(conn, order.order_id)
    lost = {each.tier_id for each in held if each.campaign == slug and each.state == "released"}
    for units in of_campaign(units_of(order.pledges), slug):
        if units.tier_id in lost:
            if not await stock.claim(conn, units):
                raise _SoldOut
            await stock.mark_claimed(conn, order.order_id, units)


async def _say_completed(
    conn: Connection,
    order: Order,
    accepted: list[PricedPledge],
    *,
    email: str,
    card: Card,
    address: Address | None,
    completed_at: datetime,
    now: datetime,
) -> None:
    event = CheckoutCompleted(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        order_id=order.order_id,
        supporter_id=supporter_id(email),
        email=email,
        language=order.language,
        pledges=tuple(accepted),
        card=card,
        completed_at=completed_at,
        consent=_consent(order, completed_at),
        attribution=order.attribution,
        shipping_address=address,
    )
    await outbox.append(conn, event, key=order.order_id, aggregate=order.order_id, version=1)


async def _say_refused(
    conn: Connection,
    order: Order,
    refused: dict[CampaignSlug, RefusedFor],
    *,
    email: str,
    now: datetime,
) -> None:
    for number, (slug, reason) in enumerate(sorted(refused.items()), start=2):
        await shares.mark_refused(conn, order.order_id, slug, reason)
        event = CheckoutRefused(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            order_id=order.order_id,
            email=email,
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
    return Consent(version=shown.version, language=shown.language, given_at=given_at)


def _canonical(email: str | None) -> str | None:
    try:
        return canonical_email(email) if email else None
    except ValueError:
        return None

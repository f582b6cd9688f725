"""After a restore: make every checkout and card change again that Stripe has and we lost.

What we still have of one is decided by what Stripe says; what is gone is made again from
its session. What can't be is named, with the reason. A page at a time, so that each answer
comes in time; asked again, what is there by now is only counted.
Source: reliability B-4.
"""

import time

import msgspec

from contracts.ids import CampaignSlug, OrderId, PledgeId
from contracts.refusals import Refusal, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection, Pool, transaction
from services.checkout.domain.answers import LostCheckout, LostCheckouts
from services.checkout.domain.bodies import LostBody, RecoverBody
from services.checkout.domain.cards import CardUpdate
from services.checkout.domain.orders import DECIDED_BY_CARD
from services.checkout.domain.stripe_objects import ListedSession
from services.checkout.queries import campaigns, card_updates, cards, old_orders, orders
from services.checkout.steps.decide_order import answering_within
from services.checkout.steps.decide_update import decide_update
from services.checkout.steps.recover_checkout import ASK_SECONDS, recover
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import USPSGateway

log = telemetry.logger(__name__)

# With the one that was begun last, which takes nine seconds at most, it answers in time.
BUSY_SECONDS = 5.0


async def recover_lost(
    pool: Pool, stripe: StripeGateway, carrier: USPSGateway, body: LostBody
) -> LostCheckouts:
    """Go through a page of the sessions completed since the backup.

    Raises `StateRefused` when the platform was not restored.
    """
    async with transaction(pool) as conn:
        since = await old_orders.lost_since(conn)
        if since is None:
            raise StateRefused("not_recovering", "This platform was not restored from a backup.")
    page = await stripe.list_sessions(since=since, status="complete", after=body.after)
    known = made = 0
    lost: list[LostCheckout] = []
    last: str | None = None
    limit = time.monotonic() + BUSY_SECONDS
    for each in page:
        if time.monotonic() > limit:
            break
        last = each.session_id
        if await _is_saved(pool, each):
            known += 1
        elif (reason := await _again(pool, stripe, carrier, each, body)) is None:
            made += 1
        else:
            lost.append(_named(each, reason))
    return LostCheckouts(known=known, made_again=made, lost=tuple(lost), after=last)


async def _is_saved(pool: Pool, session: ListedSession) -> bool:
    """Tell whether it is none of ours, or one whose card we have."""
    if not session.is_ours:
        return True
    async with transaction(pool) as conn:
        if update_id := session.metadata.get("updateId"):
            update = await card_updates.find_update(conn, update_id)
            return update is not None and update.status == "saved"
        order = await orders.find_order(conn, OrderId(session.metadata["orderId"]))
        return order is not None and order.status in DECIDED_BY_CARD


async def _again(
    pool: Pool,
    stripe: StripeGateway,
    carrier: USPSGateway,
    session: ListedSession,
    body: LostBody,
) -> str | None:
    """Make what was lost again; return why that is not possible, None when it is done."""
    if body.dry_run:
        return "a dry run makes nothing"
    try:
        if update_id := session.metadata.get("updateId"):
            await _save_again(pool, stripe, session, update_id)
        else:
            wanted = RecoverBody(session_id=session.session_id)
            await recover(pool, stripe, await _with_order(pool, session, wanted), carrier)
    except Refusal as exc:
        log.warning("checkout_lost", session=session.session_id, reason=exc.reason)
        return exc.message
    return None


async def _with_order(pool: Pool, session: ListedSession, wanted: RecoverBody) -> RecoverBody:
    """Name the order as well if we have it: its session may be what we lost."""
    order_id = session.metadata["orderId"]
    async with transaction(pool) as conn:
        is_here = await orders.find_order(conn, OrderId(order_id)) is not None
    return msgspec.structs.replace(wanted, order_id=order_id) if is_here else wanted


async def _save_again(
    pool: Pool, stripe: StripeGateway, session: ListedSession, update_id: str
) -> None:
    """Keep the card that somebody saved for a pledge; the change itself may be lost."""
    async with transaction(pool) as conn:
        if await card_updates.find_update(conn, update_id) is None:
            await card_updates.insert_update(conn, await _update(conn, session, update_id))
    async with answering_within(ASK_SECONDS):
        await decide_update(pool, stripe, update_id, session_id=session.session_id)


async def _update(conn: Connection, session: ListedSession, update_id: str) -> CardUpdate:
    pledge_id = PledgeId(session.metadata.get("pledgeId", ""))
    order_ids = await cards.list_orders(conn, [pledge_id])
    order = await orders.find_order(conn, order_ids[0]) if order_ids else None
    if order is None or order.supporter_id is None or order.email is None:
        raise StateRefused("pledge_lost", "It is another card for a pledge that is lost here.")
    return CardUpdate(
        update_id=update_id,
        pledge_id=pledge_id,
        order_id=order.order_id,
        campaign=CampaignSlug(session.metadata.get("campaign", "")),
        supporter_id=order.supporter_id,
        email=order.email,
        language=order.language,
        ui_mode="custom",
        status="opening",
        created_at=await campaigns.now(conn),
    )


def _named(session: ListedSession, reason: str) -> LostCheckout:
    return LostCheckout(
        session_id=session.session_id,
        order_id=session.metadata.get("orderId") or session.metadata.get("updateId", ""),
        amount=session.metadata.get("amountCents", ""),
        reason=reason,
    )

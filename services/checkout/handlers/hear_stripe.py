"""What Stripe tells us: verified and stored before the answer, applied afterwards.

A webhook and a line in Stripe's own list are the same news; whichever comes first counts.
"""

from contracts.events.checkout import StripeEventReceived
from contracts.refusals import LinkRefused, Unavailable
from services.chassis import outbox, telemetry
from services.chassis.database import Connection, Pool, single, transaction
from services.checkout.queries import campaigns, stripe_events
from services.checkout.queries.stripe_events import NewEvent, StoredAs
from services.checkout.settings import Settings
from services.checkout.stripe_gateway import is_signed
from services.checkout.stripe_news import (
    COMPLETED,
    EXPIRED,
    Concern,
    Envelope,
    Subject,
    concern_of,
    read_event,
    travelling,
)

log = telemetry.logger(__name__)

STORED_AS: dict[Concern, StoredAs | None] = {
    "ours": None,
    "settlements": "passed_on",
    "nobodys": "ignored",
}


async def store_delivery(pool: Pool, raw: bytes, signature: str, *, settings: Settings) -> bool:
    """Store one delivery of one event; tell whether there is something new to apply.

    Refuses what Stripe did not sign, before anything is asked of the database.
    """
    if not settings.webhook_secrets:
        raise Unavailable("webhook_not_configured", "No webhook secret is configured here.")
    if not is_signed(raw, signature, settings.webhook_secrets):
        log.warning("webhook_signature_refused")
        raise LinkRefused("invalid_signature", "The signature does not hold.")
    return await store_event(pool, raw, is_live=settings.is_live)


async def store_event(pool: Pool, raw: bytes, *, is_live: bool) -> bool:
    """Store an event that is known to be Stripe's; tell whether we have to apply it.

    One statement does it, and Stripe waits for no more. What others act upon is passed on
    in the same transaction; what is nobody's is stored by its id, so that nothing Stripe
    said is lost without a trace.
    """
    event, subject = read_event(raw)
    if event.livemode != is_live:
        log.warning("event_of_other_mode", event_id=event.id, livemode=event.livemode)
        return False
    concern = concern_of(event, subject)
    row = _row(event, subject, concern, raw)
    if concern != "settlements":
        async with single(pool) as conn:
            return await stripe_events.insert_event(conn, row) and concern == "ours"
    async with transaction(pool) as conn:
        if await stripe_events.insert_event(conn, row):
            await _pass_on(conn, event, subject, raw)
    return False


def _row(event: Envelope, subject: Subject, concern: Concern, raw: bytes) -> NewEvent:
    is_session = event.type in (COMPLETED, EXPIRED)
    return NewEvent(
        event_id=event.id,
        event_type=event.type,
        object_id=subject.id,
        session_id=subject.id if is_session and concern == "ours" else None,
        order_id=subject.order_id,
        update_id=subject.update_id,
        created_at=event.created_at,
        payload=None if concern == "nobodys" else raw,
        stored_as=STORED_AS[concern],
    )


async def _pass_on(conn: Connection, event: Envelope, subject: Subject, raw: bytes) -> None:
    told = StripeEventReceived(
        event_id=outbox.new_event_id(),
        occurred_at=await campaigns.now(conn),
        stripe_event_id=event.id,
        stripe_type=event.type,
        created_at=event.created_at,
        object_id=subject.id,
        object=travelling(raw),
    )
    key = event.type.replace(".", "_")
    await outbox.append(conn, told, key=key, aggregate=event.id, version=1)

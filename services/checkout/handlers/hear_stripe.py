"""What Stripe tells us: as a row, and passed on to whom it concerns."""

from contracts.events.checkout import StripeEventReceived
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.checkout.domain.stripe_news import (
    COMPLETED,
    EXPIRED,
    Concern,
    Envelope,
    Subject,
    travelling,
)
from services.checkout.queries import campaigns
from services.checkout.queries.stripe_events import NewEvent, StoredAs

STORED_AS: dict[Concern, StoredAs | None] = {
    "ours": None,
    "settlements": "passed_on",
    "nobodys": "ignored",
}


def row_of(event: Envelope, subject: Subject, concern: Concern, raw: bytes) -> NewEvent:
    """Return an event as it is stored; what is nobody's without its body."""
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


async def pass_on(conn: Connection, event: Envelope, subject: Subject, raw: bytes) -> None:
    """Pass on what others act upon."""
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

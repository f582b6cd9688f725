"""What Stripe tells us: verified and stored before the answer, applied afterwards."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from contracts.ids import OrderId
from contracts.refusals import InputRefused, LinkRefused, Refusal, Unavailable
from services.chassis import crash, telemetry
from services.chassis.database import Connection, Pool, transaction
from services.checkout.handlers.end_order import end_order
from services.checkout.handlers.settle_session import SessionIncomplete, settle_session
from services.checkout.queries import orders, stripe_events
from services.checkout.queries.stripe_events import StripeEvent
from services.checkout.settings import Settings
from services.checkout.stripe_gateway import StripeAway, StripeGateway, is_signed

log = telemetry.logger(__name__)

COMPLETED = "checkout.session.completed"
EXPIRED = "checkout.session.expired"
BATCH = 32
AT_ONCE = 8
UNKNOWN_SECONDS_MAX = 600
TRIES_MAX = 8
DELAY_SECONDS_MAX = 60.0


# Ids go into keys of an index, which takes neither NUL nor texts of any length.
Name = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[^\x00]*$")]
Value = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]
Instant = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every event has."""

    id: Name
    type: Name
    created: Instant
    livemode: bool
    data: msgspec.Raw


class SessionObject(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a session as says whose it is."""

    id: Name
    mode: Name
    metadata: dict[str, Value] | None = None


class SessionData(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an event that holds the session."""

    object: SessionObject


async def store_event(conn: Connection, raw: bytes, signature: str, *, settings: Settings) -> bool:
    """Store one delivery of one event; tell whether there is something new to apply.

    Refuses what Stripe did not sign. What is not for us is stored as ignored, so that
    nothing Stripe said is lost without a trace.
    """
    if not settings.webhook_secrets:
        raise Unavailable("webhook_not_configured", "No webhook secret is configured here.")
    if not is_signed(raw, signature, settings.webhook_secrets):
        log.warning("webhook_signature_refused")
        raise LinkRefused("invalid_signature", "The signature does not hold.")
    event, session = read_event(raw)
    if event.livemode != settings.is_live:
        log.warning("webhook_of_other_mode", event_id=event.id, livemode=event.livemode)
        return False
    is_new = await stripe_events.insert_event(
        conn,
        event_id=event.id,
        event_type=event.type,
        session_id=session.id if session else None,
        order_id=(session.metadata or {}).get("orderId") if session else None,
        created_at=datetime.fromtimestamp(event.created, UTC),
        payload=raw if session else None,
        outcome=None if session else "ignored",
    )
    return is_new and session is not None


def read_event(raw: bytes) -> tuple[Envelope, SessionObject | None]:
    """Return an event, and its session if it concerns an order of ours, or refuse."""
    try:
        event = msgspec.json.decode(raw, type=Envelope)
        return event, _session(event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRefused("invalid_json", "That is no event.") from exc


async def apply_events(pool: Pool, stripe: StripeGateway) -> int:
    """Apply every stored event whose time has come; return how many there were."""
    async with transaction(pool) as conn:
        due = await stripe_events.list_due(conn, BATCH)
    slots = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_apply_one(pool, stripe, event, slots) for event in due))
    return len(due)


async def _apply_one(
    pool: Pool, stripe: StripeGateway, event: StripeEvent, slots: asyncio.Semaphore
) -> None:
    async with slots:
        await _apply(pool, stripe, event)


async def _apply(pool: Pool, stripe: StripeGateway, event: StripeEvent) -> None:
    """Apply one event, or say when to try again. Nothing is dropped without a trace."""
    try:
        is_known = await _tell(pool, stripe, event)
    except (StripeAway, SessionIncomplete, Unavailable) as exc:
        await _later(pool, event, type(exc).__name__)
        return
    except Refusal as exc:
        await _park(pool, event, exc.reason)
        return
    except Exception as exc:
        # One event that we cannot digest must not hold up the others.
        log.exception("stripe_event_failed", event_id=event.event_id)
        if event.attempts >= TRIES_MAX:
            await _park(pool, event, type(exc).__name__)
        else:
            await _later(pool, event, type(exc).__name__)
        return
    crash.point("checkout.event_told")
    if is_known:
        async with transaction(pool) as conn:
            await stripe_events.finish(conn, event.event_id, "applied")
        crash.point("checkout.event_applied")
    elif event.waited_seconds > UNKNOWN_SECONDS_MAX:
        await _park(pool, event, "unknown order")
    else:
        await _later(pool, event, "unknown order")


async def _tell(pool: Pool, stripe: StripeGateway, event: StripeEvent) -> bool:
    """Apply the event to its order; False when there is no such order (yet)."""
    order_id = OrderId(event.order_id)
    async with transaction(pool) as conn:
        order = await orders.find_order(conn, order_id)
        if order is None:
            return False
        if event.event_type == EXPIRED:
            # An order that never learned of its session is given up by its own timer.
            if order.session_id == event.session_id:
                await end_order(conn, order_id, "expired")
            return True
    await settle_session(pool, stripe, order_id, session_id=event.session_id)
    return True


async def _later(pool: Pool, event: StripeEvent, error: str) -> None:
    delay = min(0.5 * 2**event.attempts, DELAY_SECONDS_MAX)
    async with transaction(pool) as conn:
        await stripe_events.postpone(conn, event.event_id, delay_seconds=delay, error=error)


async def _park(pool: Pool, event: StripeEvent, error: str) -> None:
    log.error("stripe_event_parked", event_id=event.event_id, error=error)
    async with transaction(pool) as conn:
        await stripe_events.finish(conn, event.event_id, "parked", error)


def _session(event: Envelope) -> SessionObject | None:
    """Return the session of an event that concerns an order of ours."""
    if event.type not in (COMPLETED, EXPIRED):
        return None
    session = msgspec.json.decode(event.data, type=SessionData).object
    is_ours = session.mode == "setup" and "orderId" in (session.metadata or {})
    return session if is_ours else None

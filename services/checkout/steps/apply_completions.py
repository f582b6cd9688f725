"""Act upon many completed card steps: what Stripe answers together, one transaction applies."""

import asyncio
from collections.abc import Sequence

from contracts.ids import OrderId
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.domain.orders import DECIDED_BY_CARD
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.handlers.complete_sessions import complete_sessions
from services.checkout.queries import orders, stripe_events
from services.checkout.queries.stripe_events import StripeEvent
from services.checkout.steps.decide_order import ask_about, deciding
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

Told = tuple[StripeEvent, SessionState | None]


async def apply_completions(
    pool: Pool, stripe: StripeGateway, events: Sequence[StripeEvent]
) -> list[StripeEvent]:
    """Complete the orders that these events are about; return the events left to do.

    Left is what wants a look of its own: an order nobody knows, a session that Stripe does
    not show as complete or does not show at all, and whatever failed beside others.
    """
    order_ids = [OrderId(each.order_id or "") for each in events]
    async with transaction(pool) as conn:
        known = await orders.list_sessions(conn, order_ids)
        decided = [key for key, (status, _) in known.items() if status in DECIDED_BY_CARD]
        over = [each.event_id for each in events if each.order_id in decided]
        await stripe_events.finish(conn, over, "applied")
    left: list[StripeEvent] = []
    async with asyncio.TaskGroup() as asking:
        reading: set[asyncio.Task[Told]] = set()
        for order_id, event in zip(order_ids, events, strict=True):
            if order_id in decided:
                continue
            _, session_id = known.get(order_id, ("", None))
            session_id = session_id or event.session_id
            if order_id in known and session_id is not None:
                reading.add(asking.create_task(_read(stripe, event, session_id)))
            else:
                left.append(event)
        while reading:
            done, reading = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
            left += await _complete(pool, [task.result() for task in done])
    return left


async def _read(stripe: StripeGateway, event: StripeEvent, session_id: str) -> Told:
    """Return what Stripe shows of the session; None when that completes no order."""
    try:
        state = await ask_about(stripe.read_session, session_id)
    except (StripeAway, StripeRefused):
        return event, None
    except Exception as exc:
        # One session that cannot be read must not keep all the others from being completed.
        log.warning("session_not_readable", event_id=event.event_id, error=type(exc).__name__)
        return event, None
    is_complete = state.status == "complete" and state.card is not None
    return event, state if is_complete and state.order_id == event.order_id else None


async def _complete(pool: Pool, told: Sequence[Told]) -> list[StripeEvent]:
    """Complete orders and finish their events, all or none; return the events not finished."""
    complete = [(event, state) for event, state in told if state is not None]
    left = [event for event, state in told if state is None]
    if not complete:
        return left
    try:
        async with deciding(pool) as conn:
            await complete_sessions(conn, [state for _, state in complete])
            await stripe_events.finish(conn, [event.event_id for event, _ in complete], "applied")
    except Exception as exc:
        # Not a fault yet: each is tried alone, and says then what is wrong with it.
        log.info("completions_taken_apart", events=len(complete), error=type(exc).__name__)
        return left + [event for event, _ in complete]
    return left

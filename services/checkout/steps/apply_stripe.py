"""Act upon what Stripe told us: each stored event again until it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from contracts.ids import OrderId
from contracts.refusals import Refusal, Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.process.stopping import ended
from services.chassis.storage.database import Pool, single, transaction
from services.chassis.storage.leader import LAST_ROUND_SECONDS
from services.chassis.stripe.client import StripeAway
from services.checkout.domain.stripe_news import (
    COMPLETED,
    CUSTOMER_DELETED,
    EXPIRED,
    MANDATE_UPDATED,
    METHOD_CHANGED,
    METHOD_DETACHED,
    SETUP_FAILED,
    FailedSetup,
    Mandate,
    object_as,
)
from services.checkout.domain.stripe_objects import card_of
from services.checkout.handlers.complete_sessions import SessionIncomplete
from services.checkout.handlers.end_order import end_order
from services.checkout.handlers.guard_cards import CardLimits
from services.checkout.handlers.keep_cards import say_saved
from services.checkout.queries import (
    campaigns,
    card_failures,
    card_updates,
    cards,
    customers,
    detachments,
    orders,
    stripe_events,
)
from services.checkout.queries.stripe_events import StripeEvent
from services.checkout.steps.apply_completions import apply_completions
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.decide_update import decide_update
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

BATCH = 64
UNDER_WAY_MAX = 512
AT_ONCE = 8
UNKNOWN_SECONDS_MAX = 600
TRIES_MAX = 8
DELAY_SECONDS_MAX = 60.0


class Applying(msgspec.Struct, frozen=True):
    """What it takes to apply an event."""

    pool: Pool
    stripe: StripeGateway
    limits: CardLimits


class Round:
    """Applies what is due, as it comes: an event that waits for Stripe holds up no other.

    What comes while Stripe is asked is gathered for a moment: one transaction for many.
    """

    def __init__(self, applying: Applying) -> None:
        self._applying = applying
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[asyncio.Task[None], list[str]] = {}

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is under way."""
        return not self._under_way

    async def take(self) -> int:
        """Begin with what is due and not under way; return how many events that is."""
        busy = [event_id for ids in self._under_way.values() for event_id in ids]
        room = min(BATCH, UNDER_WAY_MAX - len(busy))
        async with single(self._applying.pool) as conn:
            due = await stripe_events.list_due(conn, room, besides=busy)
        if due:
            task = asyncio.create_task(_apply_all(self._applying, due, self._slots))
            self._under_way[task] = [each.event_id for each in due]
        return len(due)

    async def gather(self, seconds: float) -> None:
        """Wait for what is under way, at most so long; raise what went wrong with it."""
        if not self._under_way:
            return
        done, _ = await asyncio.wait(self._under_way, timeout=seconds)
        for task in done:
            del self._under_way[task]
        for task in done:
            task.result()

    async def end(self) -> None:
        """Let what is under way end, if that is soon."""
        rest = asyncio.gather(*self._under_way, return_exceptions=True)
        await ended(rest, within_seconds=LAST_ROUND_SECONDS)


async def _apply_all(
    applying: Applying, due: Sequence[StripeEvent], slots: asyncio.Semaphore
) -> None:
    """Apply these events, or say of each when to try again."""
    completed = [each for each in due if _is_completion(each)]
    alone = [each for each in due if not _is_completion(each)]
    await asyncio.gather(
        _apply_completed(applying, completed, slots), _apply_each(applying, alone, slots)
    )


def _is_completion(event: StripeEvent) -> bool:
    """Tell whether the event says that an order's card step is done."""
    return event.event_type == COMPLETED and event.update_id is None


async def _apply_completed(
    applying: Applying, completed: Sequence[StripeEvent], slots: asyncio.Semaphore
) -> None:
    """Apply completed card steps together, and alone those that this did not settle."""
    if completed:
        left = await apply_completions(applying.pool, applying.stripe, completed)
        await _apply_each(applying, left, slots)


async def _apply_each(
    applying: Applying, events: Sequence[StripeEvent], slots: asyncio.Semaphore
) -> None:
    async def in_turn(event: StripeEvent) -> None:
        async with slots:
            await _apply(applying, event)

    await asyncio.gather(*(in_turn(event) for event in events))


async def _apply(applying: Applying, event: StripeEvent) -> None:
    """Apply one event, or say when to try again. Nothing is dropped without a trace."""
    pool = applying.pool
    try:
        is_known = await HANDLERS[event.event_type](applying, event)
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
            await stripe_events.finish(conn, [event.event_id], "applied")
        crash.point("checkout.event_applied")
    elif event.waited_seconds > UNKNOWN_SECONDS_MAX:
        await _park(pool, event, "unknown order")
    else:
        await _later(pool, event, "unknown order")


async def _session_ended(applying: Applying, event: StripeEvent) -> bool:
    """Complete or end the order of a session; False when there is no such order (yet).

    An order is recorded before its session, so one that expired and whose order nobody knows
    was lost to a restore, and nothing came of it.
    """
    if event.update_id is not None:
        return await _update_ended(applying, event, event.update_id)
    order_id = OrderId(event.order_id or "")
    async with transaction(applying.pool) as conn:
        order = await orders.find_order(conn, order_id)
        if order is None:
            return event.event_type == EXPIRED
        if event.event_type == EXPIRED:
            # An order that never learned of its session is given up by its own timer.
            if order.session_id == event.session_id:
                await end_order(conn, order_id, "expired")
            return True
    await decide_order(applying.pool, applying.stripe, order_id, session_id=event.session_id)
    return True


async def _update_ended(applying: Applying, event: StripeEvent, update_id: str) -> bool:
    async with transaction(applying.pool) as conn:
        update = await card_updates.find_update(conn, update_id)
        if update is None:
            return event.event_type == EXPIRED
        if event.event_type == EXPIRED:
            if update.session_id == event.session_id:
                await card_updates.mark_over(conn, update_id)
            return True
    await decide_update(applying.pool, applying.stripe, update_id, session_id=event.session_id)
    return True


async def _setup_failed(applying: Applying, event: StripeEvent) -> bool:
    """Count a card that could not be saved. Too many, and the session is closed."""
    failed = object_as(event.payload, FailedSetup)
    async with transaction(applying.pool) as conn:
        count = await card_failures.insert_failure(
            conn,
            event.event_id,
            intent_id=failed.id,
            client_key=failed.metadata.get("client", ""),
            code=failed.code,
        )
    if count < applying.limits.per_session:
        return True
    log.warning("session_closed_after_failures", order_id=event.order_id, failures=count)
    if event.update_id is not None:
        await decide_update(applying.pool, applying.stripe, event.update_id, expire=True)
    else:
        order_id = OrderId(event.order_id or "")
        await decide_order(applying.pool, applying.stripe, order_id, expire=True)
    return True


async def _method_changed(applying: Applying, event: StripeEvent) -> bool:
    """Take over a renewed card, and tell the ledger for each pledge it is for."""
    method = object_as(event.payload, dict)
    card = card_of(method, method.get("customer"))
    if card is None:
        return True
    async with transaction(applying.pool) as conn:
        refreshed = await cards.refresh_card(conn, card, told_at=event.created_at)
        if refreshed is not None:
            kept, uses = refreshed
            now = await campaigns.now(conn)
            for use in uses:
                await say_saved(conn, kept, use, reason="refreshed", now=now)
    return True


async def _method_detached(applying: Applying, event: StripeEvent) -> bool:
    """Note that a card is gone: by our own queue, or by somebody at Stripe's dashboard."""
    async with transaction(applying.pool) as conn:
        await detachments.mark_detached(conn, event.object_id)
        await cards.mark_unusable(conn, "detached", payment_method_id=event.object_id)
    return True


async def _mandate_updated(applying: Applying, event: StripeEvent) -> bool:
    mandate = object_as(event.payload, Mandate)
    if mandate.status == "inactive" and mandate.payment_method:
        async with transaction(applying.pool) as conn:
            await cards.mark_unusable(
                conn, "mandate_inactive", payment_method_id=mandate.payment_method
            )
    return True


async def _customer_deleted(applying: Applying, event: StripeEvent) -> bool:
    """Note that all cards of a customer are gone; its supporter gets a new one when needed."""
    async with transaction(applying.pool) as conn:
        await cards.mark_unusable(conn, "customer_deleted", customer_id=event.object_id)
        await customers.forget_customer(conn, event.object_id)
    return True


Handler = Callable[[Applying, StripeEvent], Awaitable[bool]]

HANDLERS: dict[str, Handler] = {
    COMPLETED: _session_ended,
    EXPIRED: _session_ended,
    SETUP_FAILED: _setup_failed,
    **dict.fromkeys(METHOD_CHANGED, _method_changed),
    METHOD_DETACHED: _method_detached,
    MANDATE_UPDATED: _mandate_updated,
    CUSTOMER_DELETED: _customer_deleted,
}


async def _later(pool: Pool, event: StripeEvent, error: str) -> None:
    delay = min(0.5 * 2**event.attempts, DELAY_SECONDS_MAX)
    async with transaction(pool) as conn:
        await stripe_events.postpone(conn, event.event_id, delay_seconds=delay, error=error)


async def _park(pool: Pool, event: StripeEvent, error: str) -> None:
    log.error("stripe_event_parked", event_id=event.event_id, error=error)
    async with transaction(pool) as conn:
        await stripe_events.finish(conn, [event.event_id], "parked", error)

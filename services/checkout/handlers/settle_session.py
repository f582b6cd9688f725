"""Ask Stripe how an order's session stands, and act on the answer.

The call is made outside every transaction; what it said is applied in one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal

from contracts.ids import OrderId
from contracts.refusals import NotFound, StateRefused, Unavailable
from services.chassis import crash, telemetry
from services.chassis.database import Connection, Pool, transaction
from services.checkout.handlers.complete_orders import complete_orders
from services.checkout.handlers.end_order import end_order
from services.checkout.orders import DECIDED_BY_CARD, Order, SavedCard
from services.checkout.queries import campaigns, orders, stripe_events
from services.checkout.stripe_gateway import StripeAway, StripeGateway, StripeRefused
from services.checkout.stripe_objects import SessionState

log = telemetry.logger(__name__)

# Sessions live half an hour. One that Stripe does not know long after that is over.
FORGOTTEN_AFTER = timedelta(hours=2)
MISSING = "resource_missing"


class SessionIncomplete(Exception):
    """Stripe calls the session complete without showing its card: ask again later."""


@asynccontextmanager
async def answering_within(seconds: float) -> AsyncIterator[None]:
    """Turn Stripe's silence into a polite 503 while a person waits."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (StripeAway, SessionIncomplete, TimeoutError) as exc:
        raise Unavailable(
            "stripe_away", "The card service does not answer. Nothing is lost: try again."
        ) from exc


async def settle_session(
    pool: Pool,
    stripe: StripeGateway,
    order_id: OrderId,
    *,
    session_id: str | None = None,
    ended_as: Literal["expired", "abandoned"] = "expired",
    expire: bool = False,
) -> Order:
    """Return the order after applying what Stripe says about its session now.

    With `expire` the session is ended first; a completion found instead is adopted.
    Raises `StripeAway` when Stripe does not answer: then nothing has changed.
    """
    async with transaction(pool) as conn:
        order = await found(conn, order_id)
    session_id = order.session_id or session_id
    if order.status in DECIDED_BY_CARD or session_id is None:
        return order
    ask = stripe.expire_session if expire else stripe.read_session
    try:
        state = await ask_about(ask, session_id)
    except StripeRefused as exc:
        if exc.code != MISSING:
            # A key that was withdrawn, say: no word about the session.
            raise StripeAway(exc.code) from exc
        return await _forgotten(pool, order, exc.code)
    if state.order_id != order_id:
        raise StateRefused("conflict", "This session belongs to another order.")
    async with deciding(pool) as conn:
        if state.status == "complete":
            await complete_sessions(conn, [state])
        elif state.status == "expired":
            await end_order(conn, order_id, ended_as)
        return await found(conn, order_id)


async def ask_about(ask: Callable[[str], Awaitable[SessionState]], session_id: str) -> SessionState:
    """Return what Stripe says of a session."""
    state = await ask(session_id)
    crash.point("checkout.session_read")
    return state


@asynccontextmanager
async def deciding(pool: Pool) -> AsyncIterator[Connection]:
    """Yield the transaction in which what Stripe said of orders is applied."""
    async with transaction(pool) as conn:
        yield conn
        crash.point("checkout.before_decision")
    crash.point("checkout.after_decision")


async def found(conn: Connection, order_id: OrderId) -> Order:
    """Return the order, or refuse with 404."""
    order = await orders.find_order(conn, order_id)
    if order is None:
        raise NotFound("order_not_found", "There is no such order.")
    return order


async def complete_sessions(conn: Connection, states: Sequence[SessionState]) -> None:
    """Complete the orders of sessions that Stripe calls complete.

    Raises `SessionIncomplete` when one of them shows no card; then nothing has changed.
    """
    instants = await when_completed(conn, states)
    saved: dict[OrderId, SavedCard] = {}
    for state in states:
        completed_at = instants.get(state.session_id)
        if state.card is None or completed_at is None or state.order_id is None:
            raise SessionIncomplete(state.order_id)
        saved[OrderId(state.order_id)] = SavedCard(
            session_id=state.session_id,
            card=state.card,
            completed_at=completed_at,
            email=state.email,
            address=state.address,
        )
    await complete_orders(conn, saved)


async def when_completed(conn: Connection, states: Sequence[SessionState]) -> dict[str, datetime]:
    """Return for each session the instant that decides about deadlines, in whole seconds.

    The event's own time when it has come; else that of the attempt that saved the card,
    which is never later.
    """
    attempts = {each.session_id: each.saved_at for each in states if each.saved_at is not None}
    told = await stripe_events.list_completed(conn, [each.session_id for each in states])
    return attempts | told


async def _forgotten(pool: Pool, order: Order, code: str) -> Order:
    """Stripe knows no such session: end the order, but not before it must be over anyway.

    The key of another account answers the same, and must not free what people are about
    to complete.
    """
    log.error("session_unknown_to_stripe", order_id=order.order_id, reason=code)
    async with transaction(pool) as conn:
        if await campaigns.now(conn) > order.created_at + FORGOTTEN_AFTER:
            await end_order(conn, order.order_id, "expired")
        return await found(conn, order.order_id)

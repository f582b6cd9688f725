"""Ask Stripe how an order's session stands, and act on the answer.

The call is made outside every transaction; what it said is applied in one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal

from contracts.ids import OrderId
from contracts.refusals import StateRefused, Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Connection, Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.domain.orders import DECIDED_BY_CARD, Order
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.handlers.complete_sessions import (
    SessionIncomplete,
    complete_sessions,
    find_or_refuse_order,
)
from services.checkout.handlers.end_order import end_order
from services.checkout.queries import campaigns
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

# Sessions live half an hour. One that Stripe does not know long after that is over.
FORGOTTEN_AFTER = timedelta(hours=2)
MISSING = "resource_missing"


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


async def decide_order(
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
        order = await find_or_refuse_order(conn, order_id)
    session_id = order.session_id or session_id
    if order.status in DECIDED_BY_CARD or session_id is None:
        return order
    ask = stripe.expire_session if expire else stripe.read_session
    try:
        state = await ask_about(ask, session_id)
    except StripeRefused as exc:
        if exc.code != MISSING:
            # A key that was withdrawn, say: no word about the session.
            raise StripeAway(exc.reason, name=exc.name) from exc
        return await _forgotten(pool, order, exc.code)
    if state.order_id != order_id:
        raise StateRefused("conflict", "This session belongs to another order.")
    async with deciding(pool) as conn:
        if state.status == "complete":
            await complete_sessions(conn, [state])
        elif state.status == "expired":
            await end_order(conn, order_id, ended_as)
        return await find_or_refuse_order(conn, order_id)


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


async def _forgotten(pool: Pool, order: Order, code: str) -> Order:
    """Stripe knows no such session: end the order, but not before it must be over anyway.

    The key of another account answers the same, and must not free what people are about
    to complete.
    """
    log.error("session_unknown_to_stripe", order_id=order.order_id, reason=code)
    async with transaction(pool) as conn:
        if await campaigns.now(conn) > order.created_at + FORGOTTEN_AFTER:
            await end_order(conn, order.order_id, "expired")
        return await find_or_refuse_order(conn, order.order_id)

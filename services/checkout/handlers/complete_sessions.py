"""Complete the orders of sessions that Stripe calls complete."""

from collections.abc import Sequence
from datetime import datetime

from contracts.ids import OrderId
from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import Order, SavedCard
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.handlers.complete_orders import complete_orders
from services.checkout.queries import orders, stripe_events


class SessionIncomplete(Exception):
    """Stripe calls the session complete without showing its card: ask again later."""


async def find_or_refuse_order(conn: Connection, order_id: OrderId) -> Order:
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

"""End an order that saved no card: its units are free again, once."""

from datetime import datetime
from typing import Literal

from contracts.ids import OrderId
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import UNDECIDED, Order
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.reserve_units import free_units_of
from services.checkout.queries import campaigns, orders


async def end_order(
    conn: Connection, order_id: OrderId, ended_as: Literal["expired", "abandoned"]
) -> int:
    """End the order unless it is decided already; return how many units that freed.

    Call it only when no card can be saved for it any more: Stripe has said so, or nobody
    was ever given its session.
    """
    order = await orders.lock_order(conn, order_id)
    if order is None or order.status not in UNDECIDED:
        return 0
    await orders.mark_statuses(conn, {order_id: ended_as})
    return await free_units(conn, order, now=await campaigns.now(conn))


async def free_units(conn: Connection, order: Order, *, now: datetime) -> int:
    """Free everything an order holds, and say so; return how many units."""
    freed = await free_units_of(conn, order.order_id, [pledge.campaign for pledge in order.pledges])
    await announce_stock(conn, freed.shelves, now=now)
    return freed.quantity

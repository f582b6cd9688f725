"""Forget whose an order was. What was ordered, reserved and paid stays."""

from contracts.events.pledges import PledgeErased
from services.chassis.database import Connection
from services.checkout.handlers.keep_cards import end_uses
from services.checkout.queries import people


async def hear_erased(conn: Connection, event: PledgeErased) -> None:
    """Take the person out of their order and card, and let go of a card nobody needs."""
    await end_uses(conn, [event.pledge_id], "erased")
    await people.forget_order(conn, event.order_id)
    await people.forget_cards(conn, event.supporter_id)

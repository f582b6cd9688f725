"""Forget whose an order was. What was ordered, reserved and paid stays."""

from contracts.events.pledges import PledgeErased
from services.chassis.storage.database import Connection
from services.checkout.handlers.keep_cards import end_uses
from services.checkout.queries import deletions, forgetting


async def hear_erased(conn: Connection, event: PledgeErased) -> None:
    """Take the person out of their order and card; let go of a card nobody needs, then of them.

    Each event is about one pledge: with the last of them nothing at Stripe is needed any more.
    """
    await end_uses(conn, [event.pledge_id], "erased")
    await forgetting.forget_order(conn, event.order_id)
    await forgetting.forget_updates(conn, event.pledge_id)
    await forgetting.forget_cards(conn, event.supporter_id)
    await deletions.queue_customers(conn, event.supporter_id)

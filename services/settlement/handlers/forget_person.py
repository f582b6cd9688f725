"""Forget whose card was charged. What was charged stays: it is the campaign's money."""

from contracts.events.pledges import PledgeErased
from services.chassis.storage.database import Connection
from services.settlement.queries import forgetting


async def hear_erased(conn: Connection, event: PledgeErased) -> None:
    """Take card and address out of a pledge's copies and charges, however often it is said."""
    await forgetting.forget_copies(conn, event.pledge_id)
    await forgetting.forget_charges(conn, event.pledge_id)

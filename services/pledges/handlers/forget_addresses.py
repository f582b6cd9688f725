"""Forget where rewards were sent, once nothing is sent there any more."""

from services.chassis.storage.database import Connection
from services.pledges.queries import addresses

PORTION = 500


async def forget_addresses(conn: Connection) -> int:
    """Take the postal address off a portion of pledges; return how many there were."""
    return await addresses.forget_portion(conn, limit=PORTION)

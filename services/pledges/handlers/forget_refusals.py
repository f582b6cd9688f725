"""Forget who was refused, once they have long been told."""

from services.chassis.storage.database import Connection
from services.pledges.queries import forgetting

PORTION = 500


async def forget_refusals(conn: Connection) -> int:
    """Take the person out of a portion of old refusals; return how many there were."""
    return await forgetting.forget_old_refusals(conn, limit=PORTION)

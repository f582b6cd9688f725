"""SQL about postal addresses that nothing is sent to any more."""

from datetime import timedelta

from services.chassis.storage.database import Connection

# From the deadline on; there is no date at which everything has arrived. ADR 28.
KEPT_IF_CHARGED = timedelta(days=730)
KEPT_OTHERWISE = timedelta(days=90)


async def forget_portion(conn: Connection, *, limit: int) -> int:
    """Take the address off a portion of the pledges that are past their time; return how many."""
    gone: int = await conn.fetchval(
        "SELECT forget_addresses($1, $2, $3)", limit, KEPT_IF_CHARGED, KEPT_OTHERWISE
    )
    return gone

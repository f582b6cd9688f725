"""How a service does, from inside: what its outbox has not said, what it has not heard."""

import asyncio

from contracts.api.operations import OutboxState, ParkedState, QueueState, Watched
from contracts.streams import Consumer, heard_by
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import Bus
from services.chassis.storage.database import Connection, Pool, transaction

BUS_SECONDS = 1.0


async def look(pool: Pool, bus: Bus, service: str) -> Watched:
    """Return how a service does. Where the bus does not answer, its queues are unknown."""
    durables = heard_by(service)
    queues = await asyncio.gather(*(_queue(bus, each) for each in durables))
    async with transaction(pool) as conn:
        outbox, kept = await _outbox(conn), await _parked(conn)
    return Watched(service=service, outbox=outbox, parked=kept, queues=tuple(queues))


async def _queue(bus: Bus, durable: Consumer) -> QueueState:
    pending = in_hand = None
    if bus.is_connected:
        try:
            async with asyncio.timeout(BUS_SECONDS):
                pending, in_hand = await bus.queue(durable.durable, durable.stream)
        except (*BUS_AWAY, TimeoutError):
            pass
    return QueueState(
        durable=durable.durable, stream=durable.stream, pending=pending, in_hand=in_hand
    )


async def _outbox(conn: Connection) -> OutboxState:
    row = await conn.fetchrow(
        """
        SELECT count(*) AS waiting,
               coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::bigint AS oldest
        FROM outbox
        WHERE published_at IS NULL
        """
    )
    assert row is not None
    return OutboxState(waiting=row["waiting"], oldest_seconds=row["oldest"])


async def _parked(conn: Connection) -> ParkedState:
    row = await conn.fetchrow(
        """
        SELECT count(*) FILTER (WHERE NOT is_waiting AND try_again_at IS NULL) AS parked,
               count(*) FILTER (WHERE is_waiting) AS behind,
               count(*) FILTER (WHERE NOT is_waiting AND try_again_at IS NOT NULL) AS early
        FROM parked_events
        WHERE resolved_at IS NULL
        """
    )
    assert row is not None
    return ParkedState(parked=row["parked"], behind=row["behind"], early=row["early"])

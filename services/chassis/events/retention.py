"""Forgetting: what was said and heard long ago leaves outbox and inbox, in portions.

How long is "long" stands in the schema, as functions: `outbox_retention()` and
`inbox_retention()`. An inbox remembers a week longer than any outbox can repeat.
"""

import asyncio
import contextlib

from contracts.refusals import Unavailable
from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction

log = telemetry.logger(__name__)

PORTION = 1_000
EVERY_SECONDS = 3_600.0
PAUSE_SECONDS = 0.1


async def run(pool: Pool) -> None:
    """Forget every hour; who works at it at a time is decided portion by portion."""
    while True:
        with contextlib.suppress(*DATABASE_BUSY, Unavailable):
            forgotten = await forget(pool)
            if forgotten:
                log.info("old_events_forgotten", rows=forgotten)
        await asyncio.sleep(EVERY_SECONDS)


async def forget(pool: Pool) -> int:
    """Forget everything that is old enough; return how many rows are gone."""
    total = 0
    while True:
        gone = await _forget_portion(pool)
        total += gone
        if not gone:
            return total
        await asyncio.sleep(PAUSE_SECONDS)


async def _forget_portion(pool: Pool) -> int:
    async with transaction(pool) as conn:
        is_ours = await conn.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ':forget', 0))"
        )
        if not is_ours:
            return 0
        said: int = await conn.fetchval("SELECT forget_published($1)", PORTION)
        status = await conn.execute(
            """
            DELETE FROM inbox
            USING (
                SELECT consumer, event_id
                FROM inbox
                WHERE applied_at < clock_timestamp() - inbox_retention()
                ORDER BY applied_at
                LIMIT $1
            ) AS old
            WHERE inbox.consumer = old.consumer AND inbox.event_id = old.event_id
            """,
            PORTION,
        )
        return said + int(status.rpartition(" ")[2])

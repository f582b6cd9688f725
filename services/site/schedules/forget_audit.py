"""The audit log forgets what is older than it has to be kept."""

import asyncio
import contextlib

from prometheus_client import Counter

from contracts.refusals import Unavailable
from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.site.admin.queries import audit

EVERY_SECONDS = 3_600.0
PORTION = 1_000

FORGOTTEN = Counter(
    "site_audit_forgotten",
    "Lines of the audit log that were older than they have to be kept.",
    registry=telemetry.REGISTRY,
)


async def forget_old(pool: Pool, keep_days: int) -> int:
    """Forget in portions, each a transaction; return how many lines are gone."""
    total = 0
    while True:
        async with transaction(pool) as conn:
            gone = await audit.forget(conn, keep_days, at_most=PORTION)
        total += gone
        FORGOTTEN.inc(gone)
        if gone < PORTION:
            return total


async def forget_audit(pool: Pool, keep_days: int) -> None:
    """Forget every hour, for ever. Two processes at once forget the same lines once."""
    while True:
        with contextlib.suppress(*DATABASE_BUSY, Unavailable):
            await forget_old(pool, keep_days)
        await asyncio.sleep(EVERY_SECONDS)

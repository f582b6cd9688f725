"""Whoever was asked to look at a working copy is forgotten when their link is over."""

from prometheus_client import Counter

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import tick_as_leader
from services.site.editing.queries import reviewers

EVERY_SECONDS = 60.0
PORTION = 500

FORGOTTEN = Counter(
    "site_reviewers_forgotten",
    "Reviewers of working copies whose link was over.",
    registry=telemetry.REGISTRY,
)


async def forget_ended(pool: Pool) -> int:
    """Forget in portions, each a transaction; return how many reviewers are gone."""
    total = 0
    while True:
        async with transaction(pool) as conn:
            gone = await reviewers.delete_old(conn, at_most=PORTION)
            told = await reviewers.delete_told(conn, at_most=PORTION)
        total += gone
        FORGOTTEN.inc(gone)
        if max(gone, told) < PORTION:
            return total


async def forget_reviewers(pool: Pool) -> None:
    """Forget every minute, for ever, in one process at a time."""

    async def tick() -> None:
        await forget_ended(pool)

    await tick_as_leader(pool, "site-reviewers", tick, every_seconds=EVERY_SECONDS)

"""Forget what those were sent who asked to be forgotten, and reviewers, once it is sent."""

from prometheus_client import Counter

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import tick_as_leader
from services.notify.handlers import forgetting

FORGET_SECONDS = 5.0
ROUNDS_MAX = 20

FORGOTTEN = Counter(
    "notify_mails_forgotten",
    "Mails that lost a recipient who is to be forgotten.",
    registry=telemetry.REGISTRY,
)


async def forget(pool: Pool) -> None:
    """Forget for ever, in one process at a time, what those who asked for it were sent."""

    async def tick() -> None:
        for _ in range(ROUNDS_MAX):
            async with transaction(pool) as conn:
                gone = await forgetting.forget_what_is_done(conn)
            FORGOTTEN.inc(gone)
            if not gone:
                break

    await tick_as_leader(pool, "notify-forgetting", tick, every_seconds=FORGET_SECONDS)

"""News: whoever leads looks for what became news by itself, and writes out what was decided."""

from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import tick_as_leader
from services.notify.handlers import make_news
from services.notify.handlers.broadcasting import write_portion

EVERY_SECONDS = 1.0
JOB = "notify-news"


async def write_news(pool: Pool) -> None:
    """Write news for ever, in one process at a time: business time is looked at each second."""

    async def tick() -> None:
        async with transaction(pool) as conn:
            await make_news.tell_launches(conn)
            await make_news.tell_diary(conn)
        while True:
            async with transaction(pool) as conn:
                written = await write_portion(conn)
            if written is None:
                break
            crash.point("notify.portion_written")

    await tick_as_leader(pool, JOB, tick, every_seconds=EVERY_SECONDS)

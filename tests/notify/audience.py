"""A crowd of supporters, as the ledger tells of it."""

from typing import Any

from contracts.events.pledges import PledgeCreated
from contracts.ids import PledgeId
from services.chassis.storage.database import Pool, transaction
from services.notify.domain.news import News
from services.notify.handlers.broadcasting import Decided, decide, write_portion
from tests.notify.samples import SLUG, a_pledge
from tests.notify.telling import HANDLERS, told

NEWS = News(subject="Last call", heading="Last call", body="One line.\n\nAnother.")


def email(number: int) -> str:
    """Return the address of one of the crowd."""
    return f"person-{number:05d}@crowd.example"


async def crowd(pool: Pool, count: int, *, language: str = "en") -> None:
    """Let so many people pledge, and have their confirmations out of the way."""
    async with transaction(pool) as conn:
        for number in range(count):
            pledge = a_pledge(
                pledge_id=PledgeId(f"pool-intent-{number:032x}"),
                email=email(number),
                language=language,
            )
            await HANDLERS[PledgeCreated](conn, told(PledgeCreated, pledge=pledge))


async def send_nothing_else(owner: Any) -> None:
    """Have what was written so far sent already."""
    await owner.execute(
        """
        UPDATE mails SET status = 'sent', sent_at = clock_timestamp() WHERE broadcast_id IS NULL
        """
    )


async def announce(pool: Pool, news: News = NEWS, *, cause: str = "one") -> Decided:
    """Decide on news and write all its mails."""
    async with transaction(pool) as conn:
        decided = await decide(conn, "announcement", SLUG, news, cause=cause)
    await write_all_news(pool)
    return decided


async def write_all_news(pool: Pool) -> None:
    """Write out whatever was decided."""
    while True:
        async with transaction(pool) as conn:
            if await write_portion(conn) is None:
                return


async def statuses(pool: Pool) -> dict[str, int]:
    """Return how many mails of broadcasts are in which state."""
    rows = await pool.fetch(
        """
        SELECT status, count(*) AS count
        FROM mails
        WHERE broadcast_id IS NOT NULL
        GROUP BY status
        ORDER BY status
        """
    )
    return {row["status"]: row["count"] for row in rows}

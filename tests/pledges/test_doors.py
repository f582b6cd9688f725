"""Who closes a campaign is not kept waiting by those who come later, however many they are."""

import asyncio

from services.chassis.storage.database import transaction
from services.pledges.queries import campaigns
from tests.pledges.ledger import Ledger


async def waiting(ledger: Ledger, count: int, task: asyncio.Task[None]) -> None:
    """Return once so many sessions wait for a lock, or the task has not waited at all."""
    while not task.done():
        found = await ledger.owner.fetchval(
            """
            SELECT count(DISTINCT pid)
            FROM pg_locks
            JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """
        )
        if found >= count:
            return
        await asyncio.sleep(0.01)


async def test_a_campaign_is_closed_before_those_who_come_later_change_a_pledge(
    ledger: Ledger,
) -> None:
    slug = await ledger.open()
    order: list[str] = []

    async def close() -> None:
        async with transaction(ledger.pool) as conn:
            await campaigns.lock_campaign(conn, slug)
            order.append("the close")

    async def cancel() -> None:
        async with transaction(ledger.pool) as conn:
            await campaigns.lock_campaigns_shared(conn, [slug])
            order.append("who came later")

    async with transaction(ledger.pool) as conn:
        await campaigns.lock_campaigns_shared(conn, [slug])
        closing = asyncio.create_task(close())
        await waiting(ledger, 1, closing)
        # Comes while the campaign is held by others who change pledges, and could join them.
        cancelling = asyncio.create_task(cancel())
        await waiting(ledger, 2, cancelling)
        # Who is in may come in again while somebody waits to close.
        again = await campaigns.lock_campaigns_shared(conn, [slug])
    await asyncio.gather(closing, cancelling)

    assert list(again.campaigns) == [slug]
    assert order == ["the close", "who came later"]

"""A ledger to act on: events in, sums and outbox out."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.api.analytics import CampaignAnalytics, Overview
from contracts.api.pledges import PledgeRecord
from contracts.events import pledges
from contracts.events.base import Event
from contracts.events.checkout import CheckoutCompleted
from contracts.ids import CampaignSlug, PledgeId
from contracts.magic_link import MagicLink
from services.chassis.storage.database import Pool, transaction
from services.pledges.consumers import listeners
from services.pledges.domain.figures import Correction, Stats
from services.pledges.domain.pledge import Pledge
from services.pledges.handlers.cancel_pledge import cancel_pledge
from services.pledges.handlers.check_projections import check_all, recalculate
from services.pledges.handlers.close_campaign import Outcome, close_campaign
from services.pledges.handlers.read_figures import read_analytics, read_overview
from services.pledges.handlers.read_stats import read_stats
from services.pledges.queries.ledger import list_pledges
from services.pledges.schedules.closing import Closer
from tests.pledges.builders import SLUG, a_definition, deadline_passed, drained, published

HANDLERS = {
    event: handler for each in listeners() for event, handler in each.handlers.by_type.items()
}
PUBLISHED = {
    event.__struct_config__.tag: event
    for event in vars(pledges).values()
    if isinstance(event, type) and issubclass(event, Event) and event is not Event
}


class Ledger(msgspec.Struct, frozen=True):
    """The ledger's pool, and a superuser's connection for what no service may do."""

    pool: Pool
    owner: Any

    async def hear(self, *events: Event) -> None:
        """Apply events, each in a transaction of its own."""
        for event in events:
            async with transaction(self.pool) as conn:
                await HANDLERS[type(event)](conn, event)

    async def open(self, slug: str = SLUG, **facts: Any) -> CampaignSlug:
        """Publish a campaign."""
        definition = a_definition(slug, **facts)
        await self.hear(published(definition))
        return definition.slug

    async def end(self, orders: list[CheckoutCompleted], slug: CampaignSlug = SLUG) -> Outcome:
        """Move past the deadline, say that these orders were counted, and close."""
        await self.advance(days=30)
        await self.hear(deadline_passed(slug), drained(orders, slug))
        return await self.close(slug)

    async def hear_the_end(
        self, orders: list[CheckoutCompleted], slug: CampaignSlug = SLUG
    ) -> None:
        """Say that the deadline passed and that these orders were counted."""
        await self.hear(deadline_passed(slug), drained(orders, slug))
        async with transaction(self.pool) as conn:
            await close_campaign(conn, slug)

    async def close(self, slug: CampaignSlug = SLUG) -> Outcome:
        """Try to close."""
        async with transaction(self.pool) as conn:
            return await close_campaign(conn, slug)

    async def recalculate(self, slug: CampaignSlug = SLUG) -> Correction:
        """Repair the totals as an operator."""
        async with transaction(self.pool) as conn:
            return await recalculate(conn, slug)

    async def tick(self) -> None:
        """Do one round of the closing loop."""
        await Closer(self.pool).tick()

    async def cancel(self, pledge_id: PledgeId, order_id: str | None = None) -> PledgeRecord:
        """Cancel as the holder of the pledge's link."""
        async with transaction(self.pool) as conn:
            return await cancel_pledge(conn, await self.link(pledge_id), order_id=order_id)

    async def link(self, pledge_id: PledgeId) -> MagicLink:
        """Return what the link in the confirmation says."""
        pledge = await self.pledge(pledge_id)
        return MagicLink(
            pledge_id=pledge_id, email=pledge.email, campaign_slug=pledge.campaign, exp=2**40
        )

    async def pledge(self, pledge_id: PledgeId) -> Pledge:
        """Return a pledge as it stands."""
        async with self.pool.acquire() as conn:
            return (await list_pledges(conn, [pledge_id]))[0]

    async def stats(self, slug: CampaignSlug = SLUG) -> Stats:
        """Return the public figures."""
        async with self.pool.acquire() as conn:
            return await read_stats(conn, slug)

    async def analytics(self, slug: CampaignSlug = SLUG) -> CampaignAnalytics:
        """Return what an operator is shown of a campaign."""
        async with transaction(self.pool) as conn:
            return await read_analytics(conn, slug)

    async def overview(self) -> Overview:
        """Return what an operator is shown of all campaigns."""
        async with transaction(self.pool) as conn:
            return await read_overview(conn)

    async def told(self, *kinds: type[Event]) -> list[Any]:
        """Return the events in the outbox, oldest first, of these kinds."""
        rows = await self.pool.fetch("SELECT payload, event_type FROM outbox ORDER BY outbox_id")
        events = [
            msgspec.json.decode(row["payload"], type=PUBLISHED[row["event_type"]]) for row in rows
        ]
        return [each for each in events if not kinds or isinstance(each, kinds)]

    async def assert_in_sync(self) -> None:
        """History, pledges and totals must agree."""
        async with transaction(self.pool) as conn:
            check = await check_all(conn)
        assert check.in_sync, msgspec.json.format(msgspec.json.encode(check)).decode()

    async def advance(self, **span: float) -> None:
        """Move the platform's clock, as the sandbox would."""
        await self.owner.execute(
            "UPDATE platform.clock_offset SET offset_by = offset_by + $1", timedelta(**span)
        )

    async def now(self) -> datetime:
        """Return the platform's time."""
        now: datetime = await self.owner.fetchval("SELECT platform.now()")
        return now

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))

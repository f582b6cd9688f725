"""A settlement under test: requests in, time passing, processes dying."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.events.checkout import Card
from contracts.events.pledges import PledgeCardChanged
from contracts.ids import CampaignSlug, ChargeId
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.settlement.domain.charging import Work
from services.settlement.handlers import look_after, make_charge, recover, take_requests
from services.settlement.schedules import charges
from services.settlement.steps import charge, end_recovery
from services.settlement.stripe_gateway.charges import StripeGateway
from tests.settlement.builders import a_pledge, a_slug, closed, move_clock, requested

ROUNDS_MAX = 12


class Settlement:
    """One funded campaign's charges, worked on by whoever is alive."""

    def __init__(self, pool: Pool, owner: Connection, gateway: StripeGateway) -> None:
        self.pool = pool
        self.owner = owner
        self.gateway = gateway
        self.slug: CampaignSlug = a_slug()

    async def ask(self, *cards: Card, **facts: Any) -> list[ChargeId]:
        """Close the campaign and ask for one charge for each card."""
        async with transaction(self.pool) as conn:
            await take_requests.keep_closing(conn, closed(self.slug, count=len(cards)))
            for card in cards:
                await take_requests.request_charge(conn, requested(self.slug, card, **facts))
        rows = await self.owner.fetch("SELECT charge_id FROM charges ORDER BY charge_id")
        return [row["charge_id"] for row in rows]

    async def take(self, charge_id: ChargeId) -> Work | None:
        async with transaction(self.pool) as conn:
            work = await make_charge.take_charge(conn, charge_id)
            if work is None or work.is_ready:
                return work
            return await make_charge.make_ready(conn, work)

    async def begin_confirm(self, work: Work, intent_id: str) -> None:
        async with transaction(self.pool) as conn:
            await make_charge.begin_confirm(conn, work, intent_id)

    async def charge(self, charge_id: ChargeId) -> None:
        """Do what a charger does with one message."""
        await charge.charge(self.pool, self.gateway, charge_id)

    async def leases_end(self) -> None:
        """Let so much time pass that a dead process' lease is over."""
        await self.owner.execute(
            "UPDATE charges SET lease_until = clock_timestamp() - interval '1 ms' "
            "WHERE lease_until > clock_timestamp()"
        )

    async def time_passes(self) -> None:
        """Let every delay be over."""
        await self.leases_end()
        await self.owner.execute(
            "UPDATE charges SET due_at = clock_timestamp() - interval '1 ms' "
            "WHERE due_at > clock_timestamp()"
        )

    async def tick(self, *, to: datetime | None = None) -> None:
        """Let the calendar of recovery look, at an instant if one is given."""
        if to is not None:
            await move_clock(self.owner, to)
        await end_recovery.recover_due(self.pool, self.gateway)

    async def change_card(self, charge_id: ChargeId, card: Card, *, saved_at: datetime) -> None:
        """Let the ledger say that the charge's pledge has this card now."""
        row = await self.pool.fetchrow(
            """
            SELECT supporter_id, pledge_ids[1] AS pledge_id, coalesce((
                SELECT revision FROM pledge_copies WHERE pledge_id = pledge_ids[1]), 1) AS revision
            FROM charges
            WHERE charge_id = $1
            """,
            charge_id,
        )
        assert row is not None
        snapshot = msgspec.structs.replace(
            a_pledge(self.slug, supporter=row["supporter_id"], order=row["pledge_id"], card=card),
            revision=row["revision"] + 1,
            card_saved_at=saved_at,
        )
        event = PledgeCardChanged(event_id=new_event_id(), occurred_at=saved_at, pledge=snapshot)
        async with transaction(self.pool) as conn:
            await recover.hear_card(conn, event)

    async def read(self, charge_id: ChargeId) -> Any:
        """Return the charge's row."""
        return await self.owner.fetchrow("SELECT * FROM charges WHERE charge_id = $1", charge_id)

    async def finish(self) -> None:
        """Let the sweeper, chargers and the janitor work until nothing is open."""
        for _ in range(ROUNDS_MAX):
            await self.time_passes()
            async with transaction(self.pool) as conn:
                await look_after.sweep(conn, is_queue_empty=True)
            for charge_id in await self.undecided():
                await self.charge(charge_id)
            await charges.reader(self.pool, self.gateway).finish()
            if not await self.undecided():
                return

    async def undecided(self) -> list[ChargeId]:
        rows = await self.owner.fetch(
            "SELECT charge_id FROM charges WHERE status IN ('new', 'sending', 'unknown') "
            "ORDER BY charge_id"
        )
        return [row["charge_id"] for row in rows]

    async def statuses(self) -> list[str]:
        rows = await self.owner.fetch("SELECT status FROM charges ORDER BY charge_id")
        return [row["status"] for row in rows]

    async def attempts(self) -> list[tuple[int, str]]:
        rows = await self.owner.fetch(
            "SELECT attempt, state FROM charge_attempts ORDER BY charge_id, attempt"
        )
        return [(row["attempt"], row["state"]) for row in rows]

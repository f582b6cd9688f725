"""What the ledger does by itself: close what can be closed, and tell what a close decided."""

from collections.abc import Awaitable, Callable

from asyncpg import PostgresError
from prometheus_client import Counter, Gauge

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Connection, Pool, transaction
from services.chassis.storage.leader import tick_as_leader
from services.pledges.handlers.announce_abandoned import abandon_stale, announce_abandoned
from services.pledges.handlers.announce_close import (
    BATCH,
    announce_charge_requests,
    announce_releases,
)
from services.pledges.handlers.ask_for_orders import ask_for_orders
from services.pledges.handlers.close_campaign import close_campaign
from services.pledges.handlers.forget_addresses import forget_addresses
from services.pledges.handlers.forget_refusals import forget_refusals
from services.pledges.handlers.send_links import send_links
from services.pledges.queries import closing
from services.pledges.queries.closing import Closing

log = telemetry.logger(__name__)

CLOSING_MAX = 100
BATCHES_MAX = 1_000
# Longer than the bus knows a message again: what is said anew within that it would drop.
ASK_AFTER_SECONDS = 150
ASK_EVERY_SECONDS = 300
STUCK_SECONDS = 300
ALERT_EVERY_SECONDS = 60
FORGET_SECONDS = 3_600.0

CLOSING = Gauge(
    "ledger_closing_campaigns",
    "Campaigns past their deadline whose final count is not written.",
    registry=telemetry.REGISTRY,
)
CLOSING_OLDEST = Gauge(
    "ledger_closing_oldest_seconds",
    "How long the oldest of them has been counting; an alert over 300.",
    registry=telemetry.REGISTRY,
)
DISAGREEING = Gauge(
    "ledger_disagreeing_campaigns",
    "Campaigns kept from closing because their sums do not agree.",
    registry=telemetry.REGISTRY,
)
UNANNOUNCED = Gauge(
    "ledger_unannounced",
    "Rows of a close whose event is not cut yet.",
    ("kind",),
    registry=telemetry.REGISTRY,
)

ADDRESSES_FORGOTTEN = Counter(
    "ledger_addresses_forgotten",
    "Pledges whose postal address was past its time.",
    registry=telemetry.REGISTRY,
)

REFUSALS_FORGOTTEN = Counter(
    "ledger_refusals_forgotten",
    "Refused orders whose person was past their time.",
    registry=telemetry.REGISTRY,
)


async def forget_old(pool: Pool) -> None:
    """Forget every hour, in one process at a time, who and where nobody needs to know of."""

    async def tick() -> None:
        for _ in range(BATCHES_MAX):
            async with transaction(pool) as conn:
                addresses, refusals = await forget_addresses(conn), await forget_refusals(conn)
            ADDRESSES_FORGOTTEN.inc(addresses)
            REFUSALS_FORGOTTEN.inc(refusals)
            if not addresses and not refusals:
                break

    await tick_as_leader(pool, "pledges:forgetting", tick, every_seconds=FORGET_SECONDS)


class Closer:
    """Closes campaigns and cuts the events of closes, one round at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._alerted_at: dict[str, float] = {}
        self._asked_at: dict[str, float] = {}

    async def run(self) -> None:
        """Look every second, in one process at a time."""
        await tick_as_leader(self._pool, "pledges:closing", self.tick)

    async def tick(self) -> None:
        """Close what can close, then tell whom it concerns."""
        await self._close()
        await self._empty(announce_charge_requests)
        await self._empty(announce_releases)
        await self._empty(abandon_stale)
        await self._empty(announce_abandoned)
        await self._empty(send_links)
        await self._measure()

    async def _close(self) -> None:
        async with transaction(self._pool) as conn:
            waiting = await closing.list_closing(conn, limit=CLOSING_MAX)
        disagreeing = 0
        for each in waiting:
            try:
                async with transaction(self._pool) as conn:
                    outcome = await close_campaign(conn, each.campaign)
                    if outcome == "closed":
                        crash.point("pledges.before_close")
            except (PostgresError, *DATABASE_BUSY):
                # One campaign that cannot close must not keep the others open.
                log.exception("close_failed", campaign=each.campaign)
                continue
            if outcome == "closed":
                crash.point("pledges.after_close")
                log.info("campaign_closed", campaign=each.campaign)
                self._alerted_at.pop(each.campaign, None)
                self._asked_at.pop(each.campaign, None)
            else:
                disagreeing += outcome == "disagrees"
                if outcome == "waiting":
                    await self._ask(each)
                self._alert(each, outcome)
        DISAGREEING.set(disagreeing)

    async def _ask(self, waiting: Closing) -> None:
        """Ask checkout to say its orders again, now and then for as long as it takes.

        Whoever leads after us asks once more: to say an event twice does no harm.
        """
        last = self._asked_at.get(waiting.campaign, ASK_AFTER_SECONDS - ASK_EVERY_SECONDS)
        if waiting.waiting_seconds - last < ASK_EVERY_SECONDS:
            return
        async with transaction(self._pool) as conn:
            await ask_for_orders(conn, waiting.campaign, waiting_seconds=waiting.waiting_seconds)
        self._asked_at[waiting.campaign] = waiting.waiting_seconds

    def _alert(self, waiting: Closing, outcome: str) -> None:
        """Say at once that sums disagree, and after five minutes that orders are missing."""
        if outcome == "waiting" and waiting.waiting_seconds < STUCK_SECONDS:
            return
        last = self._alerted_at.get(waiting.campaign)
        if last is None or waiting.waiting_seconds - last >= ALERT_EVERY_SECONDS:
            self._alerted_at[waiting.campaign] = waiting.waiting_seconds
            log.error(
                "closing_stuck",
                campaign=waiting.campaign,
                outcome=outcome,
                has_drained=waiting.has_drained,
                waiting_seconds=round(waiting.waiting_seconds),
            )

    async def _empty(self, announce: Callable[[Connection], Awaitable[int]]) -> None:
        for _ in range(BATCHES_MAX):
            async with transaction(self._pool) as conn:
                announced = await announce(conn)
                if announced:
                    crash.point("pledges.before_announced")
            if announced:
                crash.point("pledges.after_announced")
            if announced < BATCH:
                return

    async def _measure(self) -> None:
        async with transaction(self._pool) as conn:
            waiting = await closing.list_closing(conn, limit=CLOSING_MAX)
            backlog = await closing.count_backlog(conn)
        CLOSING.set(len(waiting))
        CLOSING_OLDEST.set(max((each.waiting_seconds for each in waiting), default=0))
        UNANNOUNCED.labels("charge_request").set(backlog.charge_requests)
        UNANNOUNCED.labels("release").set(backlog.releases)

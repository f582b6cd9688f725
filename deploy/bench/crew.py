"""One settlement under measurement: a stack, its chargers, and what Stripe saw of them."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from deploy.bench import asked, bare_charge, cpu
from deploy.bench.backlog import copy_order
from deploy.bench.figures import Say
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd
from deploy.chaos.experiment import CONNECTIONS_MAX, Play
from deploy.chaos.stage import NotInTime, staged, until

LATENCY_MS = 250
KILLED_AT = 1 / 3
# Creating and confirming; then one read of what Stripe kept for itself.
CALLS = ("POST payment_intents", "POST payment_intents/{}/confirm")
REQUESTS_OF_A_CHARGE = 4
OURS = ("postgres", "nats", "redis", "pledges")
SAMPLE_SECONDS = 0.5
STILL_SECONDS = 3.0
KILL_TRIES = 5
# Both calls to Stripe and what is written between them, on a busy machine.
ANSWERED_SECONDS = 3.0
REST_SECONDS = 300.0
SETTLE_SECONDS = 300.0

COUNTING = """
SELECT state = 'closing' AND drained_hash IS NOT NULL
FROM pledges.campaign_state
JOIN pledges.closing_signals USING (campaign)
WHERE campaign = $1
"""
DECIDED = """
SELECT count(*)
FROM settlement.charges
WHERE campaign = $1 AND status = 'succeeded'
"""
LEASED = """
SELECT charge_id, lease_token
FROM settlement.charges
WHERE campaign = $1
  AND status = 'sending'
  AND lease_until > clock_timestamp()
"""
TOOK = """
SELECT extract(epoch FROM max(decided_at) - min(requested_at))::float8 AS seconds,
       count(*) FILTER (WHERE status <> 'succeeded') AS undecided
FROM settlement.charges
WHERE campaign = $1
"""


@dataclass
class Run:
    """What one settlement came to."""

    supporters: int
    seconds: float = 0.0
    # Without those whose charger was killed.
    undisturbed_seconds: float = 0.0
    # Leased by the charger that was killed; with what it had taken off the bus.
    held: int = 0
    disturbed: int = 0
    per_second: float = 0.0
    fullest: int = 0
    refused: float = 0.0
    cpu_ms: float = 0.0
    charged_twice: int = 0
    resident_mib: list[float] = field(default_factory=list)


@dataclass
class Crew:
    """A fresh stack whose account may do so many requests of a kind a second."""

    play: Play
    limit: int
    chargers: tuple[str, ...]
    copied: set[str] = field(default_factory=set)

    async def publish(self) -> str:
        """Return a campaign that ends in two days and is funded by anybody."""
        return await self.play.crowd.publish("settled", ends_in_days=2)

    async def fill(self, count: int) -> str:
        """Return a campaign with `count` pledges, of which one was made by a person.

        The others are copies of it, each somebody else's: what is measured begins with
        the close, and how people pledge is another bench's work.
        """
        slug = await self.publish()
        first = await self.play.crowd.pledge(slug)
        conn = await owner.connected(self.play.stage)
        try:
            await copy_order(conn, first.order_id, count - 1)
        finally:
            await conn.close()
        await self.has_pledges(slug, count)
        self.copied.add(slug)
        return slug

    async def has_pledges(self, slug: str, count: int) -> None:
        """Wait until everybody's pledge is known, and everything about it was done."""

        async def are_all_there() -> bool:
            query = "SELECT count(*) FROM settlement.pledge_copies WHERE campaign = $1"
            return bool(await owner.value(self.play.stage, query, slug) == count)

        await until(are_all_there, seconds=REST_SECONDS, what=f"{count} pledges", every=0.5)
        await self.play.rested(REST_SECONDS)

    async def settle(self, slug: str, count: int, *, kill: bool = False) -> Run:
        """Let the deadline pass and everybody be charged, with Stripe and Resend slow."""
        crowd, stage = self.play.crowd, self.play.stage
        await crowd.faults(latency_ms=LATENCY_MS, endpoint_rate_limit_per_second=self.limit)
        run, began = Run(count), time.time()
        ours = (*OURS, *self.chargers)
        used = cpu.seconds(stage, ours)
        await crowd.move_clock(advance="P3D")
        if slug in self.copied:
            await self._close(slug, count)
        ended = asyncio.Event()
        sampling = asyncio.create_task(self._sample(run, ended))
        if kill:
            await self._reached(slug, round(count * KILLED_AT))
            run.held = await self._kill_with_hands_full(slug)
            await self._stood_still(slug)
            # What the killed one held waits for its leases, or for the bus to give its
            # messages to somebody else: everybody else is done.
            run.undisturbed_seconds, run.disturbed = await self._took(slug)
            await stage.skip_leases()
        await self._reached(slug, count)
        run.seconds, _ = await self._took(slug)
        ended.set()
        await sampling
        # Of a process that was killed nobody knows what it had used.
        run.cpu_ms = (cpu.seconds(stage, ours) - used) * 1_000 / count
        await crowd.faults(latency_ms=0, endpoint_rate_limit_per_second=0)
        await self._judge(run, slug, began)
        return run

    async def _kill_with_hands_full(self, slug: str) -> int:
        """Kill the last charger in the middle of charges; return how many it held.

        Nobody writes down who holds a lease. So it is stopped first: what was leased then,
        and still is when everybody else has long been answered, is its own.
        """
        stage, name = self.play.stage, self.chargers[-1]
        for _ in range(KILL_TRIES):
            stopped = stage.freeze(name)
            before = await self._leases(slug)
            await asyncio.sleep(ANSWERED_SECONDS)
            if held := before & await self._leases(slug):
                stage.send(name, signal.SIGKILL)
                return len(held)
            stage.thaw(stopped)
            await asyncio.sleep(LATENCY_MS / 1_000)
        raise NotInTime(f"{name} never held a charge")

    async def _leases(self, slug: str) -> set[tuple[str, int]]:
        found = await owner.rows(self.play.stage, LEASED, slug)
        return {(row["charge_id"], row["lease_token"]) for row in found}

    async def bare_ms(self, slug: str) -> float:
        """Return the CPU of a charge with nothing around it, in milliseconds."""
        await self.play.crowd.faults(drop_webhooks=True)
        stage = self.play.stage
        return await bare_charge.cpu_ms(stage, slug, api_base=stage.sandbox)

    async def _close(self, slug: str, count: int) -> None:
        """Close on the copies, too: checkout names no order that nobody started there."""

        async def is_counting() -> bool:
            return bool(await owner.value(self.play.stage, COUNTING, slug))

        await until(is_counting, seconds=REST_SECONDS, what=f"{slug} is counted")
        await self.play.crowd.as_operator(f"/admin/close/{slug}", {"orderCount": count})

    async def _reached(self, slug: str, count: int) -> None:
        async def has_reached() -> bool:
            return bool(await owner.value(self.play.stage, DECIDED, slug) >= count)

        await until(has_reached, seconds=SETTLE_SECONDS, what=f"{count} charged", every=0.2)

    async def _took(self, slug: str) -> tuple[float, int]:
        """Return how long the charges took that are decided, and how many are not."""
        (row,) = await owner.rows(self.play.stage, TOOK, slug)
        return row["seconds"], row["undecided"]

    async def _stood_still(self, slug: str) -> None:
        """Wait until nobody is charged any more for a while."""
        before = -1
        while (now := await owner.value(self.play.stage, DECIDED, slug)) != before:
            before = now
            await asyncio.sleep(STILL_SECONDS)

    async def _sample(self, run: Run, ended: asyncio.Event) -> None:
        while not ended.is_set():
            stage = self.play.stage
            run.resident_mib.append(sum(cpu.resident_mib(stage, name) for name in self.chargers))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _judge(self, run: Run, slug: str, began: float) -> None:
        """Read how fast it was where it was seen: at the sandbox, and in the charges."""
        _, log = await self.play.crowd.patiently("GET", "/sandbox/requests.json", is_sandbox=True)
        seen = asked.by_endpoint(each for each in log if each["at"] >= began)
        calls = [seen[name] for name in CALLS]
        run.fullest = max(asked.fullest_second([each["at"] for each in one]) for one in calls)
        run.refused = asked.refused_share([each for one in calls for each in one])
        first = min(each["at"] for each in seen[CALLS[1]])
        rush = [
            each["at"]
            for each in seen[CALLS[1]]
            if each["status"] == 200
            and each["at"] - first <= (run.undisturbed_seconds or run.seconds)
        ]
        run.per_second = asked.per_second(rush)
        intents = await self.play.crowd.payment_intents(slug)
        paid = [each["metadata"]["pool_charge"] for each in intents if _is_paid(each)]
        assert len(set(paid)) == run.supporters, "everybody is charged"
        run.charged_twice = len(paid) - len(set(paid))


def _is_paid(intent: dict[str, object]) -> bool:
    return intent["status"] == "succeeded"


@asynccontextmanager
async def crew(seed: int, say: Say, *, limit: int, chargers: int = 1) -> AsyncIterator[Crew]:
    """Run a stack with so many chargers under one limit."""
    settings = {
        "SETTLEMENT_CHARGES_PER_SECOND": str(limit),
        "STRIPE_REQUESTS_PER_SECOND": str(limit * REQUESTS_OF_A_CHARGE),
        "STRIPE_PROCESSES": str(chargers + 1),
    }
    async with (
        staged(seed=seed, chargers=chargers, settings=settings) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        more = tuple(f"settlement-charger-{number}" for number in range(2, chargers + 1))
        play = Play(stage, Crowd(stage, http, seed=seed), say)
        yield Crew(play, limit, ("settlement", *more))

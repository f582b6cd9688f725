"""cluster: NATS as three nodes loses one, then the leader of the charge queue, amid a settlement.

Every stream has three copies. What was acknowledged is on two of them, so nothing is lost,
nobody is charged twice, and the queue goes on as soon as the others have chosen a leader.
"""

import asyncio
import contextlib
import itertools
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import nats

from contracts.streams import STREAMS, consumer
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import until
from deploy.local.plan import nats_names

NODES = 3
SUPPORTERS = 1_000
PER_SECOND = 12
CHARGES_PER_SECOND = 25
LOOK_SECONDS = 0.2
PAUSE_SECONDS_MAX = 15.0
QUEUE = consumer("settlement-chargers")


async def act(play: Play) -> list[Measure]:
    """Play it at its full size."""
    return await settle(play, supporters=SUPPORTERS)


async def settle(play: Play, *, supporters: int) -> list[Measure]:
    """Figures: who was charged twice or not at all, and how long the queue stood still."""
    copies = await _copies(play)
    slug = await play.crowd.publish("cluster", ends_in_days=2)
    people = await play.crowd.crowd(slug, supporters, per_second=PER_SECOND)
    await play.rested(180)
    await play.crowd.move_clock(advance="P3D")
    began = time.monotonic()
    async with _watched(play, slug) as moments:
        await _charged(moments, supporters // 4)
        leader = await _leader(play)
        follower = next(name for name in nats_names(NODES) if name != leader)
        play.stage.send(follower, signal.SIGKILL)
        play.say(f"killed {follower}, a node that follows")
        await _charged(moments, supporters // 2)
        await _is_whole(play)
        leader = await _leader(play)
        play.stage.send(leader, signal.SIGKILL)
        play.say(f"killed {leader}, which led the charge queue")
        await play.crowd.wait_settled(slug, seconds=300)
    seconds = time.monotonic() - began
    paid = await _paid(play, slug)
    run = await play.crowd.run_of(slug)
    return [
        Measure("supporters charged twice", sum(each > 1 for each in paid.values()), "", 0),
        Measure("supporters charged", len(paid), "", supporters, is_floor=True),
        Measure("certificate adds up", int(run["certificate"]["addsUp"]), "", 1, is_floor=True),
        Measure("copies of the stream with fewest", copies, "", NODES, is_floor=True),
        Measure(
            "longest pause of the queue", _pause(moments), "s", PAUSE_SECONDS_MAX, is_pace=True
        ),
        Measure("until every charge was decided", round(seconds, 1), "s", 120, is_pace=True),
        Measure("people without their pledge", _without(people), f"of {supporters}", 0),
    ]


@contextlib.asynccontextmanager
async def _watched(play: Play, slug: str) -> AsyncIterator[list[tuple[float, int]]]:
    """Note again and again how many were charged: pairs of a moment and a number."""
    moments: list[tuple[float, int]] = [(time.monotonic(), 0)]

    async def look_for_ever() -> None:
        while True:
            run = await play.crowd.run_of(slug)
            if run.get("succeeded", 0) > moments[-1][1]:
                moments.append((time.monotonic(), run["succeeded"]))
            await asyncio.sleep(LOOK_SECONDS)

    looking = asyncio.create_task(look_for_ever())
    try:
        yield moments
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking


async def _charged(moments: Sequence[tuple[float, int]], count: int) -> None:
    async def are() -> bool:
        return moments[-1][1] >= count

    await until(are, seconds=180, what=f"{count} charged")


async def _copies(play: Play) -> int:
    """Return how many nodes hold the stream that the fewest hold."""
    client = await nats.connect(play.stage.document["nats"].split(","), connect_timeout=2)
    try:
        found = [await client.jetstream().stream_info(each.name) for each in STREAMS]
    finally:
        await client.close()
    return min(each.config.num_replicas or 1 for each in found)


async def _leader(play: Play) -> str:
    """Return the process that leads the stream of the charge queue."""
    client = await nats.connect(play.stage.document["nats"].split(","), connect_timeout=2)
    try:
        info = await client.jetstream().stream_info(QUEUE.stream)
    finally:
        await client.close()
    named = info.cluster.leader if info.cluster else None
    # The first node is named as if it were alone, the others by their number.
    number = str(named).rpartition("-")[2]
    return f"nats-{number}" if f"nats-{number}" in nats_names(NODES) else "nats"


async def _is_whole(play: Play) -> None:
    """Wait until the node that was killed has caught up: with two of three gone nothing is kept."""

    async def is_current() -> bool:
        client = await nats.connect(play.stage.document["nats"].split(","), connect_timeout=2)
        try:
            info = await client.jetstream().stream_info(QUEUE.stream)
        finally:
            await client.close()
        others = (info.cluster.replicas or []) if info.cluster else []
        return len(others) == NODES - 1 and all(each.current for each in others)

    await until(is_current, seconds=60, what="the node is back")


async def _paid(play: Play, slug: str) -> Counter[str]:
    intents = await play.crowd.payment_intents(slug)
    return Counter(each["customer"] for each in intents if each["status"] == "succeeded")


def _pause(moments: Sequence[tuple[float, int]]) -> float:
    """Return the longest time in which nobody was charged, from the first charge on."""
    times = [at for at, count in moments if count]
    return round(max(b - a for a, b in itertools.pairwise(times)), 1)


def _without(people: Sequence[Pledge]) -> int:
    return sum(not each.is_persisted for each in people)


EXPERIMENT = Experiment(
    id="cluster",
    says="NATS on three nodes loses one, then the leader of the charge queue, as 1,000 are charged",
    act=act,
    settings={
        "NATS_REPLICAS": str(NODES),
        "SETTLEMENT_CHARGES_PER_SECOND": str(CHARGES_PER_SECOND),
    },
    nats_nodes=NODES,
    rest_seconds=180,
)

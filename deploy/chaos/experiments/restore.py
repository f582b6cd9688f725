"""restore: a backup under twenty pledges a second; then everything is gone, and comes back.

In the backup a charge is unknown and events wait for a bus that hangs. Then the world goes
on: people are charged, given back, pledge, change their card. Nobody may be charged twice,
nor be mailed again what they were told before. Source: reliability B-1 to B-5.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.chaos import held, mailed, owner, restored
from deploy.chaos.card_update import update_card
from deploy.chaos.checker import SCHEMAS
from deploy.chaos.commands import answer
from deploy.chaos.crowd import DECLINED_LATER, Crowd, Pledge
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.restored import PER_SECOND, SUPPORTERS, WHO_CANT_PAY, World
from deploy.chaos.stage import until
from deploy.local.layout import DataDir
from deploy.recovery import manifest

CHARGES_PER_SECOND = 4
ANSWERS_LOST = 0.4
UNKNOWN_MIN = 2
UNPUBLISHED_MIN = 20
GOES_ON_SECONDS = 5.0
HOLDS_SECONDS = 5.0
RPO_SECONDS = 4 * 3_600.0
RTO_SECONDS = 300.0

# The world outside, and what an operator keeps elsewhere: neither is in a backup.
SPARED = ("sandbox", "secrets.json")

UNKNOWN = "SELECT count(*) FROM settlement.charges WHERE status = 'unknown'"
UNPUBLISHED = " + ".join(
    f"(SELECT count(*) FROM {schema}.outbox WHERE published_at IS NULL)"  # noqa: S608
    for schema in SCHEMAS
)


async def act(play: Play) -> list[Measure]:
    """Play it with a place for the backup that outlives everything."""
    with tempfile.TemporaryDirectory(prefix="pool-backup-") as elsewhere:
        return await _played(play, Path(elsewhere) / "backup")


async def _played(play: Play, backup: Path) -> list[Measure]:
    """Figures: who was charged or told twice, what came back, and how long it took."""
    world = await _before(play)
    async with _coming(play, world):
        in_backup = await _backed_up(play, world, backup)
        await asyncio.sleep(GOES_ON_SECONDS)
    await _world_goes_on(play, world)
    taken = await restored.taken(play, world)
    destroyed = time.monotonic()
    rpo = time.time() - datetime.fromisoformat(world.made["manifest"]["made_at"]).timestamp()
    play.say(f"everything is destroyed {rpo:.1f} s after the backup")
    assert play.stage.life is not None
    await play.stage.life.destroy(spared=SPARED)
    play.stage.faults["everything destroyed"] += 1
    found = await _come_back(play, backup)
    shown = time.monotonic() - destroyed
    moved = await _stands_still(play, world, taken)
    report = await _resumed(play, world)
    rto = time.monotonic() - destroyed
    play.say(f"goes on after {rto:.1f} s")
    return [
        *await restored.charged_once(play, world, taken),
        *await restored.told_once(play, world),
        *await restored.pledges_back(play, world, report["checkouts"]["lost"]),
        Measure("rules broken in what was restored", len(found["wrong"]), "", 0),
        Measure("charges and mails before the operator's word", moved, "", 0),
        Measure("where we and Stripe differ in the end", await restored.breaks(play), "", 0),
        *in_backup,
        Measure("RPO: age of the backup at the disaster", round(rpo, 1), "s", RPO_SECONDS),
        Measure("the restore itself", found["seconds"], "s", 60, is_pace=True),
        Measure("until pages are shown", round(shown, 1), "s", RTO_SECONDS, is_pace=True),
        Measure("RTO: until people can pledge", round(rto, 1), "s", RTO_SECONDS, is_pace=True),
    ]


async def _before(play: Play) -> World:
    """People pledge; a campaign ends, and is being charged while answers are lost."""
    paying = await play.crowd.publish("paying", ends_in_days=2)
    running = await play.crowd.publish("running", ends_in_days=20)
    pays, cant = await asyncio.gather(
        play.crowd.crowd(paying, SUPPORTERS - WHO_CANT_PAY, per_second=15),
        play.crowd.crowd(paying, WHO_CANT_PAY, per_second=2, card=DECLINED_LATER),
    )
    world = World(paying, running, [*pays, *cant])
    await play.crowd.pledge(running, into=world.early)
    await play.rested()
    await play.crowd.faults(timeout_rate=ANSWERS_LOST)
    play.stage.faults[f"lost answers, {ANSWERS_LOST:.0%}"] += 1
    await play.crowd.move_clock(advance="P3D")

    async def are_unknown() -> bool:
        return bool(await owner.value(play.stage, UNKNOWN) >= UNKNOWN_MIN)

    await until(are_unknown, seconds=90, what="charges are unknown")
    await play.crowd.faults(reset=True)
    return world


@asynccontextmanager
async def _coming(play: Play, world: World) -> AsyncIterator[None]:
    """Let people pledge at a steady pace meanwhile; at the end everybody has their pledge."""
    coming: list[asyncio.Task[Pledge]] = []

    async def come() -> None:
        while True:
            coming.append(asyncio.create_task(play.crowd.pledge(world.running, into=world.late)))
            await asyncio.sleep(1 / PER_SECOND)

    pace = asyncio.create_task(come())
    try:
        yield
    finally:
        pace.cancel()
    await asyncio.gather(*coming)


async def _backed_up(play: Play, world: World, folder: Path) -> list[Measure]:
    """Back up while the bus hangs and events pile up; return what is in the backup."""
    frozen = play.stage.freeze("nats")
    try:
        await until(
            lambda: _are_unpublished(play), seconds=60, what=f"{UNPUBLISHED_MIN} events wait"
        )
        world.told = await play.crowd.mails("")
        began = len(world.late)
        at = time.monotonic()
        code, world.made = await answer("backup", str(folder), data=play.stage.data.path)
        assert code == 0, world.made
        pace = (len(world.late) - began) / (time.monotonic() - at)
    finally:
        play.stage.thaw(frozen)
    sums = world.made["manifest"]["campaigns"]
    world.pledges_in_backup = sums[world.running]["pledges"]
    unknown, unpublished = await asyncio.to_thread(_held, folder)
    play.say(f"{unknown} charges unknown and {unpublished} events unpublished in the backup")
    return [
        Measure("charges unknown in the backup", unknown, "", 1, is_floor=True),
        Measure("events unpublished in the backup", unpublished, "", 10, is_floor=True),
        Measure(
            "pledges begun meanwhile",
            round(pace, 1),
            "/s",
            PER_SECOND / 2,
            is_floor=True,
            is_pace=True,
        ),
    ]


async def _are_unpublished(play: Play) -> bool:
    waiting = await owner.value(play.stage, f"SELECT {UNPUBLISHED}")
    return bool(waiting >= UNPUBLISHED_MIN)


def _held(folder: Path) -> tuple[int, int]:
    dump = folder / manifest.DUMP
    unknown = sum(row["status"] == "unknown" for row in held.rows(dump, "settlement", "charges"))
    unpublished = sum(
        row["published_at"] is None
        for schema in SCHEMAS
        for row in held.rows(dump, schema, "outbox")
    )
    return unknown, unpublished


async def _world_goes_on(play: Play, world: World) -> None:
    """Let everything be charged that can be, give two their money back, change a card."""
    run = await play.crowd.wait_settled(world.paying, seconds=180)
    play.say(f"{run['succeeded']} charged, {len(world.late)} pledged since")
    world.refunded = [world.early[0].order_id, world.early[SUPPORTERS // 2].order_id]
    for order in world.refunded:
        await play.crowd.as_operator(
            "/admin/refunds", {"campaignSlug": world.paying, "orderId": order}
        )
    keeper = world.early[-1]
    await update_card(play.crowd, await play.crowd.token(keeper.email), keeper.email)
    await play.rested(180)
    await mailed.everybody(play.stage, seconds=90)


async def _come_back(play: Play, backup: Path) -> dict[str, Any]:
    """Restore into the empty place and start what came back."""
    data = play.stage.data
    _, found = await answer("restore", str(backup), data=data.path)
    play.say(f"restored in {found['seconds']} s, put aside: {found['putAside']}")
    for each in found["wrong"]:
        play.say(f"! {each}")
    assert play.stage.life is not None
    await play.stage.life.begin(campaigns=str(DataDir.at(data.path).campaigns))
    play.crowd = Crowd(play.stage, play.crowd.http)
    return found


async def _stands_still(play: Play, world: World, taken: Counter[str]) -> int:
    """Look at a platform that waits; return how much it charged and mailed nevertheless."""
    mails = len(await play.crowd.mails(""))
    status, refused = await play.crowd.call(
        "POST",
        "/checkout-intent/start",
        body={
            "campaignSlug": world.running,
            "items": [{"id": f"{world.running}__frame", "quantity": 1}],
            "email": "too.early@halfmoon.example",
            "tipPercent": 5,
        },
        headers={"Idempotency-Key": "too-early-to-pledge-01"},
    )
    assert (status, refused["error"]) == (503, "recovering"), refused
    await asyncio.sleep(HOLDS_SECONDS)
    charged = await restored.taken(play, world)
    return (charged - taken).total() + len(await play.crowd.mails("")) - mails


async def _resumed(play: Play, world: World) -> dict[str, Any]:
    """Compare with Stripe, say the word, and see somebody pledge; return the comparison."""
    data = play.stage.data.path
    _, report = await answer("reconcile", data=data)
    assert not report["run"]["error"], report["run"]
    breaks = Counter(each["kind"] for each in report["run"]["breaks"])
    again = report["checkouts"]["madeAgain"]
    play.say(f"made again: {again}, lost: {report['checkouts']['lost']}, {dict(breaks)}")
    await answer("resume", "--acknowledge", data=data)
    await play.crowd.pledge(world.running, into=world.early)
    return report


EXPERIMENT = Experiment(
    id="restore",
    says="all is destroyed after a backup under load, and comes back with Stripe ahead of it",
    act=act,
    chargers=2,
    settings={"SETTLEMENT_CHARGES_PER_SECOND": str(CHARGES_PER_SECOND)},
    rest_seconds=150,
)

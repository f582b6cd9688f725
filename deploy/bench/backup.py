"""A backup of a large ledger while people pledge, and the way back from it.

Goals: reliability B-1 and B-2. Beside it pg_dump alone, on the same database.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from deploy.bench.figures import Bench, Figure, Say, median
from deploy.bench.fill import copy_pledge
from deploy.bench.ledger import COPIES, OF_ORDERS
from deploy.chaos import owner
from deploy.chaos.crowd import Crowd, Pledge
from deploy.chaos.experiment import CONNECTIONS_MAX
from deploy.chaos.stage import Stage, staged
from deploy.recovery.snapshot import SCHEMAS, run_tool

PER_SECOND = 20
QUIET_SECONDS = 5.0
BACKUP_SECONDS_MAX = 60.0
RESTORE_SECONDS_MAX = 300.0
STALL_SECONDS_MAX = 1.0


async def run(seed: int, say: Say) -> list[Figure]:
    """Fill a campaign, back it up under load, and restore it beside the running stack."""
    async with (
        staged(seed=seed) as stage,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX)) as http,
    ):
        crowd = Crowd(stage, http, seed=seed)
        slug = await crowd.publish("backed-up", ends_in_days=20)
        first = await crowd.pledge(slug)
        say(f"{COPIES:,} pledges")
        await copy_pledge(stage, await _id_of(stage, first), COPIES)
        with tempfile.TemporaryDirectory() as scratch:
            figures = await _measured(stage, crowd, slug, Path(scratch), say)
    for each in figures:
        say(each.line())
    return figures


async def _measured(stage: Stage, crowd: Crowd, slug: str, scratch: Path, say: Say) -> list[Figure]:
    began = time.perf_counter()
    await asyncio.to_thread(_dump_alone, stage.owner_url, scratch / "bare.dump")
    bare = time.perf_counter() - began
    say("people pledge, and nothing else happens")
    calm: list[Pledge] = []
    await _come(crowd, slug, calm, asyncio.create_task(asyncio.sleep(QUIET_SECONDS)))
    say("people pledge while it is backed up")
    people: list[Pledge] = []
    made = asyncio.create_task(_command("backup", scratch / "backup", stage.data.path))
    await _come(crowd, slug, people, made)
    say("restored beside it")
    back = await _command("restore", scratch / "backup", scratch / "back")
    workload = f"{COPIES:,} pledges, {PER_SECOND} more a second meanwhile"
    stall = median([each.seconds for each in people]) - median([each.seconds for each in calm])
    return [
        Figure("backup", workload, await made, "s", goal=BACKUP_SECONDS_MAX, is_cap=True),
        Figure("pg_dump alone", f"{COPIES:,} pledges", bare, "s"),
        Figure(
            "a pledge waits longer by", workload, stall, "s", goal=STALL_SECONDS_MAX, is_cap=True
        ),
        Figure(
            "the slowest pledge",
            workload,
            max(each.seconds for each in people),
            "s",
        ),
        Figure("restore", workload, back, "s", goal=RESTORE_SECONDS_MAX, is_cap=True),
    ]


async def _come(crowd: Crowd, slug: str, people: list[Pledge], until: "asyncio.Task[Any]") -> None:
    """Let people pledge at a steady pace until something is done; wait for all of them."""
    coming = []
    while not until.done():
        coming.append(asyncio.create_task(crowd.pledge(slug, into=people)))
        await asyncio.sleep(1 / PER_SECOND)
    await until
    await asyncio.gather(*coming)


def _dump_alone(owner_url: str, into: Path) -> None:
    schemas = [f"--schema={schema}" for schema in SCHEMAS]
    run_tool("pg_dump", owner_url, "--format=custom", "--compress=6", f"--file={into}", *schemas)


async def _command(name: str, backup: Path, data: Path) -> float:
    """Run a command as an operator does; return how long it took, in seconds.

    A restore ends with 1: the copies are in no total, and it says so.
    """
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "deploy.local", name, str(backup), "--data", str(data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert not complained, complained.decode()
    assert said, name
    return time.perf_counter() - began


async def _id_of(stage: Stage, pledge: Pledge) -> str:
    conn = await owner.connected(stage)
    try:
        (found,) = await conn.fetch(OF_ORDERS, [pledge.order_id])
        return str(found["pledge_id"])
    finally:
        await conn.close()


BENCH = Bench("backup", "a backup of a large ledger under load, and its restore", run)

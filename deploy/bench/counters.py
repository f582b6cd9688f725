"""What Postgres, NATS and Redis have been asked so far, by their own counters."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import redis.asyncio as redis

from deploy.chaos import owner
from deploy.chaos.stage import Stage
from deploy.local.layout import read_json
from deploy.local.ports import HOST

REST_SECONDS = 10.0
# A backend of Postgres reports what it did a second later.
REPORTED_SECONDS = 2.0
TRANSACTIONS = "SELECT sum(xact_commit + xact_rollback)::bigint FROM pg_stat_database"
UNITS = {"Postgres": "transactions", "NATS": "messages", "Redis": "commands"}


async def counted(
    stage: Stage, action: Callable[[], Awaitable[Any]]
) -> dict[str, tuple[float, str]]:
    """Return how often each was asked while `action` ran, beyond its rest; with the unit."""
    began, first = time.monotonic(), await _now(stage)
    await asyncio.sleep(REST_SECONDS)
    middle, second = time.monotonic(), await _now(stage)
    await action()
    await asyncio.sleep(REPORTED_SECONDS)
    ended, third = time.monotonic(), await _now(stage)
    share = (ended - middle) / (middle - began)
    return {
        name: (max(0.0, third[name] - second[name] - (second[name] - first[name]) * share), unit)
        for name, unit in UNITS.items()
    }


async def _now(stage: Stage) -> dict[str, float]:
    monitor = read_json(stage.data.file("ports.json"))["nats-monitor"]
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://{HOST}:{monitor}/varz") as answer,
    ):
        nats = await answer.json()
    client = redis.from_url(stage.document["redis"])
    try:
        info = await client.info("stats")
    finally:
        await client.aclose()
    return {
        "Postgres": float(await owner.value(stage, TRANSACTIONS)),
        "NATS": float(nats["in_msgs"] + nats["out_msgs"]),
        "Redis": float(info["total_commands_processed"]),
    }

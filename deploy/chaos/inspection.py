"""A whole local stack under the checker: databases, sandbox, pages, logs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx

from deploy.chaos import checker, rest, traces
from deploy.chaos.checker import Report, Violation
from deploy.chaos.outside import Outside, look
from deploy.local import stack_file
from deploy.local.environment import Environment, assemble, operators_settings
from deploy.local.layout import DataDir, read_json

REST_SECONDS = 30.0


def inspect(data: DataDir, *, rest_seconds: float = REST_SECONDS, must_rest: bool = True) -> Report:
    """Return what the checker finds on a running stack, after waiting until it is at rest.

    If it does not come to rest, only what holds at every instant is judged; with
    `must_rest` the restlessness is a finding of its own.
    """
    # In a thread: whoever calls may have a loop of their own, as a browser test does.
    with ThreadPoolExecutor(1) as thread:
        report = thread.submit(asyncio.run, _inspect(data, rest_seconds)).result()
    if report.moving and must_rest:
        restless = Violation("rest", f"still moving after {rest_seconds:g} s", report.moving)
        return replace(report, violations=(restless, *report.violations))
    return report


async def _inspect(data: DataDir, rest_seconds: float) -> Report:
    document = stack_file.read(data)
    env = assemble(data, operators_settings(data), read_json(data.file("ports.json")))
    moving, outside = await _rested(document, env, rest_seconds)
    if outside is None and document["sandbox"]:
        moving = (*moving, "the sandbox does not answer")
    async with checker.snapshot(document["postgres"]) as conn:
        report = await checker.evaluate(conn, outside, is_at_rest=not moving)
        found = await traces.card_numbers(conn)
        if outside is not None:
            found += await traces.links(conn, outside, env.values["MAGIC_LINK_SECRET"])
        people, truth = await traces.supporters(conn), await traces.totals(conn)
    processes = document["processes"].items()
    urls = {name: each["url"] for name, each in processes if each["service"] in checker.SCHEMAS}
    texts = {**traces.read_logs(data.log), **traces.read_metrics(urls)}
    kept = {name: str(value) for name, value in read_json(data.file("secrets.json")).items()}
    found += traces.leaks(texts, traces.secrets_of(kept), people)
    if not moving:
        found += list(traces.figures(document["site"], truth))
    return replace(report, violations=(*report.violations, *found), moving=moving)


async def _rested(
    document: dict[str, Any], env: Environment, seconds: float
) -> tuple[tuple[str, ...], Outside | None]:
    """Wait for rest; return what still moves, and the outside as it is then."""
    outside = _look(document, env)
    moving = await rest.wait_for_rest(
        document["postgres"], document["nats"], outside, seconds=seconds
    )
    return moving, _look(document, env)


def _look(document: dict[str, Any], env: Environment) -> Outside | None:
    if not document["sandbox"]:
        return None
    try:
        return look(document["sandbox"], env.values["STRIPE_SECRET_KEY"])
    except httpx.HTTPError:
        return None

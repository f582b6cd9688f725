"""Saying what other services say, and reading live figures as a browser does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import nats

from contracts.events.base import Event
from contracts.ids import CampaignSlug
from contracts.subjects import subject
from tests.site.running import RunningSite

SLUG = CampaignSlug("long-take")
LIVE = f"/live/{SLUG}"
Run = Callable[..., AbstractAsyncContextManager[RunningSite]]


async def tell(nats_url: str, *events: Event) -> None:
    """Say what other services would say."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    for event in events:
        where = subject(type(event), SLUG)
        for _ in range(100):
            try:
                await jetstream.publish(
                    where, msgspec.json.encode(event), headers={"Nats-Msg-Id": event.event_id}
                )
                break
            except nats.js.errors.NoStreamResponseError:
                await asyncio.sleep(0.1)
    await client.close()


async def burst(nats_url: str, *events: Event) -> None:
    """Say all of it in one breath, in order, to streams that are there."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    await asyncio.gather(
        *(
            jetstream.publish(
                subject(type(event), SLUG),
                msgspec.json.encode(event),
                headers={"Nats-Msg-Id": event.event_id},
            )
            for event in events
        )
    )
    await client.close()


async def live(site: RunningSite) -> dict[str, Any]:
    answer = await site.http.get(LIVE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shows(site: RunningSite, pledged: int) -> bool:
    return bool((await live(site))["stats"]["pledgedAmount"] == pledged)


@asynccontextmanager
async def watching(
    site: RunningSite, **headers: str
) -> AsyncIterator["asyncio.Queue[tuple[str, dict[str, Any]]]"]:
    """Read the stream as a browser does: a queue of ids and snapshots."""
    heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    ready = asyncio.Event()

    async def read() -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with site.http.stream("GET", f"{LIVE}/events", headers=names, timeout=None) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                # Its seat is taken when the stream begins, after its headers were sent.
                ready.set()
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "data" in event:
                    heard.put_nowait((event["id"], json.loads(event["data"])))
                    event = {}
        heard.put_nowait(("", {}))

    task = asyncio.create_task(read())
    await asyncio.wait_for(ready.wait(), 30)
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

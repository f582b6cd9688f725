"""Overload: a bounded number works, a bounded number waits, the rest is told to come back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.response import ServerSentEvent

from services.chassis.web import crowd, errors
from services.chassis.web.crowd import LANE, PATIENT, CrowdControl


class House:
    """An app whose requests last until they are let go."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.inside = 0
        self.most = 0

    async def work(self) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.gate.wait()
        finally:
            self.inside -= 1
        return "done"

    def app(self) -> Litestar:
        @get("/slow")
        async def slow() -> str:
            return await self.work()

        @get("/other", opt={LANE: "other"})
        async def other() -> str:
            return "other"

        @get("/wait", opt={LANE: PATIENT})
        async def wait() -> str:
            return await self.work()

        @get("/livez")
        async def livez() -> str:
            return "alive"

        @get("/events")
        async def events() -> ServerSentEvent:
            async def many() -> AsyncIterator[str]:
                yield "begun"
                await self.work()

            return ServerSentEvent(many())

        lanes: dict[str, crowd.Crowd] = {}
        return Litestar(
            [slow, other, wait, livez, events],
            middleware=[lambda app: CrowdControl(app, lanes)],
            exception_handlers=errors.HANDLERS,
            openapi_config=None,
        )


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    # Nobody is sent away for having waited, but where a test is about that.
    monkeypatch.setattr(crowd, "WAIT_SECONDS", 3_600)
    made = House()
    transport: Any = httpx.ASGITransport(app=made.app())  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://pool", timeout=120
    ) as client:
        yield made, client
        made.gate.set()


def start(client: httpx.AsyncClient, path: str, count: int) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(client.get(path)) for _ in range(count)]


async def until(is_so: Callable[[], bool]) -> None:
    """Let the others go on until it is so; give up after a minute at least."""
    for _ in range(12_000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never became so")


async def test_no_more_than_64_are_worked_on_and_who_waits_too_long_is_told_to_come_back(
    house: tuple[House, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "WAIT_SECONDS", 0.3)
    made, client = house
    tasks = start(client, "/slow", 100)
    await until(lambda: sum(task.done() for task in tasks) == 36)
    assert made.inside == crowd.IN_FLIGHT_MAX
    made.gate.set()
    answers = await asyncio.gather(*tasks)

    refused = [each for each in answers if each.status_code == 503]
    assert len(refused) == 36
    assert made.most == crowd.IN_FLIGHT_MAX
    assert all(int(each.headers["Retry-After"]) > 0 for each in refused)
    assert refused[0].json()["error"] == "busy"


async def test_a_short_burst_waits_and_is_served(house: tuple[House, httpx.AsyncClient]) -> None:
    made, client = house
    tasks = start(client, "/slow", 200)
    await until(lambda: made.inside == crowd.IN_FLIGHT_MAX)
    made.gate.set()
    answers = await asyncio.gather(*tasks)

    assert {each.status_code for each in answers} == {200}
    assert made.most == crowd.IN_FLIGHT_MAX


async def test_more_than_can_wait_are_refused_at_once(
    house: tuple[House, httpx.AsyncClient],
) -> None:
    """Nobody waits less than an hour here, and nobody is let go: who is refused never waited."""
    made, client = house
    tasks = start(client, "/slow", crowd.IN_FLIGHT_MAX + crowd.WAITING_MAX + 1)
    await until(lambda: any(task.done() for task in tasks))
    (refused,) = [task for task in tasks if task.done()]
    made.gate.set()
    answers = await asyncio.gather(*tasks)

    assert refused.result().status_code == 503
    assert sorted(each.status_code for each in answers) == [200] * (len(tasks) - 1) + [503]


async def test_a_full_lane_keeps_nobody_from_another_nor_from_the_health_checks(
    house: tuple[House, httpx.AsyncClient],
) -> None:
    made, client = house
    tasks = start(client, "/slow", 100)
    await until(lambda: made.inside == crowd.IN_FLIGHT_MAX)

    assert (await client.get("/other")).status_code == 200
    assert (await client.get("/livez")).status_code == 200
    assert not any(task.done() for task in tasks)


async def test_those_who_wait_for_news_are_not_counted_as_work(
    house: tuple[House, httpx.AsyncClient],
) -> None:
    made, client = house
    waiting = start(client, "/wait", 200)
    streams = start(client, "/events", 200)
    await until(lambda: made.inside == 400)
    slow = start(client, "/slow", 1)
    await until(lambda: made.inside == 401)
    made.gate.set()

    answers = await asyncio.gather(*slow, *waiting, *streams)
    assert {each.status_code for each in answers} == {200}

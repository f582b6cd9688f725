"""How many requests are worked on at once: more wait a moment, and more than that go.

Without a limit an overload makes everybody slow, fills the memory and helps nobody.
Each lane has its own room, so that those who wait for one slow part keep nobody from
another.
"""

import asyncio
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from contracts.refusals import Unavailable
from services.chassis.web.edge import OPEN_PATHS

IN_FLIGHT_MAX = 64
WAITING_MAX = 512
WAIT_SECONDS = 2.0
PATIENT_MAX = 1_000

LANE = "lane"
"""The key in a route's `opt` that names its lane. Routes without one share a lane."""

PATIENT = "patient"
"""The lane of routes that mostly sleep, holding nothing: there is room for many."""


class Crowd:
    """One lane."""

    def __init__(self, *, size: int = IN_FLIGHT_MAX, waiting_max: int = WAITING_MAX) -> None:
        self._slots = asyncio.Semaphore(size)
        self._waiting = 0
        self._waiting_max = waiting_max

    async def enter(self) -> None:
        """Take a place, waiting for a moment. Raises `Unavailable` when there is none."""
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self._waiting >= self._waiting_max:
            raise _full()
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError as exc:
            raise _full() from exc
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Give the place to the next."""
        self._slots.release()


class CrowdControl:
    """A middleware that keeps every route's lane in bounds.

    Streams of events count until they begin: how many may be open is for their own route
    to say. Health checks need no place.
    """

    def __init__(self, app: ASGIApp, lanes: dict[str, Crowd]) -> None:
        self._app = app
        self._lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on who finds a place; raise `Unavailable` for everybody else."""
        if scope["type"] != ScopeType.HTTP or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        crowd = self._lane(scope)
        await crowd.enter()
        is_inside = True

        async def watching(message: Message) -> None:
            nonlocal is_inside
            if message["type"] == "http.response.start" and _is_stream(message) and is_inside:
                is_inside = False
                crowd.leave()
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            if is_inside:
                crowd.leave()

    def _lane(self, scope: Scope) -> Crowd:
        name = str(scope["route_handler"].opt.get(LANE, ""))
        if name not in self._lanes:
            is_patient = name == PATIENT
            self._lanes[name] = Crowd(size=PATIENT_MAX if is_patient else IN_FLIGHT_MAX)
        return self._lanes[name]


def _is_stream(message: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", [])
    )


def _full() -> Unavailable:
    return Unavailable("busy", "We are busy for a moment. Nothing was changed.")

"""How the services do and what is parked at them: asked of each, and of ourselves in here.

Whoever is away leaves a hole, not an error: the others are still shown.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from contracts.api.operations import ParkedDetail, ParkedPage, Retried, Watched
from contracts.refusals import NotFound, Refusal
from services.chassis.events import correcting, retrying, watching
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.site.admin.answers import Health
from services.site.asking.asker import Caller
from services.site.asking.operators import Operator

OURSELVES = "site"
OTHERS = ("checkout", "pledges", "settlement", "notify")
SERVICES = (*OTHERS, OURSELVES)
LOOK_SECONDS = 3.0
Key = tuple[str, int]
"""A service and the number of a parked event there."""

PAGE = 50


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A service from outside and from inside; None: it did not answer."""

    service: str
    health: Health
    watched: Watched | None


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What this process itself stands on."""

    pool: Pool
    bus: Bus
    listeners: Sequence[Listener]
    degraded: Callable[[], list[str]]


class Watch:
    """Looks after five services."""

    def __init__(self, operator: Operator, own: Own) -> None:
        self._operator = operator
        self._own = own

    async def look(self, caller: Caller) -> list[Seen]:
        """Return how every service does, asked all at once."""
        return list(await asyncio.gather(*(self._look_at(each, caller) for each in SERVICES)))

    async def list_parked(self, caller: Caller) -> dict[str, ParkedPage | None]:
        """Return what is parked at each service, the oldest first; None: it did not answer."""
        found = await asyncio.gather(*(self._first_page(each, caller) for each in SERVICES))
        return dict(zip(SERVICES, found, strict=True))

    async def page_parked(self, service: str, after: int, caller: Caller) -> ParkedPage:
        """Return what is parked at one service behind a number."""
        if service == OURSELVES:
            async with transaction(self._own.pool) as conn:
                return await correcting.list_page(conn, after=after, limit=PAGE)
        path = f"/internal/parked?after={after}&limit={PAGE}"
        return await self._operator.read(service, path, caller, ParkedPage, seconds=LOOK_SECONDS)

    async def find(self, key: Key, caller: Caller) -> ParkedDetail:
        """Return one parked event with what is in it."""
        service, number = key
        if service == OURSELVES:
            async with transaction(self._own.pool) as conn:
                return await correcting.find(conn, self._own.listeners, number)
        return await self._operator.read(service, _path(number), caller, ParkedDetail)

    async def retry(self, key: Key, by: str, caller: Caller) -> list[Retried]:
        """Have an event applied once more, and what waits for it."""
        service, number = key
        if service == OURSELVES:
            own = self._own
            return await retrying.retry(own.pool, own.listeners, number, done_by=by)
        path, body = f"{_path(number)}/retry", {"by": by}
        return await self._operator.do(service, path, caller, body, list[Retried])

    async def fix(self, key: Key, payload: str, digest: str, by: str, caller: Caller) -> None:
        """Keep what an event should have been beside what came."""
        service, number = key
        if service == OURSELVES:
            async with transaction(self._own.pool) as conn:
                await correcting.fix(
                    conn, self._own.listeners, number, payload=payload, digest=digest, done_by=by
                )
            return
        body = {"payload": payload, "digest": digest, "by": by}
        await self._operator.do(service, f"{_path(number)}/fix", caller, body, ParkedDetail)

    async def give_up(self, key: Key, because: str, by: str, caller: Caller) -> list[Retried]:
        """Let an event never be applied there."""
        service, number = key
        if service == OURSELVES:
            own = self._own
            return await correcting.give_up(
                own.pool, own.listeners, number, because=because, done_by=by
            )
        path, body = f"{_path(number)}/give-up", {"because": because, "by": by}
        return await self._operator.do(service, path, caller, body, list[Retried])

    async def _look_at(self, service: str, caller: Caller) -> Seen:
        if service == OURSELVES:
            return await self._look_inside()
        health, watched = await asyncio.gather(
            self._operator.health(service, caller), self._watched(service, caller)
        )
        return Seen(service=service, health=health, watched=watched)

    async def _look_inside(self) -> Seen:
        own = self._own
        away = [] if own.bus.is_connected else ["nats"]
        health = Health(ready=True, degraded=(*away, *own.degraded()))
        try:
            watched = await watching.look(own.pool, own.bus, OURSELVES)
        except (*DATABASE_BUSY, Refusal):
            watched = None
        return Seen(service=OURSELVES, health=health, watched=watched)

    async def _watched(self, service: str, caller: Caller) -> Watched | None:
        return await self._operator.look(service, "/internal/watched", caller, Watched)

    async def _first_page(self, service: str, caller: Caller) -> ParkedPage | None:
        try:
            return await self.page_parked(service, 0, caller)
        except (*DATABASE_BUSY, Refusal):
            return None


def read_key(key: str) -> Key:
    """Return service and number of `pledges-12`, as `./pool parked` writes it."""
    service, _, number = key.rpartition("-")
    if service not in SERVICES or not number.isascii() or not number.isdecimal():
        raise NotFound("unknown_parked", "No such event is parked here.")
    if len(number) > len(str(2**63)) - 1:
        raise NotFound("unknown_parked", "No such event is parked here.")
    return service, int(number)


def _path(number: int) -> str:
    return f"/internal/parked/{number}"

"""What a service consists of, and what it stands on once it has started."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from litestar.types import ASGIApp

from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Pool
from services.chassis.web.guards import Guard

Loop = Callable[[], Awaitable[None]]

BODY_BYTES_MAX = 16 * 1024


class Running(msgspec.Struct, frozen=True):
    """What a started service stands on, and the roles this process has.

    `stopping` is set before the server waits for the requests in flight: whoever holds one
    open on purpose, such as a stream of events, ends it then.
    """

    pool: Pool
    bus: Bus
    clock: PlatformClock
    roles: frozenset[str] = frozenset()
    stopping: asyncio.Event = msgspec.field(default_factory=asyncio.Event)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a service consists of: what it answers, hears, and does by itself.

    `dependencies` are injected into routes by name. `loops` run in every worker, by
    role: `worker` unless a role of its own is named. `web_loops` run beside the web
    server of every process. `closers` are awaited at the end. `operator_guard` stands before
    what the dashboard asks of any service; without one it is not answered. `around` puts
    something before the framework; it notes its own answers, as `web.edge` does the others.
    """

    routes: Sequence[Any] = ()
    listeners: Sequence[Listener] = ()
    loops: Sequence[Loop] = ()
    role_loops: dict[str, Sequence[Loop]] = {}
    web_loops: Sequence[Loop] = ()
    dependencies: dict[str, Any] = {}
    degraded: Callable[[], list[str]] = list
    closers: Sequence[Loop] = ()
    body_max: int = BODY_BYTES_MAX
    plugins: Sequence[Any] = ()
    operator_guard: Guard | None = None
    around: Callable[[ASGIApp], ASGIApp] | None = None

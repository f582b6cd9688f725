"""A service: its rooms put together, and the roles it can run as.

python -m services.<name> web | worker | all | migrate | replay … | parked …
"""

import argparse
import asyncio
import contextlib
import functools
import gc
import math
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import asyncpg
import uvloop
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from contracts.streams import hearing, owned_by
from services.chassis.events import retention
from services.chassis.events.bus import Bus
from services.chassis.events.inbox import Listener
from services.chassis.events.outbox import Relay
from services.chassis.process import commands, crash, telemetry, tracing
from services.chassis.process.health import health_routes
from services.chassis.process.parts import Loop, Parts, Running
from services.chassis.process.settings import (
    CommonSettings,
    MigrationSettings,
    Secret,
    SettingsError,
    configured,
    load,
)
from services.chassis.storage import migrations, presence
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.complaints import FAULTS, complaint
from services.chassis.storage.database import DATABASE_BUSY, Pool, open_pool
from services.chassis.web import errors, serving
from services.chassis.web.body import StrictRequest
from services.chassis.web.closed import closed_in_recovery
from services.chassis.web.crowd import Crowd, CrowdControl
from services.chassis.web.edge import Edge
from services.chassis.web.watched import watched_routes

__all__ = ["Loop", "Parts", "Running", "Service"]

log = telemetry.logger(__name__)

S = TypeVar("S", bound=CommonSettings)

SKEW_SECONDS_FINE = 2.0


class Service(Generic[S]):
    """One of the five: a name, its settings, and how its parts are made."""

    def __init__(
        self,
        name: str,
        *,
        settings: type[S],
        compose: Callable[[S, Running], Awaitable[Parts]],
        package: Path,
        is_gateway: bool = False,
        roles: tuple[str, ...] = (),
        skew_seconds_max: float = math.inf,
    ) -> None:
        self.name = name
        self.settings = settings
        self.compose = compose
        self.migrations = package / "migrations"
        self.is_gateway = is_gateway
        self.roles = ("web", "worker", *roles)
        self._skew_max = skew_seconds_max

    def main(self, arguments: Sequence[str]) -> int:
        """Run as the role named on the command line; return the exit code."""
        asks = bool(arguments) and arguments[0] in commands.COMMANDS
        asked = commands.parse(self.name, arguments) if asks else None
        wanted = arguments[0] if len(arguments) == 1 or asks else ""
        known = (*self.roles, "all", "migrate", *commands.COMMANDS)
        if wanted not in known:
            sys.stderr.write(f"usage: {self.name} {'|'.join(known)}\n")
            return 2
        try:
            return uvloop.run(self._work(wanted, asked))
        except SettingsError as exc:
            sys.stderr.write(f"{self.name} cannot start: {exc}\n")
            return 1
        except migrations.MigrationError as exc:
            sys.stderr.write(f"{self.name} was not migrated: {exc}\n")
            return 1

    async def _work(self, wanted: str, asked: argparse.Namespace | None) -> int:
        if asked:
            settings = load(self.settings)
            return await self._told(wanted, settings.database_url, self._command(settings, asked))
        if wanted == "migrate":
            owner = load(MigrationSettings)
            return await self._told(wanted, owner.migration_database_url, self._migrate(owner))
        roles = frozenset(self.roles) if wanted == "all" else frozenset({wanted})
        return await self._serve(load(self.settings), roles)

    async def _told(self, wanted: str, url: Secret, work: Awaitable[int]) -> int:
        """Do what a person waits for; a database that is away or wrong is said in a sentence."""
        try:
            return await work
        except FAULTS as exc:
            sys.stderr.write(f"{self.name} {wanted}: {complaint(exc, url.reveal())}\n")
            return 1

    async def _migrate(self, settings: MigrationSettings) -> int:
        telemetry.configure_logs(self.name, settings.log_level)
        applied = await migrations.migrate(
            settings.migration_database_url.reveal(),
            schema=self.name,
            folder=self.migrations,
            service_url=settings.database_url.reveal(),
        )
        log.info("migrated", applied=applied)
        return 0

    async def _command(self, settings: S, asked: argparse.Namespace) -> int:
        """Do what an operator asked, beside the running processes."""
        # A command's output is its answer; what it did is noted in the database.
        telemetry.configure_logs(self.name, "CRITICAL")
        pool = await open_pool(settings.database_url.reveal(), schema=self.name, size_max=2)
        bus = self._bus(settings)
        closers: list[Loop] = []

        async def listeners() -> Sequence[Listener]:
            parts = await self.compose(settings, Running(pool, bus, PlatformClock()))
            closers.extend(parts.closers)
            return parts.listeners

        try:
            if asked.command == "replay":
                return await commands.run_replay(self.name, asked, pool)
            return await commands.run_parked(asked, pool, listeners)
        finally:
            for close in closers:
                await close()
            await pool.close()

    async def _serve(self, settings: S, roles: frozenset[str]) -> int:
        telemetry.configure_logs(self.name, settings.log_level)
        tracing.configure(self.name, settings.otel_exporter_otlp_endpoint, settings.traces_ratio)
        is_safe = settings.pool_mode == "development"
        if not crash.arm(self.name, settings.pool_crash_at, is_safe=is_safe):
            log.warning("crash_point_ignored")
        pool = await open_pool(settings.database_url.reveal(), schema=self.name)
        if fault := await presence.fault(pool, self.name):
            sys.stderr.write(f"{self.name} cannot start: {fault}\n")
            return 1
        bus = self._bus(settings)
        running = Running(pool, bus, PlatformClock(), roles)
        with contextlib.suppress(*DATABASE_BUSY, asyncpg.UndefinedFunctionError):
            await running.clock.renew(pool)
        parts = await self.compose(settings, running)
        stop = running.stopping
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        connection = asyncio.create_task(bus.run(), name="bus")
        loops = [
            asyncio.create_task(_named(loop), name=_name(loop))
            for loop in self.loops(parts, running, roles)
        ]
        # Every role answers the health routes; only `web` answers people.
        shown = parts if "web" in roles else Parts(degraded=parts.degraded)
        app = self.app(shown, running, settings)
        server = serving.server(settings, shown.around(app) if shown.around else app)
        # What is there by now stays to the end: nobody need look through it again, nor take
        # it apart when we leave, which took longer than stopping.
        gc.freeze()
        answering = asyncio.create_task(serving.answer(server), name="server")
        done, _ = await asyncio.wait(
            [asyncio.create_task(stop.wait()), answering, connection, *loops],
            return_when=asyncio.FIRST_COMPLETED,
        )
        died = [task for task in done if task in (answering, connection, *loops)]
        for task in died:
            log.error("part_ended", part=task.get_name(), exc_info=task.exception())
        await serving.shut_down(server, answering, loops, parts, running)
        # Last of all: until here there was something to acknowledge or to hand back.
        await serving.cancel([connection])
        await asyncio.to_thread(tracing.shut_down)
        return 1 if died else 0

    def _bus(self, settings: S) -> Bus:
        """Return the bus; a service declares its own streams and whoever hears them."""
        own = owned_by(self.name)
        url = settings.nats_url.reveal()
        copies = settings.nats_replicas
        return Bus(url, name=self.name, streams=own, consumers=hearing(own), replicas=copies)

    def loops(self, parts: Parts, running: Running, roles: frozenset[str]) -> list[Loop]:
        """Return what runs in the background for these roles."""
        pool, bus = running.pool, running.bus
        chosen: list[Loop] = [lambda: running.clock.run(pool)]
        if "worker" in roles:
            chosen.append(Relay(pool, bus, schema=self.name).run)
            chosen.append(functools.partial(retention.run, pool))
            chosen += [_listening(each, pool, bus) for each in parts.listeners]
            chosen += parts.loops
        if "web" in roles:
            chosen += parts.web_loops
        for role, loops in parts.role_loops.items():
            if role in roles:
                chosen += loops
        return chosen

    def app(self, parts: Parts, running: Running, settings: S) -> Litestar:
        """Return the service as one ASGI application."""
        secret = None if self.is_gateway else settings.gateway_secret.bytes()
        pool, bus, clock = running.pool, running.bus, running.clock
        lanes: dict[str, Crowd] = {}

        async def missing() -> list[str]:
            async with pool.acquire(timeout=1) as conn:
                files = await migrations.pending(conn, schema=self.name, folder=self.migrations)
            return files if clock.skew_seconds < self._skew_max else [*files, "clock"]

        def degraded() -> list[str]:
            away = [] if bus.is_connected else ["nats"]
            wrong = ["clock"] if clock.skew_seconds > SKEW_SECONDS_FINE else []
            held = ["recovering"] if clock.is_recovering else []
            return [*away, *wrong, *held, *parts.degraded()]

        app = Litestar(
            route_handlers=[
                *health_routes(missing=missing, degraded=degraded, secrets=configured(settings)),
                *watched_routes(self.name, parts, running),
                *parts.routes,
            ],
            dependencies={
                "pool": _constant(pool),
                "clock": _constant(running.clock),
                "settings": _constant(settings),
                **{name: _constant(value) for name, value in parts.dependencies.items()},
            },
            middleware=[lambda app: CrowdControl(app, lanes)],
            before_request=closed_in_recovery(self.name, clock),
            exception_handlers=errors.HANDLERS,
            request_class=StrictRequest,
            request_max_body_size=parts.body_max,
            openapi_config=None,
            logging_config=None,
            plugins=list(parts.plugins),
            state=State(),
        )
        # Outermost: a middleware would not see what no route answers.
        app.asgi_handler = Edge(app.asgi_handler, gateway_secret=secret)
        return app


def _constant(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _listening(listener: Listener, pool: Pool, bus: Bus) -> Loop:
    async def listen() -> None:
        await listener.run(pool, bus)

    listen.__qualname__ = listener.consumer.durable
    return listen


def _name(loop: Loop) -> str:
    return str(getattr(loop, "__qualname__", loop))


async def _named(loop: Loop) -> None:
    await loop()

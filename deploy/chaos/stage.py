"""A whole stack to be hurt: started fresh, its processes by name, its faults counted."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import nats
import redis.asyncio as redis

from contracts.streams import consumer
from deploy.chaos.checker import Report
from deploy.chaos.inspection import REST_SECONDS, inspect
from deploy.chaos.life import Life
from deploy.chaos.processes import age_seconds, descendants
from deploy.chaos.proxy import Proxy
from deploy.local import stack_file
from deploy.local.campaigns_copy import SAMPLES, make_repository
from deploy.local.layout import DataDir, read_json
from deploy.local.ports import HOST, free_port
from deploy.local.stack import Options

T = TypeVar("T")

SERVERS = ("postgres", "nats", "redis")
# The sandbox plays both vendors; a proxy can stand before one of them alone.
VENDORS = ("stripe", "resend")
START_SECONDS = 60.0
KEEP = "POOL_CHAOS_KEEP"


class NotInTime(Exception):
    """Something that had to happen did not, within its time."""


TRIES_MAX = 5

LEASES_END = (
    """
    UPDATE settlement.charges
    SET lease_until = '-infinity', due_at = least(due_at, clock_timestamp()),
        person_until = least(person_until, clock_timestamp())
    WHERE status IN ('sending', 'unknown', 'with_person', 'ending')
    """,
    """
    UPDATE settlement.refunds
    SET lease_until = '-infinity', due_at = least(due_at, clock_timestamp())
    WHERE status = 'sending'
    """,
    """
    UPDATE settlement.looks
    SET lease_until = '-infinity', due_at = least(due_at, clock_timestamp())
    WHERE done_at IS NULL
    """,
    """
    UPDATE notify.reports
    SET next_attempt_at = clock_timestamp()
    WHERE status = 'due'
    """,
)


async def until(
    probe: Callable[[], Awaitable[T | None]], *, seconds: float, what: str, every: float = 0.1
) -> T:
    """Return the first true answer of `probe`; raise `NotInTime` with what was last seen."""
    limit = time.monotonic() + seconds
    while True:
        answer = await probe()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise NotInTime(f"not within {seconds:g} s: {what} (last: {answer!r})")
        await asyncio.sleep(every)


@dataclass
class Stage:
    """A running stack, by its data directory. Signals go to its own children only."""

    data: DataDir
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    life: Life | None = None
    """How it is ended and begun again; None for a stack that is not ours to end."""

    @property
    def document(self) -> dict[str, Any]:
        """Return what the supervisor says at the moment."""
        return stack_file.read(self.data)

    @property
    def site(self) -> str:
        return str(self.document["site"])

    @property
    def sandbox(self) -> str:
        return str(self.document["sandbox"])

    @property
    def owner_url(self) -> str:
        return str(self.document["postgres"])

    @property
    def campaigns_dir(self) -> Path:
        return Path(self.document["campaigns"])

    def pid(self, name: str) -> int:
        """Return a process of the stack; 0 while it has none."""
        return int(self.document["processes"][name]["pid"] or 0)

    def restarts(self) -> dict[str, int]:
        """Return how often each process was started again."""
        return {name: each["restarts"] for name, each in self.document["processes"].items()}

    async def lived(self, name: str, seconds: float) -> None:
        """Wait until a process has lived for a while: who dies at once again waits longer."""

        async def has_lived() -> bool:
            return age_seconds(self.pid(name)) >= seconds

        await until(has_lived, seconds=START_SECONDS, what=f"{name} lives")

    def send(self, name: str, number: signal.Signals) -> int:
        """Send a process a signal, counted as a fault; 0 when it is not there to hear."""
        pid = self.pid(name)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                self.faults[f"{number.name} {name}"] += 1
                return pid
        return 0

    def kill_one_of(self, pids: Sequence[int], what: str) -> None:
        """Kill one of the processes that a part of the stack has started."""
        os.kill(pids[-1], signal.SIGKILL)
        self.faults[f"SIGKILL {what}"] += 1

    def freeze(self, name: str) -> list[int]:
        """Stop a process with all it has started; return whom to `thaw`."""
        self.faults[f"SIGSTOP {name}"] += 1
        frozen = [self.pid(name), *descendants(self.pid(name))]
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return frozen

    @staticmethod
    def thaw(frozen: list[int]) -> None:
        """Let them go on."""
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def wipe_bus(self) -> None:
        """Take NATS its store away and kill it: it comes back with nothing."""
        frozen = self.freeze("nats")
        store = self.data.nats / "jetstream"
        gone = self.data.nats / f"gone-{time.monotonic_ns()}"
        store.rename(gone)
        os.kill(frozen[0], signal.SIGKILL)
        self.faults["nats wiped"] += 1
        shutil.rmtree(gone)

    async def empty_redis(self) -> None:
        """Take Redis everything it knows."""
        client = redis.from_url(self.document["redis"])
        try:
            await client.flushall()
        finally:
            await client.aclose()
        self.faults["redis emptied"] += 1

    async def backlog(self, durable: str) -> int:
        """Return how many messages a durable has not heard yet."""
        client = await nats.connect(self.document["nats"].split(","), connect_timeout=2)
        try:
            stream = consumer(durable).stream
            info = await client.jetstream().consumer_info(stream, durable)
            return (info.num_pending or 0) + (info.num_ack_pending or 0)
        finally:
            await client.close()

    async def skip_leases(self) -> None:
        """Let the leases of chargers and reporters that died end now, and their work be taken up.

        Whoever was at the bank has gone home as well.
        """
        conn = await asyncpg.connect(self.owner_url, timeout=10)
        try:
            for statement in LEASES_END:
                await _through_deadlocks(conn, statement)
        finally:
            await conn.close()

    def arm(self, service: str, point: str) -> Path:
        """Have a service die at a point, once; the file is gone when it has."""
        path = self.data.path / f"crash-{service}"
        path.write_text(f"{point}\n", encoding="ascii")
        return path

    async def inspect(self, rest_seconds: float = REST_SECONDS) -> Report:
        """Return what the checker finds, once everything is at rest."""
        return await asyncio.to_thread(inspect, self.data, rest_seconds=rest_seconds)


@asynccontextmanager
async def staged(
    *,
    proxied: tuple[str, ...] = (),
    chargers: int = 1,
    settings: Mapping[str, str] | None = None,
    seed: int = 0,
    nats_nodes: int = 1,
) -> AsyncIterator[Stage]:
    """Run a fresh stack without a campaign, with a proxy before each part of `proxied`."""
    async with contextlib.AsyncExitStack() as ends:
        folder = ends.enter_context(_folder())
        data = DataDir(folder)
        proxies = {
            name: await ends.enter_async_context(
                Proxy(partial(_address, data, name), seed=seed).running()
            )
            for name in proxied
        }
        campaigns = folder / "content"
        campaigns.mkdir()
        shutil.copy(SAMPLES / "platform.yml", campaigns)
        make_repository(campaigns)
        options = Options(
            data=str(folder),
            port=free_port(),
            campaigns=str(campaigns),
            chargers=chargers,
            settings={**crash_setting(folder), **(settings or {})},
            through={name: proxy.port for name, proxy in proxies.items()},
            nats_nodes=nats_nodes,
        )
        life = Life(options)
        ends.push_async_callback(life.end)
        await life.begin()
        yield Stage(data, proxies, life=life)


def crash_setting(folder: Path) -> dict[str, str]:
    """Return the setting that lets each service of a stack be armed while it runs."""
    return {"POOL_CRASH_AT": f"@{folder}/crash-{{service}}"}


async def _through_deadlocks(conn: "asyncpg.Connection[asyncpg.Record]", statement: str) -> None:
    """Run a statement that takes rows in no order; services take the same rows in theirs."""
    for _ in range(TRIES_MAX):
        with contextlib.suppress(asyncpg.DeadlockDetectedError):
            await conn.execute(statement)
            return
    raise NotInTime("deadlock after deadlock")


def _address(data: DataDir, name: str) -> tuple[str, int]:
    """Return where a part of the stack really listens."""
    name = "sandbox" if name in VENDORS else name
    document = stack_file.read(data)
    url = document.get("processes", {}).get(name, {}).get("url")
    if url:
        return HOST, int(urlsplit(url).port or 0)
    return HOST, int(read_json(data.file("ports.json"))[name])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pool-chaos-"))
    try:
        yield folder
    finally:
        if not os.environ.get(KEEP):
            shutil.rmtree(folder, ignore_errors=True)

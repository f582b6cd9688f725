"""Real servers, and the whole platform, for tests: started by the code behind `./pool up`.

Each test process (each xdist worker) has its own, in a temporary folder. They end with
the process that started them, even when it is killed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.chaos.stage import crash_setting
from deploy.local import background, plan, stack_file, status
from deploy.local.campaigns_copy import SAMPLES, make_repository
from deploy.local.environment import Environment, assemble
from deploy.local.layout import SERVICES, DataDir, read_json
from deploy.local.ports import free_port
from deploy.local.sql import create_database, run_sql
from deploy.local.stack import Options
from tests.support.topology import declare_everything

KEEP = "POOL_TEST_KEEP"
TEMPLATE = "pool_template"
NATS_ACCOUNTS = 250
REDIS_DATABASES = 64
# Every commit of every test is synced: into memory that costs nothing. A process that is
# killed loses no more of it than of a disk, and no test pulls the plug.
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is made by mkdtemp.
ROOM_BYTES = 4 * 2**30


class StackFailed(Exception):
    """The platform did not come up; the message holds the last lines of the culprit."""


@dataclass(frozen=True)
class Database:
    """One migrated database of its own: all five schemas, the clock at real time."""

    name: str
    owner_url: str
    urls: dict[str, str] = field(repr=False)

    def url(self, service: str) -> str:
        """Return the address as `service` sees it, with the role it runs under."""
        return self.urls[service]


@dataclass
class Servers:
    """Postgres, NATS and Valkey, no service. Each test takes its own part of each."""

    data: DataDir
    environment: Environment = field(repr=False)
    _databases: int = 0
    _accounts: int = 0
    _redis: int = 0
    _is_migrated: bool = False

    @property
    def owner_url(self) -> str:
        return self.environment.values["DATABASE_URL"]

    @property
    def nats_url(self) -> str:
        return self.environment.values["NATS_URL"]

    @property
    def redis_url(self) -> str:
        return self.environment.values["REDIS_URL"]

    def pid(self, name: str) -> int:
        """Return the process of `postgres`, `nats` or `redis`; 0 while there is none."""
        return _pid(self.data, name)

    def kill(self, name: str, number: int) -> int:
        """Send a server a signal and return its pid. The supervisor brings it back."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def is_up(self, name: str) -> bool:
        """Return whether the server answers, and is ours."""
        specs = plan.server_specs(self.data, self.environment, NATS_ACCOUNTS)
        return next(spec for spec in specs if spec.name == name).is_ready()

    def empty_database(self) -> Database:
        """Return a new database with nothing in it; the roles exist after a migration."""
        return self._database("template0")

    def fresh_database(self) -> Database:
        """Return a new database with every service's tables, for one test."""
        if not self._is_migrated:
            self._migrate(self._database("template0", TEMPLATE))
            self._is_migrated = True
        return self._database(TEMPLATE)

    def migrated_database(self) -> Database:
        """Return a database that was migrated itself.

        A copy of a template has its tables, but not the rights to the database as such.
        """
        database = self._database("template0")
        self._migrate(database)
        return database

    def drop(self, database: Database) -> None:
        """Remove it, whoever is still connected."""
        run_sql(self.owner_url, f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    def fresh_nats(self) -> str:
        """Return the address of a NATS account that holds no stream yet."""
        number, self._accounts = self._accounts, self._accounts + 1
        assert number < NATS_ACCOUNTS, "this process has used up its accounts"
        return self.nats_url.replace("//pool:", f"//test{number}:", 1)

    def fresh_bus(self) -> str:
        """Return the address of a NATS account as it is when all five services have started."""
        url = self.fresh_nats()
        declare_everything(url)
        return url

    def fresh_redis(self) -> str:
        """Return the address of an empty Redis database."""
        number, self._redis = self._redis % (REDIS_DATABASES - 1) + 1, self._redis + 1
        parts = urlsplit(self.redis_url)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            said = f"AUTH {parts.password}\r\nSELECT {number}\r\nFLUSHDB\r\nQUIT\r\n"
            connection.sendall(said.encode())
            heard = b"".join(iter(lambda: connection.recv(4096), b""))
        assert heard.count(b"+OK") >= 3, heard
        return parts._replace(path=f"/{number}").geturl()

    def _database(self, template: str, name: str = "") -> Database:
        self._databases += 1
        name = name or f"test_{self._databases}"
        create_database(self.owner_url, name, template)
        urls = {
            role: _named(self.environment.database_url(role), name)
            for role in (*SERVICES, "sandbox")
        }
        return Database(name, _named(self.owner_url, name), urls)

    def _migrate(self, database: Database) -> None:
        values = {**self.environment.values, "DATABASE_URL": database.owner_url}
        env = Environment(values, self.environment.ports, uses_sandbox=True)
        jobs = [
            subprocess.Popen(spec.argv, env=dict(spec.environ), stdout=subprocess.PIPE, stderr=-2)
            for spec in plan.migration_specs(env)
        ]
        for job in jobs:
            said, _ = job.communicate(timeout=60)
            assert job.returncode == 0, said.decode(errors="replace")
        plan.grant_clock(env)


@dataclass(frozen=True)
class Stack:
    """The whole platform, as `./pool up` runs it."""

    data: Path
    campaigns_dir: Path
    site: str
    sandbox: str
    admin_secret: str
    nats_url: str
    redis_url: str
    owner_url: str

    def status(self) -> dict[str, Any]:
        """Return what `./pool status --json` says."""
        found = status.collect(DataDir(self.data))
        assert found is not None, "the stack is not running"
        return found

    def pid(self, name: str) -> int:
        """Return the process of a service, a charger, a server, or the sandbox; 0 if none."""
        return _pid(DataDir(self.data), name)

    def kill(self, name: str, number: int) -> int:
        """Send a signal to one process and return its pid. The supervisor brings it back."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def database_url(self, service: str) -> str:
        """Return the database as `service` sees it."""
        return str(stack_file.read(DataDir(self.data))["databases"][service])


@contextlib.contextmanager
def own_servers() -> Iterator[Servers]:
    """Run the three servers for a while, those of `./pool up`."""
    with temporary_folder() as folder:
        data = DataDir(folder)
        with _started(Options(data=str(folder), with_services=False, nats_accounts=NATS_ACCOUNTS)):
            # Nothing listens where the services would; a migration only wants the names.
            ports = {
                **dict.fromkeys((*SERVICES, "sandbox"), 1),
                **read_json(data.file("ports.json")),
            }
            yield Servers(data, assemble(data, {}, ports))


@contextlib.contextmanager
def running_stack(**options: Any) -> Iterator[Stack]:
    """Run the whole platform for a while, serving a content folder of its own.

    It begins with the samples' `platform.yml` and no campaign: tests publish theirs.
    """
    with temporary_folder() as folder:
        campaigns = folder / "content"
        campaigns.mkdir()
        if (SAMPLES / "platform.yml").exists():
            shutil.copy(SAMPLES / "platform.yml", campaigns)
        make_repository(campaigns)
        wanted = {
            "data": str(folder),
            "port": free_port(),
            "campaigns": str(campaigns),
            # Any service of it can be told to die somewhere; see tests/chaos.
            "settings": crash_setting(folder),
        }
        chosen = Options(**{**wanted, **options})
        with _started(chosen):
            document = stack_file.read(DataDir.at(chosen.data))
            yield Stack(
                data=Path(chosen.data),
                campaigns_dir=Path(chosen.campaigns or campaigns),
                site=document["site"],
                sandbox=document["sandbox"],
                admin_secret=document["admin_secret"],
                nats_url=document["nats"],
                redis_url=document["redis"],
                owner_url=document["postgres"],
            )


@contextlib.contextmanager
def _started(options: Options) -> Iterator[None]:
    supervisor = background.Background(options, die_with_us=True)
    try:
        *_, last = supervisor.events()
        if last["kind"] != "ready":
            raise StackFailed("\n".join([last["reason"], *last["tail"]]))
        yield
    finally:
        supervisor.process.terminate()
        supervisor.process.wait(timeout=90)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="pool-test-", dir=MEMORY if has_room else None))
    try:
        yield folder
    finally:
        if not os.environ.get(KEEP):
            shutil.rmtree(folder, ignore_errors=True)


def _pid(data: DataDir, name: str) -> int:
    return int(stack_file.read(data)["processes"][name]["pid"] or 0)


def _named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()

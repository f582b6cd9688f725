"""The three servers in containers: they take over wherever a Docker engine answers.

POOL_TEST_BACKEND=containers insists on them, =embedded does without. Tests see the same
addresses, accounts and configurations as with the servers from wheels. What `./pool up`
starts stays what it is: the `stack` is there to test that.
"""

import contextlib
import gc
import os
import re
import signal
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.environment import Environment, assemble
from deploy.local.layout import ROOT, DataDir
from deploy.local.permissions import PAYLOAD_BYTES_MAX, redis_users
from deploy.local.ports import HOST, free_port, is_free
from deploy.local.servers import CONNECTIONS_MAX, NATS_RESERVED_BYTES, nats_accounts
from deploy.local.sql import DATABASE, close_cluster, run_sql
from deploy.local.wheels import ServerRefused
from tests.support.stack import (
    NATS_ACCOUNTS,
    REDIS_DATABASES,
    Servers,
    own_servers,
    temporary_folder,
)

BACKEND = "POOL_TEST_BACKEND"
SOCKET = Path("/var/run/docker.sock")
READY_SECONDS = 180.0  # The first time an image is fetched.
ENDING = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class EngineMissing(Exception):
    """Containers were asked for, and there is no engine to run them."""


def backend() -> str:
    """Return `containers` or `embedded`, whatever this machine and its user choose."""
    asked = os.environ.get(BACKEND, "")
    if asked not in ("", "containers", "embedded"):
        raise EngineMissing(f"{BACKEND}={asked}: it is `containers`, `embedded`, or not set")
    if asked == "embedded":
        return asked
    if not asked and not (os.environ.get("DOCKER_HOST") or SOCKET.exists()):
        return "embedded"
    fault = _engine_fault()
    if fault and asked:
        raise EngineMissing(f"{BACKEND}=containers, but no Docker engine answers: {fault}")
    return "embedded" if fault else "containers"


def _engine_fault() -> str:
    """Return why the engine cannot be used; nothing when it can."""
    import docker  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # Its client leaves sockets open when nobody answers.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            client = docker.from_env(timeout=3)
            client.ping()
            client.close()
        except docker.errors.DockerException as exc:
            fault = str(exc)
        else:
            fault = ""
        gc.collect()
    return fault


@dataclass
class ContainerServers(Servers):
    """The servers, whose processes are an engine's."""

    containers: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def pid(self, name: str) -> int:
        container = self.containers[name].get_wrapped_container()
        container.reload()
        return int(container.attrs["State"]["Pid"])

    def kill(self, name: str, number: int) -> int:
        """Send a server a signal and return its pid. If it ends, it is started again."""
        pid = self.pid(name)
        container = self.containers[name].get_wrapped_container()
        container.kill(signal=int(number))
        if number in ENDING:
            container.wait(timeout=30)
            container.start()
        return pid

    def is_up(self, name: str) -> bool:
        return _answers(self.environment, name)


@contextlib.contextmanager
def running_servers() -> Iterator[Servers]:
    """Run the three servers for a while, in containers where an engine is there."""
    if backend() == "containers":
        with temporary_folder() as folder, running_containers(folder) as contained:
            yield contained
    else:
        with own_servers() as running:
            yield running


@contextlib.contextmanager
def running_containers(folder: Path) -> Iterator[ContainerServers]:
    """Run the three servers for a while."""
    data = DataDir(folder)
    data.create()
    environment = assemble(data, {}, {name: free_port() for name in ("postgres", "nats", "redis")})
    with contextlib.ExitStack() as stack:
        containers = {}
        for name, container in _containers(environment).items():
            containers[name] = stack.enter_context(container)
        for name in containers:
            _wait_for(environment, name)
        close_cluster(environment.values["DATABASE_URL"])
        yield ContainerServers(data, environment, containers=containers)


def images() -> dict[str, str]:
    """Return the images that docker-compose.yml names."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = re.findall(r"^    image: (?:valkey/)?((postgres|nats|valkey):\S+)$", text, re.MULTILINE)
    return {name: f"valkey/{image}" if name == "valkey" else image for image, name in found}


def nats_config(environment: Environment) -> str:
    """Return the bus's configuration, an account for each test in it."""
    lines = [
        "server_name: pool-test",
        'listen: "0.0.0.0:4222"',
        f"max_payload: {PAYLOAD_BYTES_MAX}",
        'jetstream { store_dir: "/data", sync_interval: always, max_file_store: '
        f"{(NATS_ACCOUNTS + 1) * NATS_RESERVED_BYTES} }}",
        *nats_accounts(environment.passwords_of("nats"), NATS_ACCOUNTS),
    ]
    return "\n".join(lines) + "\n"


def valkey_config(environment: Environment) -> str:
    """Return Redis's configuration, a database for each test in it."""
    passwords = environment.passwords_of("redis")
    lines = ["bind * -::*", "protected-mode no", 'save ""', "appendonly no"]
    lines += [f"databases {REDIS_DATABASES}", *redis_users(lambda user: passwords[user])]
    return "\n".join(lines) + "\n"


def _containers(environment: Environment) -> dict[str, Any]:
    from testcontainers.core.container import DockerContainer

    image, ports = images(), environment.ports
    postgres = (
        DockerContainer(image["postgres"])
        .with_envs(
            POSTGRES_USER="pool",
            POSTGRES_DB=DATABASE,
            POSTGRES_PASSWORD=environment.values["OWNER_PASSWORD"],
            POSTGRES_INITDB_ARGS="--auth=scram-sha-256 --encoding=UTF8 --locale=C",
        )
        .with_command(f"postgres -c max_connections={CONNECTIONS_MAX}")
    )
    nats = (
        DockerContainer(image["nats"])
        .with_copy_into_container(nats_config(environment).encode(), "/etc/pool.conf")
        .with_command("nats-server --config /etc/pool.conf")
    )
    valkey = (
        DockerContainer(image["valkey"])
        .with_copy_into_container(valkey_config(environment).encode(), "/etc/pool.conf")
        .with_command("valkey-server /etc/pool.conf")
    )
    for container, inside, name in (
        (postgres, 5432, "postgres"),
        (nats, 4222, "nats"),
        (valkey, 6379, "redis"),
    ):
        # A fixed port, for an engine gives another one after a restart; and for us alone.
        bound: dict[str, Any] = container.ports
        bound[f"{inside}/tcp"] = (HOST, ports[name])
    return {"postgres": postgres, "nats": nats, "redis": valkey}


def _answers(environment: Environment, name: str) -> bool:
    if name != "postgres":
        return not is_free(environment.ports[name])
    try:
        return run_sql(environment.values["DATABASE_URL"], "SELECT 1", 5) == "1"
    except ServerRefused:
        return False


def _wait_for(environment: Environment, name: str) -> None:
    limit = time.monotonic() + READY_SECONDS
    while not _answers(environment, name):
        assert time.monotonic() < limit, f"the container of {name} does not answer"
        time.sleep(0.1)

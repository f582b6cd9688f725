"""The three real servers from wheels: how each is prepared, started and recognised."""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import SIGINT

from deploy.local.children import Spec
from deploy.local.layout import DataDir
from deploy.local.permissions import OPERATOR, PAYLOAD_BYTES_MAX, nats_users, redis_users
from deploy.local.ports import HOST
from deploy.local.sql import DATABASE, run_sql
from deploy.local.wheels import ServerRefused, nats_binary, pg_bin, plain_environ, valkey_binary

PG_MAJOR = 18
OWNER = "pool"
NOBODY = 65_534
PROBE_SECONDS = 2.0
CONNECTIONS_MAX = 200
NATS_RESERVED_BYTES = 16 * 1024**3


@dataclass(frozen=True)
class Identity:
    """The system account a server runs under, when it must not be ours."""

    prefix: tuple[str, ...] = ()
    user: int | None = None


@cache
def postgres_identity() -> Identity:
    """Return how to run Postgres, which refuses to be root.

    A user namespace needs no account and changes no file's owner; where the kernel
    forbids it, the account `nobody` has to be able to reach the data.
    """
    if os.geteuid() != 0:
        return Identity()
    unshare = shutil.which("unshare")
    if unshare:
        prefix = (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)
        if tried.returncode == 0:
            return Identity(prefix=prefix)
    return Identity(user=NOBODY)


def postgres(data: DataDir, port: int, password: str, identity: Identity | None = None) -> Spec:
    """Prepare Postgres's folder if it is new, and return how to run it."""
    who = identity or postgres_identity()
    _check_version(data)
    if not (data.pg / "PG_VERSION").exists():
        _initdb(data, password, who)
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "max_connections": CONNECTIONS_MAX,
        "log_line_prefix": "%p %q%u@%d ",
        "log_min_duration_statement": "1000",
        # What people typed stands in no log.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Spec(
        name="postgres",
        argv=(*who.prefix, str(pg_bin() / "postgres"), "-D", str(data.pg), *arguments),
        environ=plain_environ(),
        url=f"postgresql://{OWNER}:{password}@{HOST}:{port}/{DATABASE}",
        is_ready=lambda: _is_our_postgres(data, port, password),
        stop_signal=SIGINT,
        user=who.user,
    )


@dataclass(frozen=True)
class Node:
    """One of the nodes of a cluster of NATS: its number, its route's port, everybody's routes."""

    number: int
    route: int
    routes: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return the name of its process; the first is called as if it were alone."""
        return "nats" if self.number == 1 else f"nats-{self.number}"


ALONE = Node(1, 0, ())


def nats(
    data: DataDir,
    port: int,
    monitor: int,
    passwords: Mapping[str, str],
    *,
    server_name: str,
    accounts: int = 0,
    node: Node = ALONE,
) -> Spec:
    """Write NATS's configuration, and return how to run it.

    Without `sync_interval: always` an acknowledged message can vanish with the power.
    `accounts` adds accounts that see nothing of each other: one for each test.
    """
    store = data.nats if node == ALONE else data.nats / node.name
    store.mkdir(mode=0o700, exist_ok=True)
    config = store / "nats.conf"
    # Streams reserve what they may grow to. By default there are three quarters of the free
    # disk to reserve from, so on a small one the streams could not even be made.
    room = (accounts + 1) * NATS_RESERVED_BYTES
    lines = [
        f'server_name: "{server_name}"',
        f'listen: "{HOST}:{port}"',
        f'http: "{HOST}:{monitor}"',
        f'jetstream {{ store_dir: "{store}", sync_interval: always, max_file_store: {room} }}',
        f"max_payload: {PAYLOAD_BYTES_MAX}",
        *_cluster(node, passwords[OPERATOR]),
        *nats_accounts(passwords, accounts),
    ]
    _write_private(config, "\n".join(lines) + "\n")
    return Spec(
        name=node.name,
        argv=(str(nats_binary()), "-c", str(config)),
        environ=plain_environ(),
        url=f"nats://{OPERATOR}:{passwords[OPERATOR]}@{HOST}:{port}",
        is_ready=lambda: f'"{server_name}"'.encode() in _ask(port, b""),
        stop_seconds=10,
        stage=1,
    )


def _cluster(node: Node, password: str) -> list[str]:
    """Return how a node finds the others, and keeps strangers from its routes."""
    if not node.routes:
        return []
    routes = [f'"nats-route://{OPERATOR}:{password}@{HOST}:{port}"' for port in node.routes]
    return [
        "cluster {",
        '  name: "pool"',
        f'  listen: "{HOST}:{node.route}"',
        f"  authorization {{ user: {OPERATOR}, password: {password}, timeout: 2 }}",
        f"  routes: [{', '.join(routes)}]",
        "}",
    ]


def valkey(data: DataDir, port: int, passwords: Mapping[str, str]) -> Spec:
    """Write Valkey's configuration, and return how to run it. It keeps nothing on disk."""
    config = data.valkey / "valkey.conf"
    password = passwords[OPERATOR]
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f'dir "{data.valkey}"',
        'save ""',
        "appendonly no",
        "maxmemory 128mb",
        "maxmemory-policy allkeys-lru",
        "databases 64",
        *redis_users(lambda user: passwords[user]),
    ]
    _write_private(config, "\n".join(lines) + "\n")
    asked = f"AUTH {password}\r\nCONFIG GET dir\r\nQUIT\r\n".encode()
    return Spec(
        name="redis",
        argv=(str(valkey_binary()), str(config)),
        environ=plain_environ(),
        url=f"redis://:{password}@{HOST}:{port}/0",
        is_ready=lambda: os.fsencode(os.path.realpath(data.valkey)) in _ask(port, asked),
        stop_seconds=10,
        stage=1,
    )


def _check_version(data: DataDir) -> None:
    try:
        found = (data.pg / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return
    if found != str(PG_MAJOR):
        raise ServerRefused(
            f"{data.pg} was written by PostgreSQL {found}, this is {PG_MAJOR}."
            " Start with another --data, or with --fresh if nothing in it matters."
        )


def _initdb(data: DataDir, password: str, who: Identity) -> None:
    """Make the cluster aside and move it in place: a half-made one is never started."""
    fresh = data.path / "pg.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password_file = fresh.with_suffix(".pw")
    _write_private(password_file, password + "\n")
    if who.user is not None:
        data.path.chmod(0o711)
        for path in (fresh, password_file):
            os.chown(path, who.user, who.user)
    arguments = ["-D", str(fresh), "-U", OWNER, "-A", "scram-sha-256", "-E", "UTF8"]
    arguments += ["--locale=C", "--data-checksums", f"--pwfile={password_file}"]
    try:
        done = subprocess.run(
            [*who.prefix, str(pg_bin() / "initdb"), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=plain_environ(),
            user=who.user,
            group=who.user,
            extra_groups=[] if who.user is not None else None,
        )
    except PermissionError as exc:
        raise ServerRefused(
            "Postgres refuses to run as root, and the account nobody cannot reach its"
            f" programs ({exc.filename}). Run ./pool as an ordinary user."
        ) from exc
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ServerRefused(f"initdb failed: {(done.stderr or done.stdout).strip()}")
    fresh.rename(data.pg)


def _is_our_postgres(data: DataDir, port: int, password: str) -> bool:
    url = f"postgresql://{OWNER}:{password}@{HOST}:{port}/postgres?connect_timeout=2"
    try:
        shown = run_sql(url, "SHOW data_directory", PROBE_SECONDS * 2)
    except ServerRefused:
        return False
    return os.path.realpath(shown) == os.path.realpath(data.pg)


def nats_accounts(passwords: Mapping[str, str], accounts: int = 0) -> list[str]:
    """Return the platform's account with its users, and as many empty ones as asked for."""
    users = nats_users(lambda user: f'"{passwords[user]}"')
    secret = f'"{passwords[OPERATOR]}"'
    return [
        "accounts {",
        f"  A_{OPERATOR} {{ jetstream: enabled",
        *(f"    {line}" for line in users),
        "  }",
        *(
            f"  A_{name} {{ jetstream: enabled, users: [ {{user: {name}, password: {secret}}} ] }}"
            for name in (f"test{number}" for number in range(accounts))
        ),
        "}",
    ]


def _ask(port: int, question: bytes) -> bytes:
    """Return what the server says first, or to `question`; nothing when it is silent."""
    heard = b""
    try:
        with socket.create_connection((HOST, port), timeout=PROBE_SECONDS) as connection:
            if question:
                connection.sendall(question)
            while chunk := connection.recv(4096):
                heard += chunk
                if not question:
                    break
    except OSError:
        return heard
    return heard


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)

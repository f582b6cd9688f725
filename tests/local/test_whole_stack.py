"""`./pool up` as a person runs it: the whole platform, on a folder of its own."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import stack_file
from deploy.local.layout import ROOT, SERVICES, DataDir, is_held
from deploy.local.ports import free_port
from deploy.local.sql import run_sql
from deploy.local.wheels import ServerRefused
from tests.support.containers import running_servers
from tests.support.platform import eventually
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.stack

# The promise is 10 s, measured on a quiet machine; beside other tests it takes longer.
FIRST_PAGE_SECONDS = 45.0


@dataclass
class Own:
    """A stack started by the command line, and the commands that mean it."""

    folder: Path
    port: int
    pids: list[int] = field(default_factory=list)

    def pool(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.command(*arguments)],
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        where = ["--data", str(self.folder)]
        return [sys.executable, "-P", "-m", "deploy.local", *arguments, *where]

    @staticmethod
    def environ() -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def remember(self) -> dict[str, Any]:
        document = stack_file.read(DataDir(self.folder))
        self.pids = [each["pid"] for each in document["processes"].values() if each["pid"]]
        return document

    def is_all_gone(self) -> bool:
        return not is_held(DataDir(self.folder)) and not any(map(_runs, self.pids))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    started = Own(tmp_path / "data", free_port())
    yield started
    stack_file.stop(DataDir(started.folder))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_detach_returns_when_the_first_page_is_there_and_down_leaves_nothing(own: Own) -> None:
    began = time.monotonic()
    up = own.pool("up", "--detach", "--port", str(own.port), "--workers", "settlement=2")
    took = time.monotonic() - began
    assert up.returncode == 0, up.stdout + up.stderr
    document = own.remember()

    page = httpx.get(f"http://127.0.0.1:{own.port}/")
    status = json.loads(own.pool("status", "--json").stdout)
    clock = httpx.get(f"{document['sandbox']}/sandbox/clock").json()
    doctor = own.pool("doctor")
    again = own.pool("up", "--detach")
    down = own.pool("down")

    assert page.status_code == 200
    assert clock["offsetSeconds"] == 0
    assert took < FIRST_PAGE_SECONDS
    assert f"http://127.0.0.1:{own.port}/" in up.stdout
    assert document["sandbox"] in up.stdout
    assert "\x1b" not in up.stdout
    assert len(status["services"]["settlement"]["pids"]) == 2
    assert doctor.returncode == 0, doctor.stdout
    assert (again.returncode, "already runs" in again.stderr) == (1, True)
    assert down.returncode == 0
    assert len(own.pids) == 3 + 1 + len(SERVICES) + 1
    assert own.is_all_gone()
    assert (own.folder / "campaigns" / ".git").is_dir()
    assert not (own.folder / "opening").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_ctrl_c_on_a_terminal_stops_everything_cleanly(own: Own) -> None:
    terminal, theirs = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        own.command("up", "--port", str(own.port)),
        env=own.environ(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=take_terminal,  # noqa: PLW1509 - one thread only
    )
    os.close(theirs)
    shown = _read_until(terminal, b"Ctrl-C stops everything.", FIRST_PAGE_SECONDS)
    own.remember()

    os.write(terminal, b"\x03")
    shown += _read_until(terminal, b"Everything is stopped.", 60)
    code = process.wait(timeout=10)
    os.close(terminal)

    assert code == 0
    assert own.is_all_gone()
    assert b"Inbox" in shown


def _read_until(terminal: int, end: bytes, seconds: float) -> bytes:
    heard, deadline = b"", time.monotonic() + seconds
    while end not in heard:
        assert time.monotonic() < deadline, heard.decode(errors="replace")
        heard += os.read(terminal, 4096)
    return heard


def test_a_start_that_was_interrupted_leaves_no_stack_in_last_week(own: Own) -> None:
    data = DataDir(own.folder)
    data.create()
    data.campaigns.mkdir()
    (own.folder / "opening").touch()

    up = own.pool("up", "--detach", "--port", str(own.port))
    document = own.remember()
    clock = httpx.get(f"{document['sandbox']}/sandbox/clock").json()

    assert up.returncode == 0, up.stderr
    assert clock["offsetSeconds"] == 0
    assert not (own.folder / "opening").exists()


def test_a_live_key_starts_nothing(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_never")

    up = own.pool("up", "--detach", "--port", str(own.port))

    assert up.returncode == 2
    assert "live key" in up.stderr
    assert "sk_live_never" not in up.stdout + up.stderr
    assert not is_held(DataDir(own.folder))


def test_servers_of_the_operators_own_are_used_and_never_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_servers() as theirs:
        monkeypatch.setenv("DATABASE_URL", theirs.owner_url)
        monkeypatch.setenv("NATS_URL", theirs.nats_url)
        monkeypatch.setenv("REDIS_URL", theirs.redis_url)
        with running_stack() as stack:
            found = stack.status()
            page = httpx.get(f"{stack.site}/")

        assert page.status_code == 200
        assert [found[name]["pid"] for name in ("postgres", "nats", "redis")] == [None] * 3
        assert found["postgres"]["url"] == theirs.owner_url
        assert all(theirs.is_up(name) for name in ("postgres", "nats", "redis"))


def test_a_taken_port_is_named(own: Own, stack: Stack) -> None:
    taken = stack.site.rpartition(":")[2]

    up = own.pool("up", "--detach", "--port", taken)

    assert up.returncode == 1
    assert taken in up.stderr


def test_status_has_the_shape_others_rely_on(stack: Stack) -> None:
    found = stack.status()

    servers = ("postgres", "nats", "redis")

    assert {"site", "sandbox", "admin_secret", "data", "services", *servers} <= set(found)
    assert list(found["services"]) == list(SERVICES)
    for each in found["services"].values():
        assert {"url", "pids", "ready", "degraded"} <= set(each)
        assert each["ready"] is True
        assert all(map(_runs, each["pids"]))
    for name in servers:
        assert _runs(found[name]["pid"])
        assert "@127.0.0.1:" in found[name]["url"]


@pytest.mark.parametrize("service", [*SERVICES, "sandbox"])
def test_a_killed_process_comes_back_by_itself(stack: Stack, service: str) -> None:
    before = stack.kill(service, signal.SIGKILL)

    eventually(lambda: stack.pid(service) not in (0, before), seconds=2, what="a new process")
    if service == "sandbox":
        eventually(lambda: _answers(f"{stack.sandbox}/sandbox/clock"), seconds=20, what="answers")
        return
    eventually(lambda: stack.status()["services"][service]["ready"], seconds=20, what="ready")
    assert stack.status()["services"][service]["restarts"] >= 1


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_only_the_sandboxs_role_may_move_the_clock(stack: Stack) -> None:
    move = "UPDATE platform.clock_offset SET offset_by = '1 day' WHERE false"

    assert run_sql(stack.database_url("sandbox"), move) == ""
    for service in SERVICES:
        with pytest.raises(ServerRefused, match="permission denied"):
            run_sql(stack.database_url(service), move)


def test_every_log_on_disk_is_json(stack: Stack) -> None:
    logs = sorted((stack.data / "log").glob("*.log"))

    assert {f"{each}.log" for each in SERVICES} <= {path.name for path in logs}
    for path in logs:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict), (path.name, line)


def test_what_a_process_started_with_holds_no_secret(stack: Stack) -> None:
    """Each is given its own after it was forked: tests/local/test_environment.py says which."""
    started_with = Path(f"/proc/{stack.pid('site')}/environ")
    if not started_with.exists():
        pytest.skip("this system shows no environments")

    found = started_with.read_bytes()

    secrets = json.loads((stack.data / "secrets.json").read_text(encoding="utf-8"))
    assert len(secrets) > 5
    assert not [name for name, value in secrets.items() if str(value).encode() in found]
    assert b"PYTHONPATH=" in found

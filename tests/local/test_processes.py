"""Real processes: what is left when a stack's supervisor is stopped, interrupted or killed.

Only the three servers run here: quick, and everything a service would do they do as well.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import stack_file
from deploy.local.background import Background
from deploy.local.layout import ROOT, DataDir, is_held
from deploy.local.ports import free_port
from deploy.local.servers import NOBODY, Identity, postgres
from deploy.local.stack import Options
from deploy.local.supervisor import Supervisor
from deploy.local.wheels import ServerRefused
from tests.support.platform import eventually

ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}


class Running:
    """A stack of servers in a folder of its own, and its processes as they were first."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDir(folder)
        self.options = Options(data=str(folder), with_services=False)
        self.supervisor = Background(self.options, die_with_us=True)
        *_, last = self.supervisor.events()
        assert last["kind"] == "ready", last
        self.document = stack_file.read(self.data)

    @property
    def pids(self) -> list[int]:
        return [int(each["pid"]) for each in self.document["processes"].values()]

    def is_all_gone(self) -> bool:
        return not is_held(self.data) and not any(map(_runs, self.pids))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    started = Running(tmp_path / "data")
    yield started
    started.supervisor.process.terminate()
    started.supervisor.process.wait(timeout=30)
    stack_file.stop(started.data)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _pool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "deploy.local", *arguments]
    return subprocess.run(
        command, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_asked_supervisor_leaves_no_process(running: Running, number: int) -> None:
    running.supervisor.process.send_signal(number)

    assert running.supervisor.process.wait(timeout=30) == 0
    assert running.is_all_gone()
    assert not running.data.file("stack.json").exists()


def test_a_killed_supervisor_leaves_no_process_either(running: Running) -> None:
    running.supervisor.process.kill()
    running.supervisor.process.wait()

    eventually(running.is_all_gone, seconds=15, what="the children ended by themselves")


def test_a_killed_test_run_leaves_no_process(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from deploy.local.background import Background\n"
        "from deploy.local.stack import Options\n"
        "started = Background(Options(data=sys.argv[1], with_services=False), die_with_us=True)\n"
        "*_, last = started.events()\n"
        "print(last['kind'], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "ready\n")
    eventually(lambda: not is_held(DataDir(tmp_path)), seconds=15, what="everything ended")


def test_down_stops_it_and_says_so_and_twice_is_fine(running: Running) -> None:
    first = _pool("down", "--data", str(running.data.path))
    running.supervisor.process.wait(timeout=5)
    second = _pool("down", "--data", str(running.data.path))

    assert (first.returncode, first.stdout) == (0, "Everything is stopped.\n")
    assert second.returncode == 0
    assert "No stack runs" in second.stdout
    assert running.is_all_gone()


def test_two_supervisors_never_share_a_folder(running: Running) -> None:
    *_, last = Background(running.options, die_with_us=True).events()

    assert last["kind"] == "failed"
    assert "already runs" in last["reason"]
    assert all(map(_runs, running.pids))


def test_fresh_is_refused_while_the_stack_runs(running: Running) -> None:
    done = _pool("up", "--detach", "--fresh", "--data", str(running.data.path))

    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert (running.data.pg / "PG_VERSION").exists()


def test_a_second_stack_beside_the_first_never_touches_it(running: Running, tmp_path: Path) -> None:
    other = Running(tmp_path / "other")
    ports = {each["url"] for each in running.document["processes"].values()}
    other_ports = {each["url"] for each in other.document["processes"].values()}

    assert _pool("down", "--data", str(other.data.path)).returncode == 0
    other.supervisor.process.wait(timeout=5)

    assert not ports & other_ports
    assert other.is_all_gone()
    assert stack_file.read(running.data) == running.document
    assert all(map(_runs, running.pids))


def test_a_stack_comes_back_with_its_data_ports_and_secrets(
    running: Running,
) -> None:
    running.supervisor.process.terminate()
    running.supervisor.process.wait(timeout=30)

    again = Running(running.data.path)
    again.supervisor.process.terminate()
    again.supervisor.process.wait(timeout=30)

    for name in ("postgres", "nats", "redis", "databases", "admin_secret"):
        assert again.document[name] == running.document[name], name


def test_fresh_empties_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.create()
    for name in ("pg/PG_VERSION", "secrets.json", ".env", "tools/uv", "my-film.mov"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    data.wipe()

    left = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert left == [".env", "my-film.mov", "tools/uv"]


def test_data_of_another_postgres_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("16\n")

    *_, last = Background(Options(data=str(tmp_path), with_services=False)).events()

    assert last["kind"] == "failed"
    assert "written by PostgreSQL 16" in last["reason"]
    assert not is_held(DataDir(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_runs_postgres_as_nobody() -> None:
    # Not tmp_path: its parents are closed to everybody but root.
    with tempfile.TemporaryDirectory(prefix="pool-test-") as folder:
        data = DataDir(Path(folder))
        data.create()
        try:
            spec = postgres(data, free_port(), "secret", Identity(user=NOBODY))
        except ServerRefused as exc:
            if "cannot reach its programs" not in str(exc):
                raise
            pytest.skip("this checkout is closed to everybody but root, and ./pool says so")
        supervisor = Supervisor(data.log)
        try:
            supervisor.start([spec])
            pid = supervisor.children["postgres"].pid
            owner = Path(f"/proc/{pid}").stat().st_uid
        finally:
            supervisor.stop()

    assert owner == NOBODY


def test_status_of_no_stack_is_one_and_json_stays_json(tmp_path: Path) -> None:
    plain = _pool("status", "--data", str(tmp_path))
    as_json = _pool("status", "--json", "--data", str(tmp_path))

    assert plain.returncode == as_json.returncode == 1
    assert json.loads(as_json.stdout)["running"] is False

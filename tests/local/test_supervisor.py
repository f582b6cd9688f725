"""The supervisor, with tiny programs in place of servers and services."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.children import BACKOFF_SECONDS, Spec
from deploy.local.logfile import LogFile
from deploy.local.logs import merged
from deploy.local.supervisor import StartFailed, Supervisor

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n"


def _spec(name: str, code: str = SLEEP, **more: object) -> Spec:
    environ = {"PATH": os.environ["PATH"]}
    return Spec(name=name, argv=(sys.executable, "-c", code), environ=environ, **more)  # type: ignore[arg-type]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    notices: list[str] = []
    running = Supervisor(tmp_path, notice=notices.append)
    running.notices = notices  # type: ignore[attr-defined]
    yield running
    for child in running.children.values():
        child.end_at_once()


def _tick_until(supervisor: Supervisor, is_so: object, seconds: float = 5.0) -> float:
    began = time.monotonic()
    while not is_so():  # type: ignore[operator]
        supervisor.tick(0.02)
        assert time.monotonic() - began < seconds
    return time.monotonic() - began


def test_start_returns_when_every_child_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    code = f"import time; time.sleep(0.3); open({str(mark)!r}, 'w'); time.sleep(60)"
    came: list[str] = []

    supervisor.start(
        [_spec("slow", code, is_ready=mark.exists), _spec("quick")],
        came_up=lambda spec, seconds: came.append(spec.name),
    )

    assert came == ["quick", "slow"]
    assert all(child.pid for child in supervisor.children.values())


def test_a_killed_child_is_back_within_two_seconds(supervisor: Supervisor) -> None:
    supervisor.start([_spec("one"), _spec("other")])
    one, other = supervisor.children["one"], supervisor.children["other"]
    before, untouched = one.pid, other.pid

    assert before is not None
    os.kill(before, signal.SIGKILL)
    took = _tick_until(supervisor, lambda: one.pid not in (None, before))

    assert took < 2.0
    assert (one.restarts, other.restarts, other.pid) == (1, 0, untouched)


def test_pauses_between_restarts_grow_to_thirty_seconds(supervisor: Supervisor) -> None:
    supervisor.start([_spec("one")])
    child = supervisor.children["one"]

    pauses = [child.plan_restart() for _ in range(len(BACKOFF_SECONDS) + 2)]

    assert pauses == sorted(pauses)
    assert pauses[0] <= 2.0
    assert pauses[-2:] == [30.0, 30.0]


def test_a_child_that_keeps_ending_fails_the_start_with_its_last_words(
    supervisor: Supervisor,
) -> None:
    broken = _spec("broken", "print('no database'); raise SystemExit(3)", is_ready=lambda: False)

    with pytest.raises(StartFailed, match="broken keeps ending") as failed:
        supervisor.start([broken])

    assert "no database" in failed.value.tail


def test_a_child_that_is_never_ready_fails_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="deaf was not ready after"):
        supervisor.start([_spec("deaf", is_ready=lambda: False)], limit_seconds=0.3)


def test_a_job_that_fails_is_named_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.run_jobs([_spec("fine", "pass"), _spec("also", "pass")])

    with pytest.raises(StartFailed, match="migrate-x ended with exit code 4") as failed:
        supervisor.run_jobs([_spec("migrate-x", "print('edited file'); raise SystemExit(4)")])
    assert failed.value.tail == ["edited file"]


def test_stages_stop_from_the_last_to_the_first(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(sys.argv[1] + '\\n'); sys.exit(0)\n"
        "signal.signal(15, end); print('up', flush=True); time.sleep(60)"
    )
    names = ("postgres", "nats", "site")
    specs = [
        Spec(
            name=name,
            argv=(sys.executable, "-c", code, name),
            environ={},
            stage=stage,
            is_ready=(tmp_path / f"{name}.log").exists,
        )
        for stage, name in enumerate(names)
    ]
    supervisor.start(specs)
    supervisor.stop()

    assert order.read_text().split() == ["site", "nats", "postgres"]
    assert not any(child.pid for child in supervisor.children.values())


def test_who_does_not_go_in_time_is_killed_with_what_it_started(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    pid_file = tmp_path / "grandchild"
    code = STUBBORN + (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\ntime.sleep(60)"
    )
    supervisor.start([_spec("deaf", code, stop_seconds=0.2, is_ready=pid_file.exists)])
    _tick_until(supervisor, pid_file.read_text)
    grandchild = int(pid_file.read_text())

    supervisor.stop()

    assert "deaf did not end in time and is killed" in supervisor.notices  # type: ignore[attr-defined]
    _tick_until(supervisor, lambda: _is_gone(grandchild))


def _is_gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
            return stream.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_stopped_supervisor_starts_nothing_again(supervisor: Supervisor) -> None:
    supervisor.start([_spec("one")])
    supervisor.request_stop()
    supervisor.stop()
    for _ in range(20):
        supervisor.tick(0.02)

    assert supervisor.children["one"].pid is None


def test_every_line_becomes_json_whatever_the_child_writes(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    code = (
        'print(\'{"event": "ours", "level": "info", "timestamp": "2026-01-01"}\'); print("plain");'
        'print("LOG:  fine"); print("ERROR:  not fine"); print("unfinished", end="", flush=True)'
    )
    supervisor.run_jobs([_spec("chatty", code)])

    lines = merged([tmp_path / "chatty.log"])
    assert [line["event"] for line in lines] == [
        "ours", "plain", "LOG:  fine", "ERROR:  not fine", "unfinished"
    ]  # fmt: skip
    assert [line["level"] for line in lines[1:]] == ["info", "info", "error", "info"]
    assert {line["service"] for line in lines[1:]} == {"chatty"}


def test_a_log_never_grows_past_its_cap_and_keeps_one_older_part(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "loud.log", "loud", bytes_max=20_000)
    for number in range(2_000):
        log.feed(f"line {number}\n".encode())
    log.close()

    files = sorted(tmp_path.glob("loud.log*"))
    assert [path.name for path in files] == ["loud.log", "loud.log.1"]
    assert all(path.stat().st_size <= 20_000 for path in files)
    assert merged(files)[-1]["event"] == "line 1999"


def test_a_full_disk_loses_lines_and_says_how_many(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "full.log", "full")
    log.path.symlink_to("/dev/full")
    log.feed(b"one\ntwo\n")
    log.close()
    log.path.unlink()

    log.feed(b"three\n")
    log.close()

    events = [line["event"] for line in merged([log.path])]
    assert sorted(events) == ["2 lines lost: the disk was full", "three"]

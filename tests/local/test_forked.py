"""Processes that are forked from one that has imported everything."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.death import IS_LINUX
from deploy.local.environment import machine
from deploy.local.forked import Forked, fork, import_all

pytestmark = pytest.mark.skipif(not IS_LINUX, reason="elsewhere processes are started anew")
END_SECONDS = 20.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    os.close(read_end)


def ended(process: Forked) -> int:
    wait_until(lambda: process.poll() is not None)
    return process.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + END_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()


def test_a_module_runs_in_a_session_of_its_own_and_writes_where_it_was_told(
    pipe: tuple[int, int],
) -> None:
    read_end, write_end = pipe

    process = fork("zen", ("this",), machine(), output=write_end)
    os.close(write_end)

    with os.fdopen(os.dup(read_end)) as said:
        assert "Beautiful is better than ugly." in said.read()
    assert ended(process) == 0


def test_who_is_killed_says_so_and_has_a_name(pipe: tuple[int, int]) -> None:
    _, write_end = pipe
    serve = ("http.server", "0", "--bind", "127.0.0.1")
    process = fork("a-name-too-long-for-linux", serve, machine(), output=write_end)
    os.close(write_end)
    wait_until(lambda: name_of(process.pid) == "a-name-too-long")
    assert os.getsid(process.pid) == process.pid

    process.send_signal(signal.SIGKILL)

    assert ended(process) == -signal.SIGKILL
    process.send_signal(signal.SIGTERM)  # Who is gone is not sent anything.


def test_a_module_that_is_broken_keeps_nobody_else_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_for_a_test.py").write_text("def x(:\n", encoding="utf-8")
    (tmp_path / "whole_for_a_test.py").write_text("IS_WHOLE = True\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    import_all(("broken_for_a_test", "absent_for_a_test", "whole_for_a_test"))

    assert sys.modules.pop("whole_for_a_test").IS_WHOLE
    assert "broken_for_a_test" not in sys.modules

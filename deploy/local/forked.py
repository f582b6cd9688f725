"""Our own Python processes, forked from one that has imported everything they need.

Importing a service costs a second of processor; a stack has a dozen such processes, and one
that died should be back at once. So a fork server imports them all once per stack.
"""

import importlib
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from typing import Any

from deploy.local.death import die_with
from deploy.local.environment import machine

_CONTEXT = multiprocessing.get_context("forkserver")
NAME_BYTES_MAX = 15


class _Passed:
    """A file descriptor that reaches the new process as a number of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self._descriptor),)


def _received(passed: Any) -> int:
    return int(passed.detach())


class Forked:
    """A forked process, asked the way one asks `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid: int = process.pid or 0

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """Return how it ended, when it has."""
        self._process.join()
        return self._process.exitcode or 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def import_all(modules: Iterable[str]) -> None:
    """Import what can be imported. Whoever becomes one that can't says in its own log why."""
    for module in modules:
        with suppress(Exception):
            importlib.import_module(module)


def warm_up() -> None:
    """Have everything imported beside us, while we do something else."""
    _CONTEXT.set_forkserver_preload(["deploy.local.imported"])
    with _environment_of(machine()):
        forkserver.ensure_running()


@contextmanager
def _environment_of(environ: Mapping[str, str]) -> Iterator[None]:
    """Start with `environ` alone what can only inherit ours, which may hold every secret."""
    ours = dict(os.environ)
    try:
        _become(environ)
        yield
    finally:
        _become(ours)


def _become(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def fork(
    name: str,
    module: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    output: int,
    keep: tuple[int, ...] = (),
    stop_signal: int = signal.SIGTERM,
) -> Forked:
    """Run `python -m` `module` in a session of its own; it gets `stop_signal` when we die."""
    warm_up()
    kept = [_Passed(each) for each in keep]
    process = _CONTEXT.Process(
        target=_run,
        args=(module, dict(environ)),
        kwargs={
            "name": name[:NAME_BYTES_MAX],
            "output": _Passed(output),
            "kept": kept,
            "stop_signal": int(stop_signal),
        },
    )
    process.start()
    return Forked(process)


def _run(
    module: tuple[str, ...],
    environ: dict[str, str],
    *,
    name: str,
    output: int,
    kept: list[int],
    stop_signal: int,
) -> None:
    """Become that module: its output, environment and arguments, and nothing of the server's."""
    os.setsid()
    die_with(os.getppid(), stop_signal, name=name)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    for each in kept:
        os.set_inheritable(each, True)
    _become(environ)
    sys.argv = list(module)
    runpy.run_module(module[0], run_name="__main__", alter_sys=True)

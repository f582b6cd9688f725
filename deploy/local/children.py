"""One child process: how it is started, that it ends with us, and its log."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.death import IS_LINUX, die_with
from deploy.local.forked import Forked, fork
from deploy.local.layout import ROOT
from deploy.local.logfile import LogFile

READ_BYTES_MAX = 65_536
# Longer than a start that fails takes: whoever lived through this did not die of starting.
STABLE_SECONDS = 5.0
STARTED_SECONDS = 2.0
BACKOFF_SECONDS = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def _ready_at_once() -> bool:
    return True


@dataclass(frozen=True)
class Spec:
    """What to run and how to know that it runs. Plain data, so a test can bring its own."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    module: tuple[str, ...] = ()
    """If it is Python of ours: the module and its arguments. It is forked, not started anew."""
    service: str = ""
    """The name in `status` that this process counts under; its own name if empty."""
    stage: int = 0
    """Started from low to high, stopped from high to low."""
    url: str = ""
    is_ready: Callable[[], bool] = _ready_at_once
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 25.0
    user: int | None = None


def spawn(
    spec: Spec, *, stdout: int, stderr: int = subprocess.STDOUT, keep: tuple[int, ...] = ()
) -> "subprocess.Popen[bytes]":
    """Start `spec` in a session of its own; it gets its stop signal when we die.

    The parent of a death signal is a thread, not a process: call this from the main one.
    """
    parent = os.getpid()

    return subprocess.Popen(
        spec.argv,
        env=dict(spec.environ),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=keep,
        preexec_fn=lambda: die_with(parent, spec.stop_signal),  # noqa: PLW1509 - one thread only
        user=spec.user,
        group=spec.user,
        extra_groups=[] if spec.user is not None else None,
    )


def _start(spec: Spec, output: int, keep: tuple[int, ...]) -> "subprocess.Popen[bytes] | Forked":
    if not (spec.module and IS_LINUX):
        return spawn(spec, stdout=output, keep=keep)
    return fork(
        spec.name,
        spec.module,
        spec.environ,
        output=output,
        keep=keep,
        stop_signal=spec.stop_signal,
    )


class Child:
    """A spec and the process that runs it at the moment."""

    def __init__(self, spec: Spec, log_folder: Path, selector: selectors.BaseSelector) -> None:
        self.spec = spec
        self.log = LogFile(log_folder / f"{spec.name}.log", spec.service or spec.name)
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.restarts = 0
        self.restart_at: float | None = None
        self._selector = selector
        self._started_at = 0.0
        self._failures = 0
        self._pipe = -1

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def is_due(self) -> bool:
        return self.restart_at is not None and time.monotonic() >= self.restart_at

    def start(self, keep: tuple[int, ...] = ()) -> None:
        """Run it, with its output going to the log."""
        read_end, write_end = os.pipe()
        try:
            self.process = _start(self.spec, write_end, keep)
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        os.set_blocking(read_end, False)
        self._pipe = read_end
        self._selector.register(read_end, selectors.EVENT_READ, self)
        self._started_at = time.monotonic()
        self.restart_at = None

    def pump(self) -> None:
        """Move what it wrote into its log."""
        while self._pipe >= 0:
            try:
                chunk = os.read(self._pipe, READ_BYTES_MAX)
            except BlockingIOError:
                return
            if not chunk:
                self._close_pipe()
                return
            self.log.feed(chunk)

    def reap(self) -> int | None:
        """Return how it ended, once, with its log complete; None while it runs."""
        if self.process is None:
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.pump()
        self._close_pipe()
        self.log.close()
        self.process = None
        return code

    def plan_restart(self, code: int = 1) -> float:
        """Say when to start it again, and return the pause: short at first, then longer.

        Who lived for a while and ended well was asked to stop: that is no failure.
        """
        lived = time.monotonic() - self._started_at
        if lived > STABLE_SECONDS:
            self._failures = 0
        pause = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS) - 1)]
        if code == 0 and lived > STARTED_SECONDS:
            pause = 0.0
        else:
            self._failures += 1
        self.restarts += 1
        self.restart_at = time.monotonic() + pause
        return pause

    def send(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it and everything it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def end_at_once(self) -> None:
        """Kill it and wait until it is gone, its log closed."""
        self.kill()
        if self.process is not None:
            self.process.wait()
            self.reap()

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            self._selector.unregister(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

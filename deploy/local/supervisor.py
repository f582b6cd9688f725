"""The supervisor: starts children in stages, brings dead ones back, stops them in order.

One thread, one loop. It knows nothing of The Pool: what to run is data.
"""

import selectors
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deploy.local.children import Child, Spec

TICK_SECONDS = 0.1
PROBE_PAUSE_SECONDS = 0.05
DEATHS_MAX_WHILE_STARTING = 3
KILL_SECONDS = 5.0

Notice = Callable[[str], None]


class StartFailed(Exception):
    """A child did not come up. `tail` holds the last lines it wrote."""

    def __init__(self, reason: str, tail: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tail = list(tail)


class Stopped(Exception):
    """Somebody asked us to stop while we were starting."""


class Supervisor:
    """Looks after its children until it is told to stop."""

    def __init__(
        self,
        log_folder: Path,
        *,
        keep: tuple[int, ...] = (),
        notice: Notice = lambda text: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.children: dict[str, Child] = {}
        self.is_stopping = False
        self._log_folder = log_folder
        self._keep = keep
        self._notice = notice
        self._changed = changed
        self._selector = selectors.DefaultSelector()

    def request_stop(self, *_: object) -> None:
        """Ask the loop to end; asked twice, it stops waiting for those that are slow."""
        if self.is_stopping:
            for child in self.children.values():
                child.kill()
        self.is_stopping = True

    def handle_signals(self) -> None:
        """Stop on Ctrl-C, on a polite request, and when the terminal goes away."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.request_stop)

    def start(
        self,
        specs: Sequence[Spec],
        *,
        limit_seconds: float = 60.0,
        came_up: Callable[[Spec, float], None] = lambda spec, seconds: None,
    ) -> None:
        """Start all of `specs` at once; return when every one is ready.

        Raises `StartFailed` when one keeps dying or is not ready in time.
        """
        began = time.monotonic()
        waiting: list[Child] = []
        for spec in specs:
            child = Child(spec, self._log_folder, self._selector)
            self.children[spec.name] = child
            child.start(self._keep)
            waiting.append(child)
        self._changed()
        while waiting:
            self._go_on(PROBE_PAUSE_SECONDS)
            for child in list(waiting):
                if child.process is not None and child.spec.is_ready():
                    waiting.remove(child)
                    came_up(child.spec, time.monotonic() - began)
                elif child.restarts >= DEATHS_MAX_WHILE_STARTING:
                    raise StartFailed(f"{child.spec.name} keeps ending", child.log.tail)
            if waiting and time.monotonic() - began > limit_seconds:
                late = waiting[0]
                reason = f"{late.spec.name} was not ready after {limit_seconds:.0f} s"
                raise StartFailed(reason, late.log.tail)

    def run_jobs(self, specs: Sequence[Spec], *, limit_seconds: float = 120.0) -> None:
        """Run all of `specs` at once to their end. Raises `StartFailed` if one fails."""
        began = time.monotonic()
        jobs = [Child(spec, self._log_folder, self._selector) for spec in specs]
        for job in jobs:
            job.start(self._keep)
        try:
            while jobs:
                self._go_on(PROBE_PAUSE_SECONDS)
                for job in list(jobs):
                    code = job.reap()
                    if code is not None:
                        jobs.remove(job)
                        if code != 0:
                            reason = f"{job.spec.name} ended with {_said(code)}"
                            raise StartFailed(reason, job.log.tail)
                if time.monotonic() - began > limit_seconds:
                    reason = f"{jobs[0].spec.name} took more than {limit_seconds:.0f} s"
                    raise StartFailed(reason, jobs[0].log.tail)
        finally:
            for job in jobs:
                job.end_at_once()

    def watch(self) -> None:
        """Look after the children until somebody asks us to stop."""
        while not self.is_stopping:
            self.tick()

    def tick(self, seconds: float = TICK_SECONDS) -> None:
        """Move log lines for a moment, notice who died, start again who is due."""
        self._pump(seconds)
        for child in self.children.values():
            code = child.reap()
            if code is not None:
                self._noticed_end(child, code)
            elif child.is_due and not self.is_stopping:
                child.start(self._keep)
                self._changed()

    def stop(self) -> None:
        """Stop everything, the last stage first; who does not go in time is killed."""
        self.is_stopping = True
        for stage in sorted({c.spec.stage for c in self.children.values()}, reverse=True):
            group = [c for c in self.children.values() if c.spec.stage == stage]
            for child in group:
                child.send(child.spec.stop_signal)
            self._wait_for_end(group)

    def _noticed_end(self, child: Child, code: int) -> None:
        if not self.is_stopping:
            pause = child.plan_restart(code)
            when = f"in {pause:g} s" if pause else "at once"
            self._notice(f"{child.spec.name} ended with {_said(code)}; starting it again {when}")
        self._changed()

    def _wait_for_end(self, group: list[Child]) -> None:
        began = time.monotonic()
        while any(child.process for child in group):
            self.tick(PROBE_PAUSE_SECONDS)
            waited = time.monotonic() - began
            for child in group:
                if child.process and waited > child.spec.stop_seconds:
                    self._notice(f"{child.spec.name} did not end in time and is killed")
                    child.kill()
            if waited > max(c.spec.stop_seconds for c in group) + KILL_SECONDS:
                return

    def _go_on(self, seconds: float) -> None:
        self.tick(seconds)
        if self.is_stopping:
            raise Stopped

    def _pump(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            if not self._selector.get_map():
                time.sleep(left)
                return
            for key, _ in self._selector.select(left):
                key.data.pump()


def _said(code: int) -> str:
    """Return an exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"

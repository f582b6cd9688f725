"""The toy as a process: started, asked, stopped, killed."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

GATEWAY = "g" * 40
TOY = "toy-secret-that-nobody-may-see-0123"


class Toy:
    """One life after the other of the same service."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{environ['LISTEN_PORT']}",
            timeout=10,
            headers={"x-pool-gateway": GATEWAY},
        )
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, role: str = "all", **more: str) -> "subprocess.Popen[bytes]":
        """Start it without waiting for anything."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.chassis.toy", role],
            env={**self.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self.process

    def start(self, role: str = "all", **more: str) -> None:
        """Start it and wait until it is ready and hears the bus."""
        self.launch(role, **more)
        self.wait(
            lambda: (
                self.readiness().items() >= {"ready": True, "missing": [], "degraded": []}.items()
            )
        )

    def readiness(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get("/readyz").json()
        return answer

    def stop(self) -> tuple[int, str]:
        """Ask it to end; return its exit code and what it had logged."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        said, complained = self.process.communicate(timeout=40)
        return self.process.returncode, (said + complained).decode()

    def ended(self, *, seconds: float = 30) -> int:
        """Wait until it has ended by itself; return its exit code."""
        assert self.process is not None
        self.process.communicate(timeout=seconds)
        return self.process.returncode

    def close(self) -> None:
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def wait(self, holds: Callable[[], bool], *, seconds: float = 20) -> None:
        """Wait until `holds`, at most so long."""
        limit = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if holds():
                    return
            assert time.monotonic() < limit, "not in time"
            time.sleep(0.02)

"""stack.json: what the supervisor says about its stack, for everybody who asks later."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from typing import Any

from deploy.local import layout
from deploy.local.children import Child
from deploy.local.death import IS_LINUX
from deploy.local.environment import Environment
from deploy.local.layout import DataDir, read_json, write_json

VERSION = 1
KILL_SECONDS = 30.0


def write(data: DataDir, env: Environment, children: Iterable[Child]) -> None:
    """Write the state of the stack as it is now."""
    site = env.values["SITE_BASE"]
    document = {
        "version": VERSION,
        "supervisor": _identity(os.getpid()),
        "site": site or None,
        "sandbox": env.url_of("sandbox") if env.uses_sandbox and "sandbox" in env.ports else None,
        "admin_secret": env.values["ADMIN_SECRET"],
        "campaigns": env.values["CAMPAIGNS_DIR"],
        "postgres": env.values["DATABASE_URL"],
        "nats": env.values["NATS_URL"],
        "redis": env.values["REDIS_URL"],
        "databases": {role: env.database_url(role) for role in (*layout.SERVICES, "sandbox")},
        "processes": {
            child.spec.name: {
                **(_identity(child.pid) if child.pid else {"pid": None, "started": ""}),
                "service": child.spec.service or child.spec.name,
                "url": child.spec.url,
                "restarts": child.restarts,
            }
            for child in children
        },
    }
    write_json(data.file("stack.json"), document)


def read(data: DataDir) -> dict[str, Any]:
    """Return what was written last; empty when no stack was started or it ended well."""
    return read_json(data.file("stack.json"))


def remove(data: DataDir) -> None:
    data.file("stack.json").unlink(missing_ok=True)


def is_running(data: DataDir) -> bool:
    """Return whether the supervisor that wrote the file is alive: the same one, not its number."""
    return _is_alive(read(data).get("supervisor"))


def stop(data: DataDir, limit_seconds: float = 90.0) -> bool:
    """Ask the supervisor to stop and wait until no process is left. False: none was there.

    A supervisor that was killed cannot answer; then its children are ended one by one.
    """
    document = read(data)
    supervisor = document.get("supervisor")
    had_any = layout.is_held(data)
    if supervisor and _is_alive(supervisor):
        os.kill(supervisor["pid"], signal.SIGTERM)
        _wait(lambda: not _is_alive(supervisor), limit_seconds)
    if layout.is_held(data):
        orphans = [each for each in document.get("processes", {}).values() if _is_alive(each)]
        _end(orphans, signal.SIGTERM, KILL_SECONDS)
        _end(orphans, signal.SIGKILL, 5.0)
    if not layout.is_held(data):
        remove(data)
    return had_any


def is_left(data: DataDir) -> bool:
    """Return whether any process of a stack still holds the folder."""
    return layout.is_held(data)


def _end(processes: list[dict[str, Any]], number: int, limit_seconds: float) -> None:
    left = [each for each in processes if _is_alive(each)]
    for each in left:
        os.killpg(each["pid"], number)
    _wait(lambda: not any(_is_alive(each) for each in left), limit_seconds)


def _wait(is_done: Any, limit_seconds: float) -> None:
    deadline = time.monotonic() + limit_seconds
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.05)


def _identity(pid: int) -> dict[str, Any]:
    return {"pid": pid, "started": _started(pid)}


def _is_alive(process: dict[str, Any] | None) -> bool:
    return bool(process and process["pid"] and _started(process["pid"]) == process["started"])


def _started(pid: int) -> str:
    """Return when a process began, which tells it from a later one of the same number."""
    if IS_LINUX:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
                fields = stream.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return "gone"
        return "gone" if fields[0] == "Z" else fields[19]
    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or "gone"

"""What a running stack looks like from outside: its file, and what it answers now."""

import json
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deploy.local import stack_file
from deploy.local.layout import SERVICES, DataDir
from deploy.local.loopback import open_url

PROBE_SECONDS = 2.0


def collect(data: DataDir) -> dict[str, Any] | None:
    """Return the stack's state in the shape of interfaces.md; None when it does not run."""
    document = stack_file.read(data)
    if not document or not stack_file.is_running(data):
        return None
    processes = document["processes"]
    return {
        "site": document["site"],
        "sandbox": document["sandbox"],
        "admin_secret": document["admin_secret"],
        "data": str(data.path),
        "campaigns": document["campaigns"],
        "supervisor": document["supervisor"]["pid"],
        "services": _services(processes),
        **{
            name: {
                "url": document[name],
                "pid": processes.get(name, {}).get("pid"),
                "restarts": processes.get(name, {}).get("restarts", 0),
            }
            for name in ("postgres", "nats", "redis")
        },
    }


def _services(processes: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in SERVICES if name in processes]
    if not names:
        return {}
    with ThreadPoolExecutor(len(names)) as pool:
        health = dict(
            zip(names, pool.map(lambda name: readiness(processes[name]["url"]), names), strict=True)
        )
    found: dict[str, Any] = {}
    for name in names:
        own = [each for each in processes.values() if each["service"] == name]
        found[name] = {
            "url": processes[name]["url"],
            "pids": [each["pid"] for each in own if each["pid"]],
            "ready": health[name][0],
            "degraded": health[name][1],
            "restarts": sum(each["restarts"] for each in own),
        }
    return found


def readiness(url: str) -> tuple[bool, list[str]]:
    """Return whether a service is ready, and which parts it misses."""
    try:
        with open_url(f"{url}/readyz", timeout=PROBE_SECONDS) as response:
            return True, list(json.load(response).get("degraded", []))
    except urllib.error.HTTPError as exc:
        try:
            body = json.load(exc)
        except ValueError:
            body = {}
        return False, [*body.get("missing", []), *body.get("degraded", [])]
    except (OSError, ValueError):
        return False, []

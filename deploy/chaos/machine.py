"""Which machine the figures are from: without it they say nothing."""

import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from deploy.local import versions

WRITES = 200
BLOCK = 4096


def describe() -> dict[str, Any]:
    """Return the machine in a few words and the cost of one durable write."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "postgres": versions.postgres(None),
        "nats": versions.nats(None),
        "valkey": versions.valkey(None),
        "fsync_ms": fsync_ms(),
    }


def fsync_ms(folder: Path | None = None) -> float:
    """Return the median time of a 4 KiB write that is on the disk when it returns."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        descriptor = os.open(file.name, os.O_WRONLY | os.O_DSYNC)
        try:
            for _ in range(WRITES):
                began = time.perf_counter()
                os.write(descriptor, b"\0" * BLOCK)
                times.append(time.perf_counter() - began)
        finally:
            os.close(descriptor)
    return round(sorted(times)[WRITES // 2] * 1000, 3)

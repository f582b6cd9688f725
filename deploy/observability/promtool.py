"""promtool, Prometheus' own judge of alerts: the system's, else Debian's, unpacked for us alone."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from deploy.bench.figures import Say
from deploy.local.layout import ROOT
from deploy.quality.tools import ToolMissing, run

FOLDER = ROOT / ".pool" / "tools" / "promtool"
MEMBER = "./usr/bin/promtool"


def find() -> Path | None:
    """Return the one `POOL_PROMTOOL` names, that of the system, or the one unpacked before."""
    named = os.environ.get("POOL_PROMTOOL") or shutil.which("promtool")
    if named:
        return Path(named)
    ours = FOLDER / "promtool"
    return ours if ours.exists() else None


def find_or_unpack(say: Say) -> Path:
    """Return a promtool. The package is not installed: its server would start, and nobody needs it.

    Raises `ToolMissing`, which says how to get one.
    """
    if found := find():
        return found
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := find()) is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
            say("unpacking promtool of Debian's prometheus (apt-get download)")
            found = _unpack()
    if found is None:
        raise ToolMissing(
            "Alerts are judged by promtool: install Prometheus with your system's package manager"
            " (Debian: apt-get install prometheus), or name its promtool in POOL_PROMTOOL."
        )
    return found


def _unpack() -> Path:
    if os.geteuid() == 0:
        run(["apt-get", "update", "-q"])
    run(["apt-get", "download", "-q", "prometheus"], cwd=FOLDER)
    (package,) = FOLDER.glob("prometheus_*.deb")
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
    ) as contents:
        command = ["tar", "--extract", "--strip-components=3", f"--directory={FOLDER}", MEMBER]
        done = subprocess.run(command, stdin=contents.stdout, capture_output=True, check=False)
    if done.returncode != 0:
        raise ToolMissing(f"promtool is not in {package.name}: {done.stderr.decode()}")
    package.unlink()
    return FOLDER / "promtool"

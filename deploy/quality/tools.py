"""What the gates need from other package worlds: npm packages by their lock, and a Java."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from deploy.bench.figures import Say
from deploy.local.layout import ROOT

HERE = Path(__file__).parent
LISTED = ("package.json", "package-lock.json")
FOLDER = ROOT / ".pool" / "tools" / "quality"
INSTALL_SECONDS = 900


class ToolMissing(Exception):
    """Something the gates run is not there; the message says how to get it."""


def installed(say: Say) -> Path:
    """Return the folder of the npm packages, brought to what the lock says."""
    wanted = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LISTED)).hexdigest()
    stamp = FOLDER / "stamp"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        say("installing Lighthouse and the markup validator from npm (once)")
        # What a start that was interrupted left behind confuses npm.
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for name in LISTED:
            shutil.copy(HERE / name, FOLDER)
        # No script of a package runs here: what we use needs none.
        run([npm(say), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER)
        stamp.write_text(wanted, encoding="ascii")
    return FOLDER / "node_modules"


def npm(say: Say) -> str:
    """Return npm, which brings Node with it."""
    return _program("npm", "npm", "Node 20 or newer with npm", say)


def java(say: Say) -> str:
    """Return a Java for the markup validator."""
    return _program("java", "default-jre-headless", "Java 17 or newer", say)


def _program(name: str, package: str, wanted: str, say: Say) -> str:
    # On a Debian of ours it is installed when there is none.
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {wanted} (apt-get)")
        run(["apt-get", "update", "-q"])
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", package])
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"This needs {wanted} (Debian: apt-get install {package}).")
    return found


def run(
    command: list[str],
    *,
    cwd: Path | None = None,
    environ: dict[str, str] | None = None,
    may_end_with: tuple[int, ...] = (0,),
) -> str:
    """Run a program to its end and return what it said; anything else is `ToolMissing`."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ToolMissing(f"{command[0]}: {exc}") from exc
    if done.returncode not in may_end_with:
        raise ToolMissing(f"{' '.join(command[:3])} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout

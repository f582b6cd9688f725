"""A Chromium for the browser tests: the system's, else one that can be had here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
INSTALL_SECONDS = 900


class BrowserMissing(Exception):
    """There is none, and none could be installed. The message says how to get one."""


def find() -> Path | None:
    """Return a Chromium of this machine: the one `POOL_CHROMIUM` names, or the first found."""
    named = os.environ.get("POOL_CHROMIUM")
    if named:
        return Path(named)
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    for application in APPLICATIONS:
        if Path(application).exists():
            return Path(application)
    return _playwrights_own()


def find_or_install(say: Callable[[str], None]) -> Path:
    """Return a Chromium, installed if there was none. Raises `BrowserMissing`."""
    found = find()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing Chromium for the browser tests (apt-get install chromium) …")
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run(["apt-get", "update", "-q"], environ)
        _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"], environ)
    else:
        say("Installing Chromium for the browser tests (playwright install) …")
        _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))
    found = find()
    if found is None:
        raise BrowserMissing(
            "No Chromium was found and none could be installed. Install it with your system's"
            " package manager (Debian: sudo apt-get install chromium), or name one in"
            " POOL_CHROMIUM."
        )
    return found


def _run(command: list[str], environ: dict[str, str]) -> None:
    try:
        subprocess.run(
            command,
            env=environ,
            stdout=sys.stderr,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        sys.stderr.write(f"{command[0]}: {exc}\n")


def _playwrights_own() -> Path | None:
    cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    pattern = "chromium-*/chrome-*/*"
    for path in sorted((cache / "ms-playwright").glob(pattern), reverse=True):
        if path.name in ("chrome", "Chromium.app"):
            return path / "Contents/MacOS/Chromium" if path.suffix == ".app" else path
    return None

"""uv, the installer: the one on the PATH, else its wheel from the package index.

Standard library only: this runs before anything is installed.
"""

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import package_index
from deploy.local.package_index import IndexFault, IndexSettings, Link

UV_VERSION = (0, 13, 8)
# The oldest that reads our lock file.
UV_MIN = (0, 8, 0)
_WHEEL = re.compile(r"uv-(\d+)\.(\d+)\.(\d+)-py3-none-(?P<tags>[\w.]+)\.whl")
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_(.+)")
_MUSL = re.compile(r"musllinux_(\d+)_(\d+)_(.+)")
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_(.+)")


class ToolMissing(Exception):
    """uv is not here and could not be fetched; the message says what to do."""


class Machine:
    """What decides which wheel runs here."""

    def __init__(self, system: str, architecture: str, libc: str, version: tuple[int, int]) -> None:
        self.system = system
        self.architecture = {"amd64": "x86_64"}.get(architecture.lower(), architecture.lower())
        self.libc = libc
        self.version = version

    @classmethod
    def this(cls) -> "Machine":
        """Return the machine we are on."""
        if sys.platform == "darwin":
            return cls("darwin", platform.machine(), "", _pair(platform.mac_ver()[0]))
        try:
            shown = os.confstr("CS_GNU_LIBC_VERSION") or ""
        except (AttributeError, ValueError, OSError):
            shown = ""
        if shown.startswith("glibc"):
            return cls("linux", platform.machine(), "glibc", _pair(shown.split()[1]))
        return cls("linux", platform.machine(), "musl", (1, 2))

    def runs(self, tag: str) -> bool:
        """Return whether a wheel with this platform tag works here."""
        if self.system == "darwin":
            found = _MACOS.fullmatch(tag)
            architectures = (self.architecture, "universal2")
        else:
            found = (_GLIBC if self.libc == "glibc" else _MUSL).fullmatch(tag)
            architectures = ({"arm64": "aarch64"}.get(self.architecture, self.architecture), "")
        if found is None or found[3] not in architectures:
            return False
        return (int(found[1]), int(found[2])) <= self.version


def find_uv(folder: Path, index: IndexSettings, *, say: Callable[[str], None]) -> str:
    """Return a uv that can read our lock, fetched into `folder` when there is none."""
    for candidate in (shutil.which("uv"), folder / "uv"):
        if candidate and _version_of(str(candidate)) >= UV_MIN:
            return str(candidate)
    say(f"Fetching uv {'.'.join(map(str, UV_VERSION))} from the package index …")
    try:
        wheel = choose(package_index.links(index, "uv"), Machine.this())
        return str(unpack(package_index.download(index, wheel), folder))
    except (IndexFault, OSError, zipfile.BadZipFile) as exc:
        raise ToolMissing(
            f"{exc}. Set UV_INDEX_URL or PIP_INDEX_URL to an index that can be reached"
            " (SSL_CERT_FILE for its certificates), or put uv on the PATH."
        ) from exc


def choose(offered: Sequence[Link], machine: Machine) -> Link:
    """Return the wheel of the pinned version for this machine, else the newest that fits."""
    fitting: list[tuple[tuple[int, ...], Link]] = []
    for link in offered:
        found = _WHEEL.fullmatch(link.filename)
        if found and not link.is_yanked and any(map(machine.runs, found["tags"].split("."))):
            fitting.append((tuple(int(found[group]) for group in (1, 2, 3)), link))
    for version, link in fitting:
        if version == UV_VERSION:
            return link
    newest = max(fitting, key=lambda each: each[0], default=None)
    if newest is None or newest[0] < UV_MIN:
        where = f"{machine.system} {machine.architecture} {machine.libc}".strip()
        raise IndexFault(f"the index has no uv for {where}")
    return newest[1]


def unpack(wheel: bytes, folder: Path) -> Path:
    """Put the program out of the wheel into `folder`, at once or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(
            (each for each in archive.namelist() if each.endswith(".data/scripts/uv")), None
        )
        if name is None:
            raise IndexFault("the wheel holds no program named uv")
        fresh = folder / f".uv.{os.getpid()}"
        fresh.write_bytes(archive.read(name))
    fresh.chmod(0o755)
    fresh.replace(folder / "uv")
    return folder / "uv"


def _version_of(program: str) -> tuple[int, ...]:
    try:
        shown = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", shown)[:3])


def _pair(version: str) -> tuple[int, int]:
    major, _, minor = (version or "0").partition(".")
    return int(major), int(re.match(r"\d*", minor)[0] or 0)  # type: ignore[index]

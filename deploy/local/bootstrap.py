"""From a bare Python to the locked environment, then on to the command line.

Standard library only: this runs before anything is installed. A second start finds a
stamp and does nothing.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local import tools
from deploy.local.package_index import IndexSettings, settings

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = "pool-stamp"
PYTHON_MIN = (3, 11)

# What a command needs beyond the services' own packages; `dev` includes `embedded`.
EMBEDDED, DEV = "embedded", "dev"
DEV_COMMANDS = ("test", "check", "quality", "mutants")


class CannotInstall(Exception):
    """The environment could not be made; the message says what to do."""


def main() -> None:
    """Make the environment if it is not there yet, and run the command in it."""
    group = DEV if sys.argv[1:2] and sys.argv[1] in DEV_COMMANDS else EMBEDDED
    try:
        ensure(group)
    except (CannotInstall, tools.ToolMissing) as exc:
        sys.exit(f"./pool could not install itself: {exc}")
    python = str(VENV / "bin" / "python")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    os.execve(python, [python, "-P", "-m", "deploy.local", *sys.argv[1:]], environ)  # noqa: S606


def ensure(group: str) -> None:
    """Bring `.venv` to what the lock says, unless its stamp says it is there."""
    if is_installed(group):
        return
    with _turn():
        if not is_installed(group):
            _install(group)


def _install(group: str) -> None:
    began = time.monotonic()
    index = settings(os.environ)
    uv = tools.find_uv(ROOT / ".pool" / "tools", index, say=_say)
    _say(f"Installing the locked environment (group {group}) …")
    environ = _uv_environ(index)
    # Other groups' packages stay: `up` after `test` must not take the test tools away.
    common = ["--frozen", "--no-install-project", "--inexact"]
    if index.is_default:
        _run([uv, "sync", *_quiet(), *common, "--group", group, *_python_choice()], environ)
    else:
        _install_from(index, uv, group, environ)
    (VENV / STAMP).write_text(fingerprint(group) + "\n", encoding="ascii")
    _say(f"Installed in {time.monotonic() - began:.1f} s.")


def _install_from(index: IndexSettings, uv: str, group: str, environ: dict[str, str]) -> None:
    """Install what the lock pins, by its hashes, from an index of the operator's own.

    `uv sync` fetches from the addresses in the lock, which are PyPI's.
    """
    if not (VENV / "bin" / "python").exists():
        _run([uv, "venv", "--quiet", *_python_choice(), str(VENV)], environ)
    listed = VENV / "pool-requirements.txt"
    export = ["--frozen", "--no-emit-project", "--quiet", "--group", group]
    _run([uv, "export", *export, "--output-file", str(listed)], environ)
    install = ["--no-deps", "--require-hashes", "--requirements", str(listed)]
    python = ["--python", str(VENV / "bin" / "python")]
    _run([uv, "pip", "install", *_quiet(), *python, *install], environ)


def _quiet() -> list[str]:
    """Return the option that keeps uv's list of packages out of logs."""
    return [] if sys.stderr.isatty() else ["--quiet"]


def _python_choice() -> list[str]:
    """Return which interpreter to build on: ours, unless a usable `.venv` is there."""
    probe = [str(VENV / "bin" / "python"), "-c", "import sys; print(sys.version_info[:2])"]
    try:
        shown = subprocess.run(probe, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ["--python", sys.executable]
    version = tuple(int(part) for part in shown.strip("()\n").split(","))
    return ["--python", str(VENV / "bin" / "python") if version >= PYTHON_MIN else sys.executable]


def _uv_environ(index: IndexSettings) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environ["UV_PYTHON_DOWNLOADS"] = "never"
    environ["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    if not index.is_default:
        environ["UV_DEFAULT_INDEX"] = index.url
        environ.pop("UV_INDEX_URL", None)
    if index.certificates:
        environ["SSL_CERT_FILE"] = index.certificates
    else:
        # The system's own list knows the certificates of a company's proxy.
        environ.setdefault("UV_SYSTEM_CERTS", "true")
    home = environ.get("XDG_CACHE_HOME") or environ.get("HOME") or "/nonexistent"
    if not os.access(home, os.W_OK):
        environ.setdefault("UV_CACHE_DIR", str(ROOT / ".pool" / "tools" / "cache"))
    return environ


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=dict(environ), stdout=sys.stderr, check=False)
    if done.returncode != 0:
        said = " ".join([Path(command[0]).name, *command[1:]])
        raise CannotInstall(f"`{said}` ended with {done.returncode}. Its words are above.")


def is_installed(group: str, venv: Path = VENV) -> bool:
    """Return whether an environment holds what the lock says for a group."""
    try:
        found = (venv / STAMP).read_text(encoding="ascii").strip()
    except OSError:
        return False
    wanted = {fingerprint(group), fingerprint(DEV)}
    return found in wanted and os.access(venv / "bin" / "python", os.X_OK)


def fingerprint(group: str) -> str:
    """Return what the environment is made from: lock, project, groups."""
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{group}-{digest.hexdigest()}"


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for another ./pool that is installing at this moment."""
    folder = ROOT / ".pool"
    try:
        folder.mkdir(exist_ok=True)
        stream = (folder / "install.lock").open("w")
    except OSError as exc:
        raise CannotInstall(f"{folder} is not writable ({exc.strerror})") from exc
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

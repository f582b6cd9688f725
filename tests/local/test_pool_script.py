"""./pool itself: which Python it takes, where it may be called from, what it installs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap
from deploy.local.layout import ROOT

SCRIPT = ROOT / "pool"


def _run(*arguments: str, cwd: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environ}
    return subprocess.run(
        [*arguments], cwd=cwd, env=clean, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a folder with a `deploy` of its own, which must not be the one imported."""
    (tmp_path / "deploy" / "local").mkdir(parents=True)
    for package in (tmp_path / "deploy", tmp_path / "deploy" / "local"):
        (package / "__init__.py").write_text("raise SystemExit('somebody else')\n")
    return tmp_path


@pytest.mark.parametrize("kind", ["by its path", "through a link", "by a shell"])
def test_it_works_from_anywhere(here: Path, kind: str) -> None:
    if not bootstrap.is_installed("embedded"):
        pytest.skip("./pool would install first, and tests install nothing")
    link = here / "link"
    link.symlink_to(SCRIPT)
    command = {
        "by its path": [str(SCRIPT)],
        "through a link": [str(link)],
        "by a shell": ["/bin/sh", str(SCRIPT)],
    }[kind]

    done = _run(*command, "status", "--data", "relative", cwd=here, POOL_PYTHON=sys.executable)

    assert done.returncode == 1
    assert f"No stack runs on {here}/relative" in done.stderr


def test_without_a_new_enough_python_it_says_what_to_do(here: Path) -> None:
    old = here / "bin"
    old.mkdir()
    for name in ("python3", "python3.12", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)

    done = _run("/bin/sh", str(SCRIPT), "up", cwd=here, PATH=str(old))

    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_it_is_plain_posix_shell() -> None:
    assert SCRIPT.read_text().startswith("#!/bin/sh\n")
    assert os.access(SCRIPT, os.X_OK)
    dash = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([dash, "-n", str(SCRIPT)], check=False).returncode == 0


@pytest.mark.parametrize(
    ("stamped", "wanted", "is_enough"),
    [
        ("embedded", "embedded", True),
        ("dev", "embedded", True),
        ("dev", "dev", True),
        ("embedded", "dev", False),
    ],
)
def test_what_is_installed_is_not_installed_again(
    tmp_path: Path, stamped: str, wanted: str, is_enough: bool
) -> None:
    venv = _venv(tmp_path)
    (venv / "pool-stamp").write_text(bootstrap.fingerprint(stamped))

    assert bootstrap.is_installed(wanted, venv) is is_enough


def test_a_new_lock_or_a_lost_interpreter_installs_again(tmp_path: Path) -> None:
    venv = _venv(tmp_path)
    (venv / "pool-stamp").write_text("embedded-of-an-older-lock")
    assert not bootstrap.is_installed("embedded", venv)

    (venv / "pool-stamp").write_text(bootstrap.fingerprint("embedded"))
    (venv / "bin" / "python").unlink()
    assert not bootstrap.is_installed("embedded", venv)


def _venv(folder: Path) -> Path:
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder

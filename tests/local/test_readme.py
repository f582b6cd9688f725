"""The README's quick start, executed to the letter in a copy of the tree."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from deploy.local.layout import ROOT, DataDir, is_held
from tests.support.platform import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

START_SECONDS = 180.0


def blocks(text: str) -> list[str]:
    """Return the shell blocks of a Markdown text, in order."""
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A copy of the tree as it stands, with the environment that is already here."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = tmp_path / "pool"
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    eventually(lambda: not is_held(DataDir(folder / ".pool")), seconds=60, what="stack is gone")


def test_the_quick_start_brings_up_the_site_it_promises(clone: Path) -> None:
    quick_start = blocks((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    log = clone.parent / "said"

    with log.open("w") as said:
        process = subprocess.Popen(
            ["sh", "-ec", f"exec {quick_start.strip()}"],
            cwd=clone,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        site = eventually(lambda: _site(log, process), seconds=START_SECONDS, what="the address")
        page = httpx.get(site)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)

    assert page.status_code == 200
    assert "One Roll" in page.text
    assert code in (0, 130), log.read_text()


def test_every_command_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = commands(text)

    assert {"up", "down", "doctor", "campaigns publish", "parked", "chaos"} <= set(named)
    for command, options in named.items():
        asked = subprocess.run(
            [str(ROOT / "pool"), *command.split(), "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.returncode == 0, command
        assert [each for each in options if each not in asked.stdout] == [], command


def commands(text: str) -> dict[str, set[str]]:
    """Return each command a text names, such as `campaigns check`, and the options it has there.

    "`./pool bench` · `chaos`" names two: the second's words take the place of the first's last.
    """
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        command: list[str] = []
        cell = line.split("|")[1] if line.startswith("| `./pool") else ""
        for said in re.findall(r"`([^`]+)`", cell) or re.findall(r"\./pool [^`]+", line):
            if own := words(said.removeprefix("./pool ")):
                command = own if said.startswith("./pool ") else [*command[:-1], *own]
            options = re.findall(r"--[a-z-]+", said)
            found.setdefault(" ".join(command), set()).update(options)
    return found


def words(text: str) -> list[str]:
    """Return a command's own words, up to what it is given."""
    return list(takewhile(re.compile(r"[a-z]+").fullmatch, text.split()))


def test_commands_are_read_from_rows_and_blocks() -> None:
    text = """
./pool campaigns check films/
| `./pool down` · `status` | stop it |
| `./pool campaigns check` · `publish [--json]` | `platform.yml` too |
| `./pool up` `[--port N] [--detach]` | run |
"""

    assert commands(text) == {
        "campaigns check": set(),
        "down": set(),
        "status": set(),
        "campaigns publish": {"--json"},
        "up": {"--port", "--detach"},
    }


def _site(log: Path, process: "subprocess.Popen[bytes]") -> str | None:
    text = log.read_text()
    assert process.poll() is None, text
    found = re.search(r"Site\s+(http://\S+?)/?\s", text)
    return found[1] if found else None

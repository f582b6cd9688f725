"""A backup is made and brought back by the commands an operator uses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


class Commands:
    """./pool, as it is run in a shell."""

    def __call__(self, *arguments: str, data: Path) -> "subprocess.CompletedProcess[str]":
        """Run a command on a stack's folder."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "deploy.local", *arguments, "--data", str(data)],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def answer(self, *arguments: str, data: Path) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the JSON document of a command."""
        done = self(*arguments, "--json", data=data)
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, found


@pytest.fixture
def pool() -> Commands:
    return Commands()

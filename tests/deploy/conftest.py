"""The Compose file as Compose itself understands it: no engine is needed for that."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SANDBOX_ENV = ROOT / "deploy" / "compose" / "sandbox.env"
PRODUCTION = {
    "SITE_BASE": "https://pool.example",
    "EMAIL_FROM": "The Pool <pledges@pool.example>",
}

Model = dict[str, Any]
Compose = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def compose() -> Compose:
    """Docker's own Compose: the wheel's program, or one that is installed."""
    found = find_spec("compose")
    program = Path(found.origin).parent / "docker-compose" if found and found.origin else None
    if program is None or not program.exists():
        named = shutil.which("docker-compose")
        if named is None:
            pytest.skip("no Compose for this machine: the wheel is for Linux on x86-64")
        program = Path(named)

    def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [program, "--project-directory", ROOT, *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def resolved(compose: Compose, *arguments: str, **environ: str) -> Model:
    """Return the whole model, every variable and anchor in its place."""
    done = compose(*arguments, "config", "--format", "json", **environ)
    assert done.returncode == 0, done.stderr
    model: Model = json.loads(done.stdout)
    return model


@pytest.fixture(scope="session")
def production(compose: Compose) -> Model:
    """What runs with real keys."""
    return resolved(compose, **PRODUCTION)


@pytest.fixture(scope="session")
def sandbox(compose: Compose) -> Model:
    """What runs with nobody's keys."""
    return resolved(compose, "--env-file", str(SANDBOX_ENV))


@pytest.fixture(params=["production", "sandbox"])
def model(request: pytest.FixtureRequest) -> Model:
    """Each of the two."""
    found: Model = request.getfixturevalue(request.param)
    return found

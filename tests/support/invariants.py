"""How every test of a whole stack ends: nothing that must be true is broken."""

from pathlib import Path
from typing import Protocol

from deploy.chaos.inspection import REST_SECONDS, inspect
from deploy.local.layout import DataDir


class Inspectable(Protocol):
    """A started platform with a folder of its own."""

    @property
    def data(self) -> Path:
        """Return its data directory."""


def assert_invariants(stack: Inspectable, *, rest_seconds: float = REST_SECONDS) -> None:
    """Wait until the stack is at rest and fail with everything the checker finds."""
    found = inspect(DataDir(stack.data), rest_seconds=rest_seconds).violations

    assert not found, "\n".join(["the checker found:", *map(str, found)])

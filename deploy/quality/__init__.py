"""The slow gates: every page as browsers, validators and attackers see it.

Each gate looks at the same running platform, with the sample films and a few people. What
it says are figures with goals, as a benchmark's are; docs/quality.md tells what each means.
"""

import importlib

from deploy.quality.gate import Gate

MODULES = ("markup", "weights", "lighthouse", "axe", "xss")


def names() -> tuple[str, ...]:
    """Return every gate, the quick ones first."""
    return MODULES


def load(name: str) -> Gate:
    """Return one gate; a name nobody knows is a `ModuleNotFoundError`."""
    gate = importlib.import_module(f"{__name__}.{name}").GATE
    assert isinstance(gate, Gate)
    return gate

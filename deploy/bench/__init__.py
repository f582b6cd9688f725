"""How fast we are, as a share of what the parts beneath us can do in the same run.

An absolute figure does not travel to another machine; a ratio does. Workloads and goals:
docs/benchmarks.md.
"""

import importlib

from deploy.bench.figures import Bench

MODULES = {
    "site": "pages",
    "checkout": "checkout",
    "ledger": "ledger",
    "settlement": "settlement",
    "mail": "mail",
    "dashboard": "dashboard",
    "backup": "backup",
}


def names() -> tuple[str, ...]:
    """Return every benchmark there is."""
    return tuple(MODULES)


def load(name: str) -> Bench:
    """Return one benchmark; a name nobody knows is a `KeyError`."""
    bench = importlib.import_module(f"{__name__}.{MODULES[name]}").BENCH
    assert isinstance(bench, Bench)
    return bench

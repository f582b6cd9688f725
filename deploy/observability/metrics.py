"""Every figure of the code, read from where it is declared.

python -m deploy.observability.metrics writes docs/metrics.md anew.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
KINDS = {"Gauge": "gauge", "Counter": "counter", "Histogram": "histogram"}
SUFFIXES = {"gauge": ("",), "counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
EVERYBODY = "chassis"
OWN_LABELS = {"le", "instance", "job", "namespace", "pod", "service"}
"""Labels that a figure gets elsewhere: from its kind, and from who collects it."""

HEAD = "\n".join(
    (
        "# Figures",
        "",
        "Every service answers `/metrics` for Prometheus on its own port, each process with its own"
        " figures: `sum` counters over processes, take the `max` of gauges, for one process at a"
        " time looks into the database for all. What to watch, and when to call somebody:"
        " [the alerts](../deploy/observability/prometheus/rules.yml), with"
        " [a page for each](runbook.md). Labels are few and fixed: no address, campaign or order"
        " is ever one.",
        "",
        "Made by `python -m deploy.observability.metrics` from the code.",
        "",
    )
)


class Metric(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A figure: `name` as Prometheus has it, without what its kind adds."""

    service: str
    name: str
    kind: str
    says: str
    labels: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Return the names under which it is collected."""
        return tuple(self.name + suffix for suffix in SUFFIXES[self.kind])

    @property
    def shown(self) -> str:
        """Return the name people look for."""
        return self.name + ("_total" if self.kind == "counter" else "")


@cache
def declared() -> tuple[Metric, ...]:
    """Return all figures, those of everybody first."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py")}
    found = [
        metric
        for path, text in texts.items()
        if "prometheus_client" in text
        for metric in _in(path.relative_to(ROOT).parts[1], text)
    ]
    return tuple(sorted(found, key=lambda each: (each.service != EVERYBODY, each)))


def _in(service: str, text: str) -> Iterator[Metric]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind = KINDS.get(node.func.id)
        # A Counter of the standard library counts things in its hand, and is given no name.
        if kind is None or len(node.args) < 2 or not isinstance(node.args[0], ast.Constant):
            continue
        name, says, *rest = [ast.literal_eval(each) for each in node.args]
        yield Metric(
            service=service,
            name=name.removesuffix("_total"),
            kind=kind,
            says=says,
            labels=tuple(rest[0]) if rest else (),
        )


def text() -> str:
    """Return the page."""
    parts = [HEAD]
    for service in dict.fromkeys(each.service for each in declared()):
        parts.append(f"\n## {'Every service' if service == EVERYBODY else service}\n\n")
        parts.append("| figure | kind | labels | says |\n| --- | --- | --- | --- |\n")
        for each in declared():
            if each.service == service:
                labels = ", ".join(f"`{label}`" for label in each.labels)
                parts.append(f"| `{each.shown}` | {each.kind} | {labels} | {each.says} |\n")
    return "".join(parts)


def main() -> int:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

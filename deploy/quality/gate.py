"""What a gate is: it looks at a showcase and says figures, each with what it found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.bench.figures import Figure, Say
from deploy.quality.showcase import Showcase


@dataclass(frozen=True)
class Found:
    """A figure, and the lines that say what is behind it where a goal is missed."""

    figure: Figure
    lines: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Gate:
    """One way of looking at the pages."""

    name: str
    says: str
    run: Callable[[Showcase, Say], list[Found]]


def none_of(name: str, workload: str, lines: Sequence[str]) -> Found:
    """Return a count whose goal is zero, with what was counted."""
    figure = Figure(name, workload, len(lines), "found", goal=0, is_cap=True)
    return Found(figure, lines)


def at_most(name: str, workload: str, value: float, unit: str, most: float) -> Found:
    """Return a figure that must not be larger."""
    return Found(Figure(name, workload, value, unit, goal=most, is_cap=True))

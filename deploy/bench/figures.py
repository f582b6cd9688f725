"""What a benchmark says: a figure, what it is measured against, and its goal."""

import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Say = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One figure of one workload.

    `ceiling` is the same work done by the part beneath us alone, in the same run, in the
    same unit; `goal` is a ratio to it, or, where there is no ceiling, a value of the
    figure. `is_cap` marks a figure that must stay below its goal.
    """

    name: str
    workload: str
    figure: float
    unit: str
    ceiling: float | None = None
    goal: float | None = None
    is_cap: bool = False

    @property
    def ratio(self) -> float | None:
        """Return the share of the ceiling that was reached."""
        return round(self.figure / self.ceiling, 3) if self.ceiling else None

    @property
    def ok(self) -> bool:
        """Tell whether the goal is met; a figure without one only informs."""
        if self.goal is None:
            return True
        value = self.figure if self.ratio is None else self.ratio
        return value <= self.goal if self.is_cap else value >= self.goal

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that programs rely on (interfaces.md)."""
        return {**asdict(self), "ratio": self.ratio, "ok": self.ok}

    def line(self) -> str:
        """Return it for a person at the terminal."""
        parts = [f"{self.name:<28} {self.figure:>10,.5g} {self.unit:<12}"]
        if self.ceiling:
            parts.append(f"of {self.ceiling:,.5g}: {self.ratio}")
        if self.goal is not None:
            parts.append(f"(goal {'≤' if self.is_cap else '≥'} {self.goal:g})")
        return " ".join(parts)


@dataclass(frozen=True)
class Bench:
    """A set of workloads that share one fresh stack."""

    name: str
    says: str
    run: Callable[[int, Say], Coroutine[Any, Any, list[Figure]]]


def median(values: Sequence[float]) -> float:
    """Return the middle value: one slow round says something of the machine, not of us."""
    return float(statistics.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share (0–1) of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

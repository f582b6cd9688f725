"""Would this alert have fired? Prometheus' own promtool says so, from figures that were read.

A story has chapters: before the trouble, in it, after it. What a process showed in a chapter is
held for as long as the rule's ranges and its `for` ask; so nobody waits for real minutes.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import promql_parser
from ruamel.yaml import YAML

from deploy.observability.metrics import ROOT

PROMETHEUS = ROOT / "deploy" / "observability" / "prometheus"
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
MARGIN_SECONDS = 600
COUNTED = ("_total", "_bucket", "_count", "_sum")
SECONDS_MAX = 120

Labels = tuple[tuple[str, str], ...]
Figures = Mapping[tuple[str, Labels], float]


@dataclass(frozen=True)
class Rule:
    """An alert, as it stands in rules.yml."""

    text: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.text["alert"])

    @property
    def asks(self) -> frozenset[str]:
        """Return the figures that its expression names."""
        parsed = promql_parser.parse(self.text["expr"])
        return frozenset(each.name for each in selectors(parsed))

    @property
    def seconds(self) -> int:
        """Return how long a state has to hold until nothing older has a say."""
        ranges = re.findall(r"\[(\d+[smhd])\]", self.text["expr"])
        spans = [seconds(each) for each in [*ranges, self.text.get("for", "0s")]]
        return sum(spans) + MARGIN_SECONDS


@dataclass(frozen=True)
class Chapter:
    """What was read at its beginning and at its end, so many real seconds later.

    Where it `goes_on`, counters rise for all its time at the pace they were seen to rise.
    """

    first: Figures
    last: Figures
    real_seconds: float = 0.0
    goes_on: bool = False


@dataclass
class Series:
    """One series as promtool reads it: the values of each chapter, one after the other."""

    values: list[str] = field(default_factory=list)
    last: float | None = None
    lift: float = 0.0
    """What a counter was said to have risen beyond what was read, where trouble goes on."""


def seconds(text: str) -> int:
    """Return a duration of Prometheus, one number with one unit, in seconds."""
    return int(text[:-1]) * UNITS[text[-1]]


def selectors(expression: Any) -> Iterator[Any]:
    """Yield every series that a question asks for."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(expression, name, None)
        if child is not None and not isinstance(child, str):
            yield from selectors(child)
    for child in getattr(expression, "args", None) or []:
        yield from selectors(child)


def rules() -> dict[str, Rule]:
    """Return every alert by its name."""
    text = (PROMETHEUS / "rules.yml").read_text(encoding="utf-8")
    groups = YAML(typ="safe").load(text)["groups"]
    return {rule["alert"]: Rule(rule) for group in groups for rule in group["rules"]}


def every_seconds() -> int:
    """Return how often Prometheus asks, which is as often as it judges."""
    config = YAML(typ="safe").load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    asked = {config["global"][name] for name in ("scrape_interval", "evaluation_interval")}
    (interval,) = asked
    return seconds(interval)


def verdicts(promtool: Path, folder: Path, rule: Rule, story: Sequence[Chapter]) -> list[bool]:
    """Return for each chapter whether the alert fired in it; of a last third, at its end."""
    step = every_seconds()
    points = rule.seconds // step
    alert = f'ALERTS{{alertname="{rule.name}",alertstate="firing"}}'
    asked = []
    for number in range(len(story)):
        # Of the chapter after the trouble we ask how it ends: alerts need a moment to go.
        span = (points - 1) * step
        question = alert if number == 2 else f"max_over_time({alert}[{span}s])"
        asked.append(
            {
                "expr": f"clamp_max(sum({question}), 1) or vector(0)",
                "eval_time": f"{((number + 1) * points - 1) * step}s",
                # promtool says what it got only where that is not what was expected.
                "exp_samples": [{"labels": "{}", "value": 2}],
            }
        )
    rules_file, test_file = folder / "rules.json", folder / "test.json"
    rules_file.write_text(
        json.dumps({"groups": [{"name": "one", "rules": [dict(rule.text)]}]}), encoding="utf-8"
    )
    test = {
        "interval": f"{step}s",
        "input_series": told(rule, story, points, step),
        "promql_expr_test": asked,
    }
    test_file.write_text(
        json.dumps(
            {"rule_files": [str(rules_file)], "evaluation_interval": f"{step}s", "tests": [test]}
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [promtool, "test", "rules", test_file],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    got = re.findall(r"got: *\{\} (\S+)", done.stdout + done.stderr)
    assert len(got) == len(story), done.stdout + done.stderr
    return [float(each.rstrip(",")) > 0 for each in got]


def told(rule: Rule, story: Sequence[Chapter], points: int, step: int) -> list[dict[str, str]]:
    """Return the series of a story that the rule asks for, in promtool's notation."""
    keys = {key for each in story for key in (*each.first, *each.last) if key[0] in rule.asks}
    return [
        {
            "series": f"{name}{_braced(labels)}",
            "values": _values((name, labels), story, points, step),
        }
        for name, labels in sorted(keys)
    ]


def _values(key: tuple[str, Labels], story: Sequence[Chapter], points: int, step: int) -> str:
    made = Series()
    is_counter = key[0].endswith(COUNTED)
    for chapter in story:
        first, last = chapter.first.get(key), chapter.last.get(key)
        if last is None:
            # A figure that is no longer shown is over at once, as at a scrape.
            made.values.append(f"stale _x{points - 1}" if made.values else f"_x{points}")
            made.last, made.lift = None, 0.0
            continue
        if made.last is not None and is_counter and last < made.last:
            made.lift = 0.0
        start, rise = last + made.lift, 0.0
        if is_counter and chapter.goes_on and first is not None and last > first:
            rise = (last - first) / chapter.real_seconds * step
        made.values.append(f"{start:.6f}+{rise:.6f}x{points - 1}")
        made.last = last
        made.lift += rise * (points - 1)
    return " ".join(made.values)


def _braced(labels: Labels) -> str:
    shown = (f"{name}={json.dumps(value)}" for name, value in labels)
    return "{" + ",".join(shown) + "}"

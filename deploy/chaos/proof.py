"""docs/proof.md: what the experiments measured, written by `./pool chaos --proof`."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.chaos.experiment import Measure, Result

HEAD = """\
# What was broken, and what it cost

Written by `./pool chaos --proof`; do not edit. Each experiment has a fresh stack of real
servers and real processes to itself, people in front of it who try again as a browser
does, and faults. It ends with the checker: every invariant, over the databases, Stripe's
side, the inbox, the pages and the logs. *Faults* counts what was done to the platform.
"""


def lines(result: Result) -> Iterator[str]:
    """Yield what came of an experiment, for a person at the terminal."""
    verdict = "kept" if result.ok else "BROKEN"
    yield f"      {verdict} after {result.seconds} s, {result.faults} faults"
    for measure in result.measures:
        mark = "  " if measure.ok else "! "
        yield f"      {mark}{measure.what}: {_figure(measure)} (target {_target(measure)})"
    for violation in result.violations:
        yield f"      ! {violation}"


def page(document: Mapping[str, Any]) -> str:
    """Return the whole page."""
    machine = ", ".join(f"{name} {value}" for name, value in document["machine"].items())
    blocks = [HEAD, f"Machine: {machine}. Seed: {document['seed']}.", ""]
    for each in document["experiments"]:
        blocks += _section(each)
    return "\n".join(blocks)


def _section(result: Mapping[str, Any]) -> list[str]:
    measures = [
        Measure(**{name: value for name, value in each.items() if name != "ok"})
        for each in result["measures"]
    ]
    faults = ", ".join(f"{count} × {kind}" for kind, count in result["faults_by_kind"].items())
    verdict = "kept" if result["ok"] else "**broken**"
    return [
        f"## {result['id']}: {result['says']}",
        "",
        f"{verdict.capitalize()}, {result['seconds']} s. Violations: {len(result['violations'])}."
        f" Faults: {result['faults']} ({faults or 'none'}).",
        "",
        "| what | figure | target |",
        "| --- | ---: | ---: |",
        *(f"| {each.what} | {_figure(each)} | {_target(each)} |" for each in measures),
        *(["", *(f"- {each}" for each in result["violations"])] if result["violations"] else []),
        "",
    ]


def _figure(measure: Measure) -> str:
    return f"{measure.figure:,.4g} {measure.unit}".strip()


def _target(measure: Measure) -> str:
    return f"{'≥' if measure.is_floor else '≤'} {measure.target:,g}"

"""docs/proof.md: what was measured, written piece by piece.

`./pool chaos --proof` replaces the sections of the experiments it has played, `./pool test
--proof` that of the suite. The rest of the page stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from deploy.chaos import experiments
from deploy.chaos.experiment import Measure, Result

SUITE = "The suite"
HEAD = """\
# What was broken, and what came of it

Each experiment has a fresh stack of real servers and processes to itself, people in front of
it who try again as a browser does, and faults: it counts what was done to the platform. It
ends with the checker: every invariant, over the databases, Stripe's side, the inbox, the
pages and the logs. A promise is kept when no invariant is broken and every figure is within
its target.

    ./pool chaos E-5 --proof     # plays one again and writes its section; without a name: all
    ./pool test --proof          # runs every test and writes how long that took

Do not edit this page. What hostile input is answered is [a page of its own](proof-input.md).
"""
KEPT = re.compile(r"## (?P<id>\S+): (?P<says>.+)\n\n\*\*(?P<verdict>\w+)\*\* in (?P<seconds>\S+) s")


def lines(result: Result) -> Iterator[str]:
    """Yield what came of an experiment, for a person at the terminal."""
    verdict = "kept" if result.ok else "BROKEN"
    yield f"      {verdict} after {result.seconds} s, {result.faults} faults"
    for measure in result.measures:
        mark = "  " if measure.ok else "! "
        yield f"      {mark}{measure.what}: {_figure(measure)} (target {_target(measure)})"
    for violation in result.violations:
        yield f"      ! {violation}"


def with_experiments(page: str, document: Mapping[str, Any], *, on: date) -> str:
    """Return the page with the sections of the experiments in the document replaced."""
    where = _where(document["machine"], on)
    found = {
        each["id"]: _section(each, f"Seed {document['seed']}. {where}")
        for each in document["experiments"]
    }
    return _page({**_sections(page), **found})


def with_suite(
    page: str, machine: Mapping[str, Any], *, counts: Mapping[str, int], seconds: float, on: date
) -> str:
    """Return the page with the section of the suite replaced."""
    failed, ran = counts["failures"] + counts["errors"], counts["tests"] - counts["skipped"]
    said = f"**{failed} failed** of {ran} tests" if failed else f"All {ran} tests passed"
    minutes = f"{seconds / 60:.1f} minutes"
    section = "\n".join(
        [
            f"## {SUITE}",
            "",
            f"{said}, {counts['skipped']} were skipped, in {minutes}.",
            "",
            _where(machine, on),
            "",
        ]
    )
    return _page({**_sections(page), SUITE: section})


def _page(sections: Mapping[str, str]) -> str:
    known = [name for name in (SUITE, *experiments.names()) if name in sections]
    return "\n".join([HEAD, *_contents(sections[name] for name in known), "", ""]) + "\n".join(
        sections[name] for name in known
    )


def _sections(page: str) -> dict[str, str]:
    """Return the page's sections by the name before the colon."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    return {re.split(r"[:\n]", part[3:], maxsplit=1)[0]: part.rstrip("\n") + "\n" for part in parts}


def _contents(sections: Iterable[str]) -> Iterator[str]:
    yield "| experiment | what happens | promises | seconds |"
    yield "| --- | --- | --- | ---: |"
    for section in sections:
        if at := KEPT.match(section):
            yield f"| {at['id']} | {at['says']} | {at['verdict'].lower()} | {at['seconds']} |"


def _section(result: Mapping[str, Any], where: str) -> str:
    measures = [
        Measure(**{name: value for name, value in each.items() if name != "ok"})
        for each in result["measures"]
    ]
    faults = ", ".join(f"{count} × {kind}" for kind, count in result["faults_by_kind"].items())
    verdict = "Kept" if result["ok"] else "Broken"
    return "\n".join(
        [
            f"## {result['id']}: {result['says']}",
            "",
            f"**{verdict}** in {result['seconds']} s. {result['faults']} faults:"
            f" {faults or 'none'}. {len(result['violations'])} invariants broken.",
            "",
            "| what | figure | target |",
            "| --- | ---: | ---: |",
            *(f"| {each.what} | {_figure(each)} | {_target(each)} |" for each in measures),
            "",
            *(f"- {each}" for each in result["violations"]),
            *([""] if result["violations"] else []),
            where,
            "",
        ]
    )


def _where(machine: Mapping[str, Any], on: date) -> str:
    return (
        f"On {on.isoformat()}, {machine['cores']} cores, load {machine['load']} at the beginning,"
        f" {machine['memory_gb']} GB, a durable write {machine['fsync_ms']} ms;"
        f" {machine['system']}, Python {machine['python']}, Postgres {machine['postgres']},"
        f" NATS {machine['nats']}, Valkey {machine['valkey']}."
    )


def _figure(measure: Measure) -> str:
    return f"{measure.figure:,.4g} {measure.unit}".strip()


def _target(measure: Measure) -> str:
    return f"{'≥' if measure.is_floor else '≤'} {measure.target:,g}"

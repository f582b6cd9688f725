"""What the trials came to: as lines, as JSON, and as the page docs/mutants.md."""

import re
from collections.abc import Sequence
from typing import Any

from deploy.local.layout import ROOT
from deploy.mutants.catalogue import Mutant
from deploy.mutants.trials import Result

PAGE = ROOT / "docs" / "mutants.md"

OPENING = """\
# Mutants: would a test notice?

Faults that somebody could make, each a small patch in
[deploy/mutants/faults](../deploy/mutants/faults). The command puts each into a copy of the tree and
runs the tests it names there. They must pass without the fault and fail with it, by an assertion of
their own: a test that merely falls over does not count. Written by the command; don't edit it.

    ./pool mutants                      # all of them; exit 1 if one survives
    ./pool mutants --list
    ./pool mutants ack-before-commit    # one or several
    ./pool mutants --proof [NAME…]      # write down what came of them, here
"""


def line(result: Result) -> str:
    """Return a result as one line while the others are still to come."""
    return f"{result.verdict:<8} {result.mutant.name} ({result.seconds:.1f} s): {result.why}"


def described(mutant: Mutant) -> dict[str, Any]:
    """Return what a mutant is, as JSON has it."""
    files = sorted({each.file for each in mutant.patches})
    return {
        "name": mutant.name,
        "says": mutant.says,
        "files": files,
        "tests": list(mutant.noticed_by),
    }


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results as one document."""
    return {
        "mutants": [
            {
                **described(each.mutant),
                "verdict": each.verdict,
                "seconds": round(each.seconds, 1),
                "why": each.why,
            }
            for each in results
        ],
        "caught": sum(each.verdict == "caught" for each in results),
        "ok": all(each.verdict == "caught" for each in results),
    }


def text(results: Sequence[Result], known: Sequence[Mutant], before: str = "") -> str:
    """Return the page: of what was tried the new rows, of other known mutants those it had."""
    rows = _rows(before) | {each.mutant.name: _row(each) for each in results}
    kept = [rows[each.name] for each in known if each.name in rows]
    caught = sum("| caught |" in row for row in kept)
    return "\n".join(
        [
            OPENING,
            f"**{caught} of {len(known)} caught.**",
            "",
            "| mutant | the fault | | seconds | noticed by |",
            "| --- | --- | --- | --- | --- |",
            *kept,
            "",
        ]
    )


def write(results: Sequence[Result], known: Sequence[Mutant]) -> None:
    """Write the page anew."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(text(results, known, before), encoding="utf-8")


def _rows(page: str) -> dict[str, str]:
    """Return the rows of a page by the mutants they are about."""
    return {row[1]: row[0] for row in re.finditer(r"^\| `([a-z0-9-]+)` \|.*$", page, re.MULTILINE)}


def _row(result: Result) -> str:
    mutant = result.mutant
    tests = "<br>".join(f"`{test}`" for test in mutant.noticed_by)
    return (
        f"| `{mutant.name}` | {mutant.says} | {result.verdict} | {result.seconds:.0f} | {tests} |"
    )

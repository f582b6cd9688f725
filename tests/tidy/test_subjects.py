"""Nobody writes a subject as a string: an event's type and a key make one."""

import ast
from collections.abc import Iterator

import pytest

from contracts.subjects import REQUESTS, SNAPSHOT_CHANGED
from tests.tidy.source import Source, assert_notices, assert_tidy, findings, production

# Where a tag is given to its event, and where what no stream keeps has its name.
WRITTEN_IN = ("contracts/events/", "contracts/subjects.py")


def tags() -> set[str]:
    """Return what events are called on the wire, and what is asked without one."""
    return {SNAPSHOT_CHANGED, *REQUESTS} | {
        keyword.value.value
        for source in production()
        if source.path.startswith(WRITTEN_IN)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for keyword in node.keywords
        if keyword.arg == "tag" and isinstance(keyword.value, ast.Constant)
    }


TAGS = tags()


def no_subject_by_hand(source: Source) -> Iterator[str]:
    """A subject that is spelled twice is spelled wrong once, and nobody hears it."""
    if source.path.startswith(WRITTEN_IN):
        return
    # Points at which chaos kills a process are named like what happens there.
    points = {
        argument
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "crash.point"
        for argument in node.args
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in points:
            name = ".".join(node.value.split(".")[:2])
            if name in TAGS and node.value.removeprefix(name)[:1] in ("", "."):
                yield source.at(node, f"{node.value!r}: say it by the event's type")


def test_there_are_events() -> None:
    assert {"pledges.created", "checkout.completed", "settlement.settled"} < TAGS


def test_no_subject_is_written_by_hand() -> None:
    assert_tidy(findings(no_subject_by_hand, production()), "See contracts/subjects.py.")


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        pytest.param(
            "bus.publish('pledges.created', raw)",
            "bus.publish(subject(PledgeCreated, slug), raw)",
            id="alone",
        ),
        pytest.param(
            "bus.publish(f'pledges.created.{slug}', raw)",
            "crash.point('pledges.created')",
            id="with a key",
        ),
        pytest.param("PATTERN = 'pledges.created.*'", "PATTERN = 'pledges.po'", id="a pattern"),
    ],
)
def test_the_rule_finds_what_it_forbids(bad: str, good: str) -> None:
    assert_notices(no_subject_by_hand, "services/pledges/handlers.py", bad=bad, good=good)

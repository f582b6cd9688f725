"""A gate's figures, and that every gate there is can be run."""

import pytest

from deploy import quality
from deploy.quality.gate import at_most, none_of


@pytest.mark.parametrize("name", quality.names())
def test_every_gate_has_its_own_name(name: str) -> None:
    gate = quality.load(name)

    assert gate.name == name
    assert gate.says


def test_one_finding_is_one_too_many() -> None:
    assert none_of("errors", "pages", []).figure.ok
    assert not none_of("errors", "pages", ["one"]).figure.ok


def test_a_weight_may_be_as_much_as_its_budget() -> None:
    assert at_most("CSS", "page", 25.0, "kB", 25).figure.ok
    assert not at_most("CSS", "page", 25.1, "kB", 25).figure.ok

"""Changing a campaign file's fields: what is not meant stays as its author wrote it."""

import copy
import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.site.publishing.emitting import scalar
from services.site.publishing.plain import Fields, Plain, fields_of, tidied
from services.site.publishing.rewriting import rewrite

SAMPLES = sorted((Path(__file__).parents[2] / "campaigns").glob("*-*.md"))
REMARKS = """---
# The film.
title: Ferry   # short is better
goal_amount: 100

# Rewards, cheapest first.
tiers:
  # For everybody.
  - id: a
    name: "A: quoted"
    price: 5
    description: |
      One.
      # no remark

  # For the few.
  - price: 50   # was 45
    id: b
    name: B

# Later.
diary: [{title: x, date: 2026-01-02}]
---
Below.
"""


def changed(source: str, wanted: Fields) -> list[str]:
    """The lines that a change took away and brought."""
    found = difflib.ndiff(source.splitlines(), rewrite(source, wanted).splitlines())
    return [line for line in found if line[0] in "+-"]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_nothing_changed_is_the_same_file_byte_for_byte(file: Path) -> None:
    source = file.read_text()

    assert rewrite(source, fields_of(source)) == source


def test_one_value_changes_one_line_and_its_remark_stays() -> None:
    wanted = fields_of(REMARKS)
    wanted["title"] = "Ferry: two"

    assert changed(REMARKS, wanted) == [
        "- title: Ferry   # short is better",
        '+ title: "Ferry: two"   # short is better',
    ]


def tiers_of(fields: Fields) -> list[dict[str, Plain]]:
    return fields["tiers"]  # type: ignore[return-value]


def test_a_row_changes_alone() -> None:
    wanted = fields_of(REMARKS)
    tiers_of(wanted)[1]["price"] = "60"

    assert changed(REMARKS, wanted) == [
        "-   - price: 50   # was 45",
        "+   - price: 60   # was 45",
    ]


def test_rows_move_with_the_remarks_above_them() -> None:
    wanted = fields_of(REMARKS)
    tiers_of(wanted).reverse()

    written = rewrite(REMARKS, wanted)

    assert written.index("# For the few.") < written.index("id: b") < written.index("# For every")
    assert written.index("# For everybody.") < written.index("id: a") < written.index("# Later.")
    assert "# no remark" in written


def test_a_row_that_goes_takes_its_own_remark_alone() -> None:
    wanted = fields_of(REMARKS)
    del tiers_of(wanted)[1]

    written = rewrite(REMARKS, wanted)

    assert "# For the few." not in written
    for remark in ("# The film.", "# Rewards, cheapest first.", "# For everybody.", "# Later."):
        assert remark in written
    assert written.endswith("---\nBelow.\n")


def test_the_first_field_of_a_row_can_go() -> None:
    wanted = fields_of(REMARKS)
    del tiers_of(wanted)[1]["price"]

    assert "  - id: b\n    name: B\n" in rewrite(REMARKS, wanted)


def test_what_is_new_stands_at_the_end() -> None:
    wanted: Fields = {**fields_of(REMARKS), "blurb": "New", "goals": [{"title": "x"}]}

    assert rewrite(REMARKS, wanted).endswith("blurb: New\n\ngoals:\n  - title: x\n---\nBelow.\n")


def test_a_short_spelling_is_written_out_when_it_changes() -> None:
    wanted = fields_of(REMARKS)
    wanted["diary"] = [{"title": "y", "date": "2026-01-02"}]

    assert "diary:\n  - title: y\n    date: 2026-01-02\n" in rewrite(REMARKS, wanted)


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
ROW = st.dictionaries(st.sampled_from(("id", "name", "price", "body")), TEXT, max_size=4)
VALUE = st.one_of(TEXT, st.lists(ROW, max_size=4), st.lists(TEXT, max_size=3), ROW)
FIELDS = st.dictionaries(
    st.sampled_from(("title", "tiers", "goal_amount", "diary", "new", "more")), VALUE, max_size=6
)


@given(FIELDS, FIELDS)
def test_whatever_is_wanted_is_what_the_file_says(first: Fields, second: Fields) -> None:
    begun = rewrite(REMARKS, first)
    assert tidied(fields_of(begun)) == tidied(first)

    written = rewrite(begun, second)

    assert tidied(fields_of(written)) == tidied(second)
    assert rewrite(written, copy.deepcopy(second)) == written


@given(TEXT)
def test_a_scalar_is_read_back_as_it_was(text: str) -> None:
    assert fields_of(f"---\na: {scalar(text)}\n---\n") == {"a": text}

"""Every decision has a number of its own and stands in the index, in order, under its title."""

import re

from tests.tidy.source import ROOT

FOLDER = ROOT / "docs" / "adr"
ROW = re.compile(r"^\| \[(\d+)\]\((\d{4}-[a-z0-9-]+\.md)\) \| (.+) \|$", re.MULTILINE)
TITLE = re.compile(r"^# (\d+)\. (.+)$", re.MULTILINE)


def test_numbers_are_each_used_once() -> None:
    numbers = [each.name[:4] for each in sorted(FOLDER.glob("0*.md"))]

    assert numbers == sorted(set(numbers))


def test_the_index_names_each_decision_by_its_number_and_title() -> None:
    rows = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
    files = sorted(each.name for each in FOLDER.glob("0*.md"))

    assert [name for _, name, _ in rows] == files
    for number, name, title in rows:
        found = TITLE.search((FOLDER / name).read_text(encoding="utf-8"))
        assert found is not None, name
        assert (int(found[1]), int(name[:4])) == (int(number), int(number)), name
        assert title in found[2] or found[2] in title, f"{name}: {found[2]} is listed as {title}"

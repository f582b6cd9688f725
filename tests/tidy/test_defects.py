"""docs/defects.md names tests: each of them is there."""

import re
from pathlib import Path

PAGE = Path("docs/defects.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
DEFECTS = 27


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))

    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in Path(path).read_text(encoding="utf-8")
    ]

    assert named
    assert missing == []


def test_every_defect_has_its_line() -> None:
    lines = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert {int(number) for number in lines} == set(range(1, DEFECTS + 1))

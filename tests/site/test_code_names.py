"""What the services' own words are called on the dashboard."""

import re
from pathlib import Path
from typing import get_args

import pytest

from services.pledges.domain.pledge import EntryType
from services.pledges.domain.returning import MoneyKind
from services.settlement.domain.reconciling import BreakKind
from services.settlement.domain.runs import TimerKind
from services.site.admin.code_names import code_name

MIGRATIONS = Path(__file__).parents[2] / "services/notify/migrations"
KINDS = re.compile(r"CONSTRAINT mail_kind_known CHECK \(kind IN \(([^)]*)\)")


def mail_kinds() -> set[str]:
    """Return every kind that notify may write, as its newest migration says."""
    found = [
        kinds
        for path in sorted(MIGRATIONS.glob("*.sql"))
        for kinds in KINDS.findall(path.read_text(encoding="utf-8"))
    ]
    return set(re.findall(r"'(\w+)'", found[-1]))


CODES = {
    *get_args(EntryType),
    *get_args(MoneyKind),
    *get_args(BreakKind),
    *get_args(TimerKind),
    *mail_kinds(),
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_name_in_both_languages(code: str) -> None:
    english, spanish = code_name(code, "en"), code_name(code, "es")

    assert english[0].isupper()
    assert spanish[0].isupper()
    assert english != spanish


def test_a_code_that_is_new_loses_its_underscores() -> None:
    assert code_name("never_heard_of", "es") == "never heard of"

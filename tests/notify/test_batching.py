"""What becomes of the mails of one request, by what was said of each."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.batching import Parcel, answer_of, ends_of
from services.notify.domain.facts import Facts
from services.notify.domain.mails import (
    Accepted,
    KeyTaken,
    Limited,
    Mail,
    Outcome,
    Rejected,
    Undecided,
)
from services.notify.domain.news import News
from tests.notify.samples import a_mail

FACTS = Facts(news=News(subject="s", body="b"))
AT = datetime(2026, 3, 1, tzinfo=UTC)
REJECTED, UNDECIDED = Rejected(code="KeyError"), Undecided(code="TimeoutError")
LIMITED, TAKEN = Limited(code="rate_limit_exceeded"), Accepted(resend_id="r")


def parcel(*, after: timedelta = timedelta(0)) -> Parcel:
    mails: tuple[Mail, ...] = (a_mail("announcement", FACTS), a_mail("announcement", FACTS))
    return Parcel(batch_id="b", mails=mails, attempts=2, first_attempt_at=AT, claimed_at=AT + after)


@pytest.mark.parametrize("said", [UNDECIDED, LIMITED])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_letter_nobody_could_write_keeps_no_other_from_the_same_request_again(
    said: Outcome, is_first: bool
) -> None:
    """It was not in the request: what may have arrived goes under the same key, or not at all."""
    outcomes = [REJECTED, said] if is_first else [said, REJECTED]

    assert ends_of(parcel(), outcomes, remembers_keys=True) is None
    assert answer_of(outcomes) == said


@pytest.mark.parametrize(
    ("outcomes", "statuses"),
    [
        ([TAKEN, UNDECIDED], ["sent", "unknown"]),
        ([TAKEN, REJECTED], ["sent", "undeliverable"]),
        ([REJECTED, REJECTED], ["undeliverable", "undeliverable"]),
        ([KeyTaken(code="k"), REJECTED], ["unknown", "undeliverable"]),
    ],
)
def test_what_was_said_of_each_ends_the_batch(outcomes: list[Outcome], statuses: list[str]) -> None:
    ends = ends_of(parcel(), outcomes, remembers_keys=True)

    assert ends is not None
    assert [each.status for each in ends] == statuses


def test_where_nobody_remembers_keys_each_mail_ends_by_what_was_said_of_it() -> None:
    ends = ends_of(parcel(), [LIMITED, REJECTED], remembers_keys=False)

    assert ends is not None
    assert [each.status for each in ends] == ["queued", "undeliverable"]


def test_after_a_day_nothing_is_repeated() -> None:
    late = parcel(after=timedelta(hours=25))

    ends = ends_of(late, [UNDECIDED, REJECTED], remembers_keys=True)

    assert late.is_overdue
    assert ends is not None
    assert [each.status for each in ends] == ["unknown", "undeliverable"]

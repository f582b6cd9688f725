"""What becomes of a mail after each attempt."""

from datetime import timedelta

import msgspec
import pytest

from contracts.money import Cents
from services.notify.domain import telling
from services.notify.domain.mails import (
    TRYING,
    Accepted,
    KeyTaken,
    Limited,
    Mail,
    Outcome,
    Rejected,
    Undecided,
    delay_seconds,
    hold_seconds,
    next_step,
)
from tests.notify.samples import SAMPLES, WRITTEN_AT, a_mail, a_notice, a_pledge


def test_waiting_doubles_from_a_minute_to_six_hours_and_stays_there() -> None:
    minutes = [delay_seconds(attempt) / 60 for attempt in range(1, 13)]

    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert delay_seconds(10_000) == 6 * 3_600


def test_all_attempts_of_a_mail_fall_into_the_hours_resend_remembers_its_key() -> None:
    mail = _tried(attempts=1)
    while (step := next_step(mail, Undecided(code="500"))).status == "queued":
        assert mail.claimed_at - mail.first_attempt_at < timedelta(hours=23)
        mail = msgspec.structs.replace(
            mail,
            attempts=mail.attempts + 1,
            claimed_at=mail.claimed_at + timedelta(seconds=step.delay_seconds),
        )

    assert step.status == "parked"
    assert mail.attempts == 12
    assert not mail.is_overdue


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(resend_id="re_1"), "sent"),
        (Rejected(code="422 validation_error"), "undeliverable"),
        (Limited(code="rate_limit_exceeded"), "queued"),
        (Undecided(code="TimeoutError"), "queued"),
        (KeyTaken(code="invalid_idempotent_request"), "queued"),
    ],
)
def test_every_answer_moves_the_mail(outcome: Outcome, status: str) -> None:
    assert next_step(_tried(attempts=1), outcome).status == status


def test_a_limit_is_waited_out_for_as_long_as_resend_says() -> None:
    step = next_step(_tried(attempts=1), Limited(code="x", retry_after_seconds=7))

    assert (step.status, step.delay_seconds) == ("queued", 7)


@pytest.mark.parametrize(("said", "held"), [(None, 60), (0, 0), (2.5, 2.5), (90_000, 3_600)])
def test_a_limit_of_the_account_holds_up_everything_at_most_an_hour(
    said: float | None, held: float
) -> None:
    assert hold_seconds(Limited(code="x", retry_after_seconds=said)) == held


def test_an_unknown_outcome_keeps_the_key_and_a_changed_wording_takes_a_new_one() -> None:
    mail = _tried(attempts=1)

    kept = next_step(mail, Undecided(code="TimeoutError"))
    changed = next_step(mail, KeyTaken(code="invalid_idempotent_request"))

    assert mail.idempotency_key == mail.mail_id
    assert kept.edition == 1
    second = msgspec.structs.replace(mail, edition=changed.edition)
    assert second.idempotency_key == f"{mail.mail_id}:2"


def test_a_mail_is_overdue_only_after_the_last_hour_that_is_safe() -> None:
    on_time = msgspec.structs.replace(_tried(attempts=2), claimed_at=WRITTEN_AT + TRYING)
    late = msgspec.structs.replace(on_time, claimed_at=WRITTEN_AT + TRYING + timedelta(seconds=1))

    assert (on_time.is_overdue, late.is_overdue) == (False, True)


def test_a_mail_tells_the_events_figures_and_no_others() -> None:
    pledge, notice = a_pledge(), a_notice()

    one, many = telling.facts_of_pledge(pledge).sums, telling.facts_of_notice(notice).sums

    assert one is not None
    assert many is not None
    assert one.total_cents == pledge.price.total_cents == 5_944
    assert many.total_cents == notice.total_cents == Cents(7_637)
    assert (one.tip_percent, many.tip_percent) == (5, None)


def _tried(*, attempts: int) -> Mail:
    kind, facts = SAMPLES["pledge_confirmed"]
    return msgspec.structs.replace(a_mail(kind, facts), attempts=attempts)

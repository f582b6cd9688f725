"""What becomes of a request that sends many mails: rather never than twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from services.notify.domain.mails import (
    DELAY_SECONDS_MAX,
    FIRST_DELAY_SECONDS,
    TRYING,
    Accepted,
    KeyTaken,
    Limited,
    Mail,
    Outcome,
    Rejected,
    Undecided,
)


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """Mails that are one request, under lease."""

    batch_id: str
    mails: tuple[Mail, ...]
    attempts: int
    first_attempt_at: datetime
    claimed_at: datetime

    @property
    def is_overdue(self) -> bool:
        """Tell whether its key may be forgotten by now."""
        return self.claimed_at - self.first_attempt_at > TRYING


class End(msgspec.Struct, frozen=True, kw_only=True):
    """A mail of a batch that has ended."""

    mail_id: str
    status: str
    resend_id: str | None = None


def ends_of(
    parcel: Parcel, outcomes: Sequence[Outcome], *, remembers_keys: bool
) -> list[End] | None:
    """Return what each mail became, in order; None when the same request is to be made again.

    A repeat under the same key is no second copy as long as the key is remembered. After
    that, and where nobody remembers keys, a mail that may have arrived is left alone. What
    was rejected says nothing of the others: a letter that nobody could write was not offered.
    """
    said = [each for each in outcomes if not isinstance(each, Rejected)]
    is_one_answer = remembers_keys or len(said) == len(outcomes)
    if said and is_one_answer and all(isinstance(each, Limited) for each in said):
        return None
    is_open = bool(said) and all(isinstance(each, Undecided) for each in said)
    if is_open and remembers_keys and may_repeat(parcel, said[0]):
        return None
    return [_end(mail, each) for mail, each in zip(parcel.mails, outcomes, strict=True)]


def answer_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what was said of the request as a whole, where it was not taken apart."""
    return next((each for each in outcomes if not isinstance(each, Rejected)), outcomes[0])


def may_repeat(parcel: Parcel, outcome: Outcome) -> bool:
    """Tell whether the key will still be remembered at the next attempt."""
    later = parcel.claimed_at + timedelta(seconds=delay_of(parcel, outcome))
    return later - parcel.first_attempt_at <= TRYING


def delay_of(parcel: Parcel, outcome: Outcome) -> float:
    """Return after how many seconds the request is made again."""
    if isinstance(outcome, Limited) and outcome.retry_after_seconds is not None:
        return outcome.retry_after_seconds
    return min(FIRST_DELAY_SECONDS << min(parcel.attempts - 1, 16), DELAY_SECONDS_MAX)


def _end(mail: Mail, outcome: Outcome) -> End:
    match outcome:
        case Accepted(resend_id=resend_id):
            return End(mail_id=mail.mail_id, status="sent", resend_id=resend_id)
        case Rejected():
            return End(mail_id=mail.mail_id, status="undeliverable")
        case Limited():
            # One by one, and this one was not taken: it goes out with a later batch.
            return End(mail_id=mail.mail_id, status="queued")
        case Undecided() | KeyTaken():
            return End(mail_id=mail.mail_id, status="unknown")


def split(taken: Sequence[str], refused: Mapping[int, str], count: int) -> list[Outcome]:
    """Return the outcome of each of `count` mails: ids of those taken in order, the others why."""
    ids = iter(taken)
    outcomes: list[Outcome] = []
    for index in range(count):
        if index in refused:
            outcomes.append(Rejected(code=refused[index][:200]))
            continue
        resend_id = next(ids, None)
        outcomes.append(
            Undecided(code="missing_id") if resend_id is None else Accepted(resend_id=resend_id)
        )
    return outcomes

"""What a mail is, what it tells, and what becomes of it after each attempt."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.campaign import Decision, ReportRules, StretchGoal
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.notify.domain.facts import Facts
from services.notify.domain.news import News

MailKind = Literal[
    "pledge_confirmed",
    "pledge_cancelled",
    "payment_confirmed",
    "payment_failed",
    "payment_unconfirmed",
    "payment_lost",
    "not_funded",
    "not_counted",
    "card_expires",
    "card_unusable",
    "charge_notice",
    "refunded",
    "refund_failed",
    "campaign_ended",
    "pledge_modified",
    "your_links",
    "announcement",
    "diary_update",
    "milestone",
    "launch_reminder",
    "dispute_notice",
    "sign_in",
    "campaign_report",
    "preview_link",
]

StepStatus = Literal["queued", "sent", "undeliverable", "parked"]

FIRST_DELAY_SECONDS = 60
DELAY_SECONDS_MAX = 6 * 3600
HOLD_SECONDS_MAX = 3600
# Resend remembers an idempotency key for 24 hours; after that a repeat is a second copy.
TRYING = timedelta(hours=23)


class NewMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be written once for its cause; of a broadcast, if it is one of many."""

    kind: MailKind
    cause: str
    campaign: CampaignSlug
    address: str
    language: str
    facts: Facts
    broadcast_id: str | None = None


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail whose turn it is: one sender has it until its lease ends."""

    mail_id: str
    kind: MailKind
    campaign: CampaignSlug
    address: str
    language: str
    facts: Facts
    created_at: datetime
    attempts: int
    edition: int
    first_attempt_at: datetime
    claimed_at: datetime
    # What a broadcast says to everybody.
    broadcast: News | None = None

    @property
    def news(self) -> News | None:
        """Return what is said to many, if it is that."""
        return self.broadcast or self.facts.news

    @property
    def mentioned(self) -> set[CampaignSlug]:
        """Return every campaign that the mail speaks of."""
        return {self.campaign, *(each.campaign for each in self.facts.refused)}

    @property
    def idempotency_key(self) -> str:
        """Return what makes a repeat of this attempt the same request to Resend."""
        return self.mail_id if self.edition == 1 else f"{self.mail_id}:{self.edition}"

    @property
    def is_overdue(self) -> bool:
        """Tell whether Resend may have forgotten the first attempt."""
        return self.claimed_at - self.first_attempt_at > TRYING


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What mails say about a campaign."""

    slug: CampaignSlug
    title: str
    deadline_at: datetime
    timezone: str
    goal_cents: Cents
    instagram_url: str
    decisions: tuple[Decision, ...] = ()
    # None for campaigns of before, until they are published again.
    starts_at: datetime | None = None
    stretch_goals: tuple[StretchGoal, ...] = ()

    def decides_at(self, now: datetime) -> bool:
        """Tell whether its supporters have something to decide."""
        return any(
            each.status == "open" and (each.closes_at is None or now < each.closes_at)
            for each in self.decisions
        )


class PlatformNames(msgspec.Struct, frozen=True, kw_only=True):
    """What mails say about the platform."""

    platform_name: str = "The Pool"
    support_email: str = ""
    languages: tuple[str, ...] = ("en", "es")
    recovery_window_days: int = 7
    mail_look: dict[str, str] = {}
    # Who sells, on a receipt: the company behind the platform, if it has a name of its own.
    company_name: str = ""
    reports: ReportRules = ReportRules()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Mails under lease, and what else it takes to write them."""

    mails: tuple[Mail, ...]
    campaigns: dict[CampaignSlug, Campaign]
    platform: PlatformNames

    def campaign_of(self, mail: Mail) -> Campaign:
        """Return what a mail is about; of none where it is about the platform alone."""
        if mail.campaign:
            return self.campaigns[mail.campaign]
        return Campaign(
            slug=mail.campaign,
            title="",
            deadline_at=mail.created_at,
            timezone="UTC",
            goal_cents=Cents(0),
            instagram_url="",
        )


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    """Resend has the mail."""

    resend_id: str
    code: str = ""


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag="rejected"):
    """Resend will never take this mail."""

    code: str


class Limited(msgspec.Struct, frozen=True, kw_only=True, tag="limited"):
    """Resend takes nothing from us for a while."""

    code: str
    retry_after_seconds: float | None = None


class Undecided(msgspec.Struct, frozen=True, kw_only=True, tag="undecided"):
    """Nobody knows whether Resend has it: the same request may be made again."""

    code: str


class KeyTaken(msgspec.Struct, frozen=True, kw_only=True, tag="key_taken"):
    """The key was used for another text: the wording changed between two attempts."""

    code: str


Outcome = Accepted | Rejected | Limited | Undecided | KeyTaken


def outcome_name(outcome: Outcome) -> str:
    """Return the outcome in one word, as the delivery record and the metrics have it."""
    return str(outcome.__struct_config__.tag)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail becomes after an attempt."""

    status: StepStatus
    delay_seconds: float = 0
    edition: int = 1


def next_step(mail: Mail, outcome: Outcome) -> Step:
    """Return what `mail` becomes: rather sent twice than never, and never tried for ever."""
    match outcome:
        case Accepted():
            return Step(status="sent", edition=mail.edition)
        case Rejected():
            return Step(status="undeliverable", edition=mail.edition)
        case KeyTaken():
            return Step(status="queued", edition=mail.edition + 1)
        case Limited(retry_after_seconds=seconds) if seconds is not None:
            return _later(mail, seconds)
        case Limited() | Undecided():
            return _later(mail, delay_seconds(mail.attempts))


def delay_seconds(attempts: int) -> int:
    """Return how long to wait after that many attempts: a minute, doubled, at most 6 hours.

    >>> [delay_seconds(attempt) for attempt in (1, 2, 3, 12)]
    [60, 120, 240, 21600]
    """
    return min(FIRST_DELAY_SECONDS << min(attempts - 1, 16), DELAY_SECONDS_MAX)


def hold_seconds(limited: Limited) -> float:
    """Return how long nothing at all is sent: what Resend says, an hour at most."""
    said = limited.retry_after_seconds
    return min(FIRST_DELAY_SECONDS if said is None else said, HOLD_SECONDS_MAX)


def _later(mail: Mail, seconds: float) -> Step:
    next_attempt_at = mail.claimed_at + timedelta(seconds=seconds)
    if next_attempt_at - mail.first_attempt_at > TRYING:
        return Step(status="parked", edition=mail.edition)
    return Step(status="queued", delay_seconds=seconds, edition=mail.edition)

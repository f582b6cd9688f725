"""What every service tells the operator's dashboard of itself: outbox, queues, parked events."""

from datetime import datetime

import msgspec


class OutboxState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Events that are facts already and not published yet; the age of the oldest, in seconds."""

    waiting: int
    oldest_seconds: int


class ParkedState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Events off the bus: for a person, behind one of those, or too early and tried again."""

    parked: int
    behind: int
    early: int


class QueueState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a durable has still to hear, and what is in somebody's hands.

    None where the bus does not answer: nobody knows then.
    """

    durable: str
    stream: str
    pending: int | None
    in_hand: int | None


class Watched(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A service as it is seen from inside."""

    service: str
    outbox: OutboxState
    parked: ParkedState
    queues: tuple[QueueState, ...]


class ParkedEvent(msgspec.Struct, frozen=True, rename="camel"):
    """A parked event as an operator sees it; its payload stays in the table."""

    parked_id: int
    consumer: str
    subject: str
    event_id: str
    aggregate_id: str
    aggregate_version: int
    error: str
    deliveries: int
    is_waiting: bool
    parked_at: datetime
    # It came too early and is tried again by itself; None: it waits for a person.
    try_again_at: datetime | None = None


class ParkedPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Parked events in the order in which they came; None when none follows."""

    events: tuple[ParkedEvent, ...]
    next_after: int | None


class ParkedDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One parked event with what is in it.

    `payload` is None where it holds a secret or is no text; `digest` is of its bytes, so that
    a correction is of what was looked at. `cannot_fix` is empty where it may be corrected.
    """

    event: ParkedEvent
    payload: str | None
    digest: str
    cannot_fix: str
    was_fixed: bool
    resolved_at: datetime | None


class Retried(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What became of one retry. `error` is empty when it is done."""

    parked_id: int
    consumer: str
    event_id: str
    outcome: str
    error: str = ""


class WebhookState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a vendor told us: since yesterday, not applied yet, and what nothing can be done with.

    `None` where it is not kept: what Resend tells is applied as it comes.
    """

    received_today: int
    last_at: datetime | None
    waiting: int | None
    oldest_seconds: int | None
    parked: int | None


class MailState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where mails stand; bounces and complaints as Resend told of them."""

    queued: int
    oldest_seconds: int
    parked: int
    undeliverable: int
    bounced: int
    complained: int
    suppressed: int
    reports_parked: int


class StuckMail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail that only a person can do something about, and what was said of its last attempt."""

    number: int
    mail_id: str
    kind: str
    campaign_slug: str
    address: str
    status: str
    written_at: datetime
    said: str
    can_resend: bool


class StuckMails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Stuck mails, the newest first; None when none follows."""

    mails: tuple[StuckMail, ...]
    next_before: int | None


class Resent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail that is sent once more, and to which campaign's people it goes."""

    mail_id: str
    kind: str
    campaign_slug: str

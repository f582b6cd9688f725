"""What notify answers to the holder of a link."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug


class OwnMail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail to the holder of a link. `sent_at` is real time, `written_at` the platform's."""

    kind: str
    campaign_slug: CampaignSlug
    subject: str
    language: str
    written_at: datetime
    status: str
    sent_at: datetime | None


class OwnMails(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `GET /pledge/mails`: every mail to one address, oldest first."""

    mails: tuple[OwnMail, ...]


class Preference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of the two unsubscribe routes: whether an address is written to about a
    campaign. `topic` is news of it, or its launch; the address is hinted at only."""

    campaign_slug: str
    title: str
    topic: str
    email_hint: str
    subscribed: bool


class Broadcasted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a broadcast, or would. `sent` counts the mails that are accepted for
    sending: how far they are is asked for by `broadcastId`."""

    success: bool
    campaign_slug: str
    subject: str
    dry_run: bool
    sent: int
    failed: int
    errors: tuple[str, ...]
    audience: int
    audience_hash: str
    recipients: tuple[str, ...] = ()
    broadcast_id: str | None = None
    # It was said before: nobody is written to again.
    already_sent: bool = False
    warning: str = ""


class SentToOne(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A test went to one address."""

    success: bool
    campaign_slug: str
    subject: str
    sent_to: str


class Progress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a broadcast is: mails by what became of them."""

    broadcast_id: str
    kind: str
    campaign_slug: str
    subject: str
    audience: int
    audience_hash: str
    is_written: bool
    written: int
    waiting: int
    sent: int
    undeliverable: int
    withheld: int
    unknown: int
    created_at: datetime


class BroadcastLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was said to many, in a line. `subject` is empty for what became news by itself."""

    broadcast_id: str
    kind: str
    subject: str
    audience: int
    is_written: bool
    created_at: datetime


class BroadcastHistory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /admin/broadcasts`: the newest hundred of a campaign, newest first."""

    campaign_slug: CampaignSlug
    broadcasts: tuple[BroadcastLine, ...]


class LetterPreview(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement as it would arrive, without anybody's links."""

    subject: str
    html: str
    text: str

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

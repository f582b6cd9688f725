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

"""What site says about content."""

from datetime import datetime

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.base import Event
from contracts.ids import CampaignSlug


class DiaryNote(msgspec.Struct, frozen=True, kw_only=True):
    """What supporters are told of a diary entry; the entry itself stays with site."""

    entry_id: str
    title: str
    at: datetime
    # The beginning of its text, without its markup: 200 characters at most, then an ellipsis.
    excerpt: str = ""


class CampaignPublished(Event, frozen=True, kw_only=True, tag="campaigns.published"):
    """A version of a campaign is now the one in force."""

    definition: CampaignDefinition
    diary: tuple[DiaryNote, ...] = ()
    # Who is sent the campaign's reports beside those who run it, and who wants none.
    report_emails: tuple[str, ...] = ()
    report_excluded: tuple[str, ...] = ()


class CampaignCancelled(Event, frozen=True, kw_only=True, tag="campaigns.cancelled"):
    """The operator ended a campaign before its deadline: everybody is released."""

    campaign: CampaignSlug
    cancelled_at: datetime


class PlatformPublished(Event, frozen=True, kw_only=True, tag="campaigns.platform_published"):
    """A version of the platform's own settings is now in force."""

    definition: PlatformDefinition

"""What site says about content."""

from datetime import datetime

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.base import Event
from contracts.ids import CampaignSlug


class CampaignPublished(Event, frozen=True, kw_only=True, tag="campaigns.published"):
    """A version of a campaign is now the one in force."""

    definition: CampaignDefinition


class CampaignCancelled(Event, frozen=True, kw_only=True, tag="campaigns.cancelled"):
    """The operator ended a campaign before its deadline: everybody is released."""

    campaign: CampaignSlug
    cancelled_at: datetime


class PlatformPublished(Event, frozen=True, kw_only=True, tag="campaigns.platform_published"):
    """A version of the platform's own settings is now in force."""

    definition: PlatformDefinition

"""What site says about content."""

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.base import Event


class CampaignPublished(Event, frozen=True, kw_only=True, tag="campaigns.published"):
    """A version of a campaign is now the one in force."""

    definition: CampaignDefinition


class PlatformPublished(Event, frozen=True, kw_only=True, tag="campaigns.platform_published"):
    """A version of the platform's own settings is now in force."""

    definition: PlatformDefinition

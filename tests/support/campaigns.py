"""Campaign files for tests: the same as those of the fault experiments."""

from deploy.chaos.content import AddOnText, TierText, campaign_file, platform_file

__all__ = ["AddOnText", "TierText", "campaign_file", "platform_file"]

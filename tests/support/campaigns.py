"""Campaign files for tests: the same as those of the fault experiments."""

from deploy.chaos.content import TierText, campaign_file

__all__ = ["TierText", "campaign_file"]

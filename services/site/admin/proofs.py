"""What the ledger and checkout answer when their sums are proven or counted anew. Pure."""

from services.site.admin.answers import Shape


class Difference(Shape, frozen=True, kw_only=True):
    """One figure on which history, pledges and totals do not agree."""

    what: str
    history: int | str | None
    pledges: int | str | None
    totals: int | str | None


class CampaignCheck(Shape, frozen=True, kw_only=True):
    """Whether a campaign's sums agree, and where not."""

    campaign_slug: str
    in_sync: bool
    differences: tuple[Difference, ...]


class ProjectionCheck(Shape, frozen=True, kw_only=True):
    """The check of every campaign."""

    in_sync: bool
    campaigns: tuple[CampaignCheck, ...]


class Corrected(Shape, frozen=True, kw_only=True):
    """Whether counting anew changed anything."""

    corrected: bool

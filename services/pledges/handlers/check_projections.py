"""Prove that history, pledges and totals agree; correct the totals where they don't."""

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.pledges.domain.figures import (
    CampaignCheck,
    Correction,
    Figures,
    IndexRebuilt,
    ProjectionCheck,
    compare,
)
from services.pledges.handlers.change_totals import save_and_tell
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import campaigns, checks, totals

PAGE = 100


async def check_one(conn: Connection, slug: str) -> ProjectionCheck:
    """Return whether one campaign's sums agree."""
    await checks.freeze(conn)
    await checks.allow_long_statements(conn)
    campaign, _ = await require_campaign(conn, slug)
    return _report([await _check(conn, campaign.campaign)])


async def check_all(conn: Connection) -> ProjectionCheck:
    """Return whether the sums of every campaign agree, all as of one moment."""
    await checks.freeze(conn)
    await checks.allow_long_statements(conn)
    found: list[CampaignCheck] = []
    slugs = await campaigns.list_campaigns(conn, after="", limit=PAGE)
    while slugs:
        found += [await _check(conn, slug) for slug in slugs]
        slugs = await campaigns.list_campaigns(conn, after=slugs[-1], limit=PAGE)
    return _report(found)


async def recalculate(conn: Connection, slug: str) -> Correction:
    """Set the totals to what history says, as a further version that tells of the change.

    History is the truth and is never rewritten. A pledge that differs from its own
    history is reported and left to a person.
    """
    campaign, _ = await require_campaign(conn, slug)
    held = await campaigns.lock_campaign(conn, campaign.campaign)
    await checks.allow_long_statements(conn)
    before = await totals.lock_totals(conn, campaign.campaign)
    history = await checks.sum_history(conn, campaign.campaign)
    after, is_wrong = before, before + Figures() != history
    if is_wrong:
        assert held.now is not None, "the campaign is locked"
        after = await save_and_tell(conn, before, history, now=held.now)
        await totals.insert_correction(conn, before, history, after.version, held.now)
    check = await _check(conn, campaign.campaign)
    return Correction(
        campaign_slug=check.campaign_slug,
        corrected=is_wrong,
        version=after.version,
        in_sync=check.in_sync,
        differences=check.differences,
    )


async def rebuild_index(conn: Connection, slug: str) -> IndexRebuilt:
    """Set what is derived from history to what it says, and count who is in it.

    The pledges' own table is the index: it cannot lack what is in it. What could differ is
    the totals, and a pledge that is not what its history says, which is told.
    """
    corrected = await recalculate(conn, slug)
    indexed = await campaigns.count_indexed(conn, corrected.campaign_slug)
    return IndexRebuilt(**msgspec.structs.asdict(corrected), indexed=indexed)


async def _check(conn: Connection, slug: CampaignSlug) -> CampaignCheck:
    differences = compare(
        await checks.sum_history(conn, slug),
        await checks.sum_pledges(conn, slug),
        await totals.read_totals(conn, slug),
    )
    differences += await checks.list_unfolded(conn, slug)
    differences += await checks.list_altered(conn, slug)
    return CampaignCheck(
        campaign_slug=slug, in_sync=not differences, differences=tuple(differences)
    )


def _report(found: list[CampaignCheck]) -> ProjectionCheck:
    return ProjectionCheck(in_sync=all(each.in_sync for each in found), campaigns=tuple(found))

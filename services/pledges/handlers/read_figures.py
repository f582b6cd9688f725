"""Show an operator a campaign's figures: sums, breakdowns and days, all of one moment."""

from collections.abc import Iterable
from itertools import groupby

from contracts.api.analytics import (
    Breakdown,
    BreakdownRow,
    CampaignAnalytics,
    CampaignFigures,
    Overview,
    ReferralReport,
)
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.pledges.domain.analytics import PartSums, average, money_part
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import figures as queries
from services.pledges.queries import platforms, reports
from services.pledges.queries.figures import CampaignPart, Head


async def read_overview(conn: Connection) -> Overview:
    """Return every campaign's figures. Begins a transaction that sees one moment."""
    await reports.begin_report(conn)
    heads = await queries.list_heads(conn, None)
    parts = await queries.sum_parts(conn, None)
    return Overview(
        campaigns=tuple(_figures(each, parts) for each in heads),
        supporters=await queries.count_people(conn),
    )


async def read_analytics(conn: Connection, slug: str) -> CampaignAnalytics:
    """Return a campaign's figures, breakdowns and days, or refuse what names no campaign."""
    await reports.begin_report(conn)
    campaign, now = await require_campaign(conn, slug)
    zone = (await platforms.read_platform(conn)).timezone
    (head,) = await queries.list_heads(conn, campaign.campaign)
    return CampaignAnalytics(
        figures=_figures(head, await queries.sum_parts(conn, campaign.campaign)),
        breakdowns=await _breakdowns(conn, campaign.campaign),
        days=tuple(await queries.list_days(conn, campaign.campaign, zone)),
        timezone=zone,
        starts_at=head.starts_at,
        deadline_at=head.deadline_at,
        as_of=now,
    )


async def read_referrals(conn: Connection, slug: str) -> ReferralReport:
    """Return a campaign's pledges by code, or refuse what names no campaign."""
    campaign, _ = await require_campaign(conn, slug)
    rows = await queries.list_referrals(conn, campaign.campaign)
    coded = tuple(each for each in rows if each.key)
    return ReferralReport(
        campaign_slug=campaign.campaign,
        amount=sum(each.amount for each in rows),
        attributed=sum(each.amount for each in coded),
        rows=coded,
    )


async def _breakdowns(conn: Connection, campaign: CampaignSlug) -> tuple[Breakdown, ...]:
    found = await queries.list_properties(conn, campaign)
    return tuple(
        Breakdown(
            name=name,
            rows=tuple(
                BreakdownRow(
                    key=each.key, count=each.count, amount=each.amount, is_rest=each.is_rest
                )
                for each in rows
            ),
        )
        for name, rows in groupby(found, key=lambda each: each.name)
    )


def _figures(head: Head, parts: Iterable[CampaignPart]) -> CampaignFigures:
    own: dict[str, PartSums] = {each.part: each for each in parts if each.campaign == head.campaign}
    return CampaignFigures(
        campaign_slug=head.campaign,
        title=head.title,
        goal=head.goal_cents,
        pledged=head.pledged_cents,
        pledges=head.pledge_count,
        supporters=head.supporter_count,
        made=head.made,
        standing=head.standing,
        average=average(head.pledged_cents, head.pledge_count),
        late_support=head.late_support_cents,
        failed_pledges=head.failed_pledges,
        failed=head.failed_cents,
        charged=money_part(own.get("charged", PartSums())),
        open=money_part(own.get("open", PartSums())),
    )

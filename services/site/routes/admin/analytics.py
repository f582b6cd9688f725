"""Figures: every campaign in a table, one campaign whole, and both as files."""

from litestar.response.base import ASGIResponse

from contracts.api.analytics import BreakdownName, CampaignAnalytics, CampaignFigures, Overview
from services.chassis.storage.database import transaction
from services.site.admin import analytics
from services.site.admin.analytics_files import campaign_csv, overview_csv
from services.site.admin.answers import Backfill
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work

CAME_BY: tuple[BreakdownName, ...] = (
    "ref",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
)
KINDS: tuple[BreakdownName, ...] = ("status", "fulfillment", "language")


async def show_all(visit: Visit) -> ASGIResponse:
    """Show the figures of every campaign that is this user's."""
    overview = await _overview(visit)
    own = _own(visit, overview)
    sorting = analytics.read_sorting(visit.asked.get("sort", ""))
    return visit.page(
        "analytics",
        campaigns=analytics.sort_campaigns(own, sorting),
        sorting=sorting,
        people=overview.supporters if visit.user.is_super else None,
        fee_kind=analytics.fee_kind,
    )


async def show_one(visit: Visit) -> ASGIResponse:
    """Show one campaign's figures, what they are made of, and how they grew."""
    shown = await _one(visit)
    return visit.page(
        "analytics_one",
        slug=visit.slug,
        shown=shown,
        of=shown.figures,
        rows=analytics.money_rows(shown.figures.charged, shown.figures.open),
        days=analytics.every_day(shown),
        noon=lambda each: analytics.noon(each, shown.timezone),
        kinds=[(name, analytics.rows_of(shown, name)) for name in KINDS],
        came_by=[
            (name, rows)
            for name in CAME_BY
            if analytics.has_words(rows := analytics.rows_of(shown, name))
        ],
        fee_kind=analytics.fee_kind,
    )


async def download_all(visit: Visit) -> ASGIResponse:
    """Return the table as a file; who took it is written down."""
    body = overview_csv(_own(visit, await _overview(visit)))
    return await _file(visit, body, "campaigns")


async def download_one(visit: Visit) -> ASGIResponse:
    """Return one campaign's figures as a file; who took it is written down."""
    return await _file(visit, campaign_csv(await _one(visit)), visit.slug)


async def ask_fees(visit: Visit) -> ASGIResponse:
    """Have Stripe asked now for every fee of a campaign that is not known yet."""
    path = "/admin/analytics/stripe-financials/backfill"
    body = {"campaignSlug": visit.slug, "dryRun": False}
    await visit.dash.operator.do("settlement", path, visit.caller, body, Backfill)
    await _write_down(visit, "fees_asked")
    return visit.go(f"analytics/{visit.slug}/", done="fees-asked")


async def _overview(visit: Visit) -> Overview:
    return await visit.dash.operator.read("pledges", "/admin/figures", visit.caller, Overview)


async def _one(visit: Visit) -> CampaignAnalytics:
    path = f"/admin/figures/{visit.slug}"
    return await visit.dash.operator.read("pledges", path, visit.caller, CampaignAnalytics)


def _own(visit: Visit, overview: Overview) -> list[CampaignFigures]:
    return [each for each in overview.campaigns if visit.user.has(each.campaign_slug)]


async def _file(visit: Visit, body: bytes, name: str) -> ASGIResponse:
    await _write_down(visit, "figures_downloaded")
    disposition = f'attachment; filename="{name}-figures.csv"'
    return visit.file(body, media_type="text/csv", headers={"content-disposition": disposition})


async def _write_down(visit: Visit, action: str) -> None:
    user = visit.user
    done = Done(actor=user.email, role=user.role, action=action, campaign=visit.slug)
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)


WORKS: dict[str, Work] = {
    "analytics": show_all,
    "analytics.csv": download_all,
    "analytics.one": show_one,
    "analytics.one.csv": download_one,
    "analytics.fees": ask_fees,
}

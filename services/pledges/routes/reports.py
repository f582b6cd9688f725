"""The edge of reports: an operator's questions in, tables out. Nothing here changes anything."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation
from litestar.response import Stream

from contracts.api.analytics import CampaignAnalytics, Overview, ReferralReport
from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import bearer_guard
from services.pledges.handlers.list_supporters import (
    SupporterPage,
    TaxReport,
    list_supporters,
    sum_taxes,
)
from services.pledges.handlers.read_figures import (
    read_analytics,
    read_overview,
    read_referrals,
)
from services.pledges.handlers.read_report import ReportPreview
from services.pledges.queries.supporters import Filter
from services.pledges.steps.write_report import Reports

Slug = Annotated[str, QueryParameter(name="campaignSlug", max_length=300)]
Kind = Annotated[str, QueryParameter(name="reportType", max_length=50)]
# A database is not asked about a NUL.
WORDS = r"^[^\x00]*$"
Words = Annotated[str | None, QueryParameter(max_length=300, pattern=WORDS)]


def report_routes(secret: Secret, reports: Reports) -> list[HTTPRouteHandler]:
    """Return the routes of reports."""
    guards = [bearer_guard(secret)]

    @get("/admin/reports/campaign-runner/preview", guards=guards, response_headers=PRIVATE)
    async def preview(slug: Slug, kind: Kind = "pledge") -> ReportPreview:
        return await reports.preview(slug, kind)

    @get("/admin/reports/campaign-runner.csv", guards=guards, media_type="text/csv")
    async def download(slug: Slug, kind: Kind = "pledge") -> Stream:
        file = await reports.write(slug, kind)
        return Stream(
            file.parts,
            media_type="text/csv",
            headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{file.name}"'},
        )

    return [preview, download, *_question_routes(secret), *_figure_routes(secret)]


def _figure_routes(secret: Secret) -> list[HTTPRouteHandler]:
    guards = [bearer_guard(secret)]

    @get("/admin/figures", guards=guards, response_headers=PRIVATE)
    async def overview(pool: NamedDependency[SkipValidation[Pool]]) -> Overview:
        async with transaction(pool) as conn:
            return await read_overview(conn)

    @get("/admin/figures/{slug:str}", guards=guards, response_headers=PRIVATE)
    async def analytics(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> CampaignAnalytics:
        async with transaction(pool) as conn:
            return await read_analytics(conn, slug)

    @get("/admin/figures/{slug:str}/referrals", guards=guards, response_headers=PRIVATE)
    async def referrals(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> ReferralReport:
        async with transaction(pool) as conn:
            return await read_referrals(conn, slug)

    return [overview, analytics, referrals]


def _question_routes(secret: Secret) -> list[HTTPRouteHandler]:
    guards = [bearer_guard(secret)]

    @get("/admin/reports/taxes", guards=guards, response_headers=PRIVATE)
    async def taxes(
        pool: NamedDependency[SkipValidation[Pool]],
        slug: Annotated[str | None, QueryParameter(name="campaignSlug", max_length=300)] = None,
        since: FromQuery[date | None] = None,
        until: FromQuery[date | None] = None,
    ) -> TaxReport:
        async with transaction(pool) as conn:
            return await sum_taxes(conn, slug, since=since, until=until)

    @get("/admin/supporters", guards=guards, response_headers=PRIVATE)
    async def supporters(
        *,
        pool: NamedDependency[SkipValidation[Pool]],
        slug: Slug,
        status: FromQuery[PledgeStatus | None] = None,
        item: Words = None,
        country: Words = None,
        search: Words = None,
        after: Annotated[str, QueryParameter(max_length=300, pattern=WORDS)] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> SupporterPage:
        wanted = Filter(
            campaign=CampaignSlug(slug),
            status=status,
            item_id=item,
            country=country,
            words=search,
            after=after,
            limit=limit,
        )
        async with transaction(pool) as conn:
            return await list_supporters(conn, wanted)

    return [taxes, supporters]

"""A campaign's report: its rows, page by page, and how it begins."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from itertools import groupby
from typing import Literal, get_args

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused
from services.chassis.storage.database import Connection
from services.pledges.domain.figures import percent_funded
from services.pledges.domain.reports import fulfilment, ledger
from services.pledges.domain.reports.cells import Row
from services.pledges.domain.reports.fulfilment import PaidPledge
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import platforms, totals
from services.pledges.queries import reports as queries

ReportType = Literal["pledge", "fulfillment"]
PREVIEW_ROWS = 100

Pages = Callable[[Connection, CampaignSlug], AsyncGenerator[list[Row]]]


class ReportSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the campaign stands: cents, and seconds to its deadline (0 when it is over)."""

    pledge_count: int
    pledged_amount: int
    percent_funded: int
    seconds_left: int


class ReportPreview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The first rows of a report, as they would be in the file."""

    campaign_slug: CampaignSlug
    report_type: ReportType
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    has_more: bool
    summary: ReportSummary


class ReportFile(msgspec.Struct, frozen=True):
    """A file that is written while it is read."""

    name: str
    parts: AsyncIterator[bytes]


async def preview_report(conn: Connection, slug: str, kind: ReportType) -> ReportPreview:
    """Return the first rows of a report, and how its campaign stands."""
    await queries.begin_report(conn)
    campaign, now = await require_campaign(conn, slug)
    rows: list[Row] = []
    async with aclosing(PAGES[kind](conn, campaign.campaign)) as pages:
        async for page in pages:
            rows += page
            if len(rows) > PREVIEW_ROWS:
                break
    stored = await totals.read_totals(conn, campaign.campaign)
    return ReportPreview(
        campaign_slug=campaign.campaign,
        report_type=kind,
        columns=COLUMNS[kind],
        rows=tuple(rows[:PREVIEW_ROWS]),
        has_more=len(rows) > PREVIEW_ROWS,
        summary=ReportSummary(
            pledge_count=stored.pledge_count,
            pledged_amount=stored.pledged_cents,
            percent_funded=percent_funded(stored.pledged_cents, campaign.goal_cents),
            seconds_left=_seconds_left(campaign.deadline_at, now),
        ),
    )


async def _ledger(conn: Connection, slug: CampaignSlug) -> AsyncGenerator[list[Row]]:
    async for pledges in queries.list_for_ledger(conn, slug):
        entries = await queries.list_entries(conn, [each.pledge_id for each in pledges])
        told = {of: list(lines) for of, lines in groupby(entries, key=lambda line: line.pledge_id)}
        yield [row for each in pledges for row in ledger.rows(each, told.get(each.pledge_id, ()))]


async def _fulfilment(conn: Connection, slug: CampaignSlug) -> AsyncGenerator[list[Row]]:
    sender = _sender(await platforms.read_platform(conn))
    # A supporter's pledges may be on two pages: the last supporter of each waits for the next.
    waiting: list[PaidPledge] = []
    async for pledges in queries.list_paid(conn, slug):
        waiting += pledges
        people = [list(each) for _, each in groupby(waiting, key=lambda paid: paid.supporter_id)]
        waiting = people.pop()
        yield [row for each in people for row in fulfilment.rows(each, platform=sender)]
    if waiting:
        yield list(fulfilment.rows(waiting, platform=sender))


COLUMNS: dict[ReportType, tuple[str, ...]] = {
    "pledge": ledger.COLUMNS,
    "fulfillment": fulfilment.COLUMNS,
}
PAGES: dict[ReportType, Pages] = {"pledge": _ledger, "fulfillment": _fulfilment}


def kind_of(report_type: str) -> ReportType:
    """Return the kind of a report, or refuse what is none."""
    for kind in get_args(ReportType):
        if kind == report_type:
            return kind  # type: ignore[no-any-return]
    raise InputRefused(
        "invalid_input",
        "There is no such report.",
        fields={"reportType": f"one of {', '.join(get_args(ReportType))}"},
    )


def _sender(definition: PlatformDefinition) -> str:
    return definition.company_name or definition.platform_name


def _seconds_left(deadline: datetime, now: datetime) -> int:
    return max(0, int((deadline - now).total_seconds()))

"""Write a report while it is read: of one moment, a few at a time."""

import asyncio
from collections.abc import AsyncIterator

from contracts.ids import CampaignSlug
from contracts.refusals import Unavailable
from services.chassis.storage.database import Pool, transaction
from services.pledges.domain.reports.cells import as_csv
from services.pledges.handlers.read_report import (
    COLUMNS,
    PAGES,
    ReportFile,
    ReportPreview,
    ReportType,
    kind_of,
    preview_report,
)
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import reports as queries

AT_ONCE = 2
"""Reports written at the same time by one process: they must not take the others' connections."""


class Reports:
    """Writes reports, a few at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seats = asyncio.Semaphore(AT_ONCE)

    async def preview(self, slug: str, report_type: str) -> ReportPreview:
        """Return how a report begins. Nothing is sent, and nothing is noted."""
        kind = kind_of(report_type)
        async with transaction(self._pool) as conn:
            return await preview_report(conn, slug, kind)

    async def write(self, slug: str, report_type: str) -> ReportFile:
        """Return a report as a file. Whatever can be refused is refused before it begins.

        All of it is of one moment. It ends early, with its connection, when its reader
        stops for a minute.
        """
        kind = kind_of(report_type)
        async with transaction(self._pool) as conn:
            campaign, now = await require_campaign(conn, slug)
        if self._seats.locked():
            raise Unavailable("busy", "Other reports are being written. Try again in a moment.")
        parts = self._parts(kind, campaign.campaign)
        # The first part opens everything; from then on the end of `parts` closes it.
        head = await anext(parts)
        return ReportFile(f"{campaign.campaign}-{kind}-{now:%Y-%m-%d}.csv", _joined(head, parts))

    async def _parts(self, kind: ReportType, slug: CampaignSlug) -> AsyncIterator[bytes]:
        async with self._seats, transaction(self._pool) as conn:
            await queries.begin_report(conn)
            yield as_csv([COLUMNS[kind]])
            async for rows in PAGES[kind](conn, slug):
                yield as_csv(rows)


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for part in rest:
        yield part

"""Reports: the first rows of a file, and the file."""

from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from services.site.admin.answers import Preview
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down
from services.site.routes.admin.streaming import csv_file, nothing

KINDS = ("pledge", "fulfillment")
PATH = "/admin/reports/campaign-runner"
# Until a report begins, and for each part of it.
BEGIN_SECONDS = 15.0


async def choose(visit: Visit) -> ASGIResponse:
    """Show the campaigns that there are reports of."""
    return visit.page("choose", campaigns=visit.campaigns, tab="report")


async def show(visit: Visit) -> ASGIResponse:
    """Show how a report begins. Nothing is sent, and nothing is noted."""
    query = _query(visit)
    found = await visit.dash.operator.read(
        "pledges", f"{PATH}/preview?{query}", visit.caller, Preview
    )
    return visit.page(
        "report",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        report=found,
        kind=_kind(visit),
        kinds=KINDS,
    )


async def download(visit: Visit) -> ASGIResponse:
    """Return the whole report as it comes; who takes it is written down first."""
    kind = _kind(visit)
    if visit.request.method == "HEAD":
        return csv_file(visit, nothing(), f"{visit.slug}-{kind}")
    await write_down(visit, done_by(visit, "report_downloaded", kind))
    path = f"{PATH}.csv?{_query(visit)}"
    flow = await visit.dash.operator.flow("pledges", path, visit.caller, seconds=BEGIN_SECONDS)
    return csv_file(visit, flow.parts, f"{visit.slug}-{kind}")


def _kind(visit: Visit) -> str:
    asked = visit.asked.get("type", "")
    return asked if asked in KINDS else KINDS[0]


def _query(visit: Visit) -> str:
    return urlencode({"campaignSlug": visit.slug, "reportType": _kind(visit)})


WORKS: dict[str, Work] = {"reports": choose, "reports.one": show, "reports.csv": download}

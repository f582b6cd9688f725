"""Reports: the first rows of a file, and the file."""

from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from services.chassis.storage.database import transaction
from services.site.admin.answers import Preview
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work

KINDS = ("pledge", "fulfillment")
PATH = "/admin/reports/campaign-runner"


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
    """Return the whole report as a file; who took it is written down."""
    body = await visit.dash.operator.take("pledges", f"{PATH}.csv?{_query(visit)}", visit.caller)
    kind = _kind(visit)
    done = Done(
        actor=visit.user.email,
        role=visit.user.role,
        action="report_downloaded",
        subject=kind,
        campaign=visit.slug,
    )
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)
    name = f'attachment; filename="{visit.slug}-{kind}.csv"'
    return visit.file(body, media_type="text/csv", headers={"content-disposition": name})


def _kind(visit: Visit) -> str:
    asked = visit.asked.get("type", "")
    return asked if asked in KINDS else KINDS[0]


def _query(visit: Visit) -> str:
    return urlencode({"campaignSlug": visit.slug, "reportType": _kind(visit)})


WORKS: dict[str, Work] = {"reports": choose, "reports.one": show, "reports.csv": download}

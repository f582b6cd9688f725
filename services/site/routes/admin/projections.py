"""Projections: whether what is kept agrees with what happened, and counting it anew."""

from litestar.response.base import ASGIResponse

from services.site.admin.proofs import Corrected, ProjectionCheck
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down

CHECK_SECONDS = 60.0
"""Every pledge and line of history is summed, as of one moment."""


async def show(visit: Visit) -> ASGIResponse:
    """Prove every campaign's sums now; nothing is changed."""
    found = await visit.dash.operator.do(
        "pledges",
        "/admin/projections/check",
        visit.caller,
        {},
        ProjectionCheck,
        seconds=CHECK_SECONDS,
    )
    return visit.page("projections", check=found, titles=visit.dash.titles())


async def rebuild(visit: Visit) -> ASGIResponse:
    """Set a campaign's totals to what its history says."""
    path = f"/admin/campaign-index/rebuild/{visit.slug}"
    await _count_anew(visit, "pledges", path, "projections_rebuilt")
    return visit.go("operations/projections/", done="rebuilt")


async def recount(visit: Visit) -> ASGIResponse:
    """Set a campaign's stock to what its orders hold."""
    await _count_anew(visit, "checkout", f"/inventory/{visit.slug}/recalculate", "stock_recounted")
    return visit.go("operations/projections/", done="rebuilt")


async def _count_anew(visit: Visit, owner: str, path: str, action: str) -> None:
    done = await visit.dash.operator.do(
        owner, path, visit.caller, {}, Corrected, seconds=CHECK_SECONDS
    )
    await write_down(visit, done_by(visit, action, corrected="yes" if done.corrected else "no"))


WORKS: dict[str, Work] = {
    "operations.projections": show,
    "operations.rebuild": rebuild,
    "operations.recount": recount,
}

"""The first screen after signing in."""

from litestar.response.base import ASGIResponse

from services.site.admin.looking import notable
from services.site.desks.dashboard import Visit, Work


async def show(visit: Visit) -> ASGIResponse:
    """Show how the campaigns stand that are this user's."""
    campaigns = visit.campaigns
    return visit.page("summary", campaigns=campaigns, notable=notable(campaigns))


WORKS: dict[str, Work] = {"summary": show}

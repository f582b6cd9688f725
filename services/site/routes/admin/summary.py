"""The first screen after signing in."""

from litestar.response.base import ASGIResponse

from services.site.desks.dashboard import Visit, Work


async def show(visit: Visit) -> ASGIResponse:
    """Show the campaigns that are this user's."""
    titles = visit.dash.titles()
    mine = {slug: title for slug, title in titles.items() if visit.user.has(slug)}
    return visit.page("summary", campaigns=mine)


WORKS: dict[str, Work] = {"summary": show}

"""Publishing, asked for by an operator's script."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler

from contracts.ids import CampaignSlug
from contracts.routes import Route
from services.site.door.admission import Admission
from services.site.live.announcing import Announcer
from services.site.publisher import Outcome, Publisher
from services.site.routes.site import SiteNeeded

REBUILD = Route(
    method="POST", path="/admin/rebuild", owner="site", access="admin", failures_per_minute=5
)


def publish_route(
    publisher: Publisher, admission: Admission, announcer: Announcer
) -> HTTPRouteHandler:
    """Return `POST /admin/rebuild`."""

    @post(REBUILD.path, status_code=200)
    async def rebuild(request: Request[Any, Any, Any], site: SiteNeeded) -> Outcome:
        """Publish what changed; what is good is public when this answers, whatever is bad."""
        client = site.proxies.client(request.scope)
        await admission.require(REBUILD, request.headers, client)
        outcome = await publisher.publish()
        # Our own pages follow at once, the other processes' when they hear of it.
        await site.world.load()
        await site.shelf.make_changed(at_once=True)
        for slug in outcome.published:
            await announcer.announce(site.world.figures_of(CampaignSlug(slug)))
        return outcome

    return rebuild

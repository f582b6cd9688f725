"""Ending a live campaign early, asked for by its operator."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from contracts.ids import CampaignSlug
from contracts.routes import Route
from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.site import handlers
from services.site.door.admission import Admission
from services.site.live.announcing import Announcer
from services.site.routes.site import SiteNeeded

CANCEL = Route(
    method="POST",
    path="/admin/campaigns/{slug}/cancel",
    owner="site",
    access="admin",
    failures_per_minute=5,
)


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which campaign was ended early, and when by the platform's time."""

    campaign_slug: CampaignSlug
    cancelled_at: datetime


def cancel_route(pool: Pool, admission: Admission, announcer: Announcer) -> HTTPRouteHandler:
    """Return `POST /admin/campaigns/{slug}/cancel`."""

    @post("/admin/campaigns/{slug:str}/cancel", status_code=200)
    async def cancel(
        request: Request[Any, Any, Any], site: SiteNeeded, slug: FromPath[str]
    ) -> Cancelled:
        """End it for good. The page says so when this answers; the ledger releases everybody."""
        client = site.proxies.client(request.scope)
        await admission.require(CANCEL, request.headers, client)
        async with transaction(pool) as conn:
            cancelled_at = await handlers.cancel_campaign(conn, CampaignSlug(slug))
            crash.point("site.before_cancelled")
        crash.point("site.after_cancelled")
        await site.world.load()
        await site.shelf.make_changed(at_once=True)
        await announcer.announce(site.world.figures_of(CampaignSlug(slug)))
        return Cancelled(campaign_slug=CampaignSlug(slug), cancelled_at=cancelled_at)

    return cancel

"""The dashboard's screens and forms: each row of its table with what it does."""

import re
from pathlib import Path
from typing import Any

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.ids import CampaignSlug
from services.chassis.process.settings import configured
from services.chassis.web.crowd import LANE
from services.chassis.web.limiter import Limiter
from services.site.admin.table import ROUTES, AdminRoute
from services.site.asking.operators import Operator
from services.site.asking.watch import Own, Watch
from services.site.desks.dashboard import Visit, Work, serve
from services.site.desks.foundation import Content, Dashboard
from services.site.desks.texts import TextDesk
from services.site.door.admission import Admission
from services.site.door.upstream import Upstream
from services.site.live.announcing import Announcer
from services.site.media.press import Press
from services.site.media.store import Store
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.routes.admin import (
    analytics,
    audit,
    blast,
    campaign_editor,
    campaign_stock,
    campaigns,
    mails,
    marketing,
    media,
    operations,
    parked,
    people,
    projections,
    reports,
    settlement,
    sign_in,
    summary,
    supporters,
)
from services.site.routes.admin import (
    settings as settings_,
)
from services.site.routes.site import Site
from services.site.settings import Settings

WORKS: dict[str, Work] = {
    **sign_in.WORKS,
    **summary.WORKS,
    **campaigns.WORKS,
    **campaign_editor.WORKS,
    **campaign_stock.WORKS,
    **settlement.WORKS,
    **supporters.WORKS,
    **analytics.WORKS,
    **marketing.WORKS,
    **blast.WORKS,
    **reports.WORKS,
    **media.WORKS,
    **operations.WORKS,
    **parked.WORKS,
    **mails.WORKS,
    **projections.WORKS,
    **settings_.WORKS,
    **people.WORKS,
    **audit.WORKS,
}
PARAMETER = re.compile(r"\{(\w+)\}")


def dashboard_of(
    site: Site,
    settings: Settings,
    own: Own,
    door: tuple[Admission, Limiter, Upstream, Announcer],
    store: Store,
) -> Dashboard:
    """Return what the dashboard stands on."""
    admission, limiter, upstream, announcer = door
    operator = Operator(
        upstream,
        places_of=settings.upstream,
        site_base=site.site_base,
        secret=settings.admin_secret,
    )
    return Dashboard(
        pool=own.pool,
        admission=admission,
        limiter=limiter,
        policy=site.policy,
        client_of=site.proxies.client,
        frame=site.shelf.frame,
        titles=site.world.titles,
        snapshots=site.world.snapshots,
        is_public=site.world.is_public,
        now=site.clock.now,
        texts=_texts(site, settings, own, announcer),
        operator=operator,
        watch=Watch(operator, own),
        store=store,
        content=_content(site, settings),
        press=Press(),
        network_key=settings.gateway_secret.bytes(),
        is_https=site.site_base.startswith("https://"),
    )


def _texts(site: Site, settings: Settings, own: Own, announcer: Announcer) -> TextDesk:
    """Return what campaigns are written at; what is published there is shown at once."""

    async def show(slug: CampaignSlug) -> None:
        # Our own pages follow now, the other processes' when they hear of it.
        await site.world.refresh()
        await site.shelf.make_changed(at_once=True)
        await announcer.announce(site.world.figures_of(slug))

    return TextDesk(own.pool, show, timezone=settings.platform_timezone)


def _content(site: Site, settings: Settings) -> Content:
    """Return what the settings' screens stand on."""

    async def show() -> None:
        await site.world.load()
        await site.shelf.make_changed(at_once=True)

    facts = {
        "SITE_BASE": site.site_base,
        "POOL_MODE": settings.pool_mode,
        "PLATFORM_TIMEZONE": settings.platform_timezone,
        "MEDIA_URL": settings.media_url,
        "STRIPE_JS_URL": settings.stripe_js_url,
        "TRUSTED_PROXIES": settings.trusted_proxies,
    }
    return Content(
        folder=Path(settings.campaigns_dir),
        timezone=settings.platform_timezone,
        show=show,
        facts=facts,
        secrets=configured(settings),
    )


def admin_routes(dash: Dashboard) -> list[HTTPRouteHandler]:
    """Return every row of the table in each language. A row that does nothing is a bug."""
    assert set(WORKS) == {row.name for row in ROUTES}, "the table and what is done differ"
    return [_handler(dash, row, language) for language in LANGUAGES for row in ROUTES]


def _handler(dash: Dashboard, row: AdminRoute, language: Language) -> HTTPRouteHandler:
    async def answer(request: Request[Any, Any, Any]) -> ASGIResponse:
        address = dash.client_of(request.scope)
        visit = Visit(dash=dash, row=row, language=language, request=request, address=address)
        return await serve(visit, WORKS)

    path = prefix(language) + PARAMETER.sub(r"{\1:str}", row.path)
    name = f"admin:{language}:{row.name}"
    # Lanes of their own: a crowd before the pages keeps no operator out, nor does a slow upload.
    opt = {LANE: "uploads" if row.takes_file else "dashboard"}
    if row.method == "GET":
        return route(path, name=name, opt=opt, http_method=["GET", "HEAD"])(answer)
    return post(path, name=name, opt=opt, status_code=200, request_max_body_size=row.body_max)(
        answer
    )

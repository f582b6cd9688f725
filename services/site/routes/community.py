"""The supporters' page: opened by a link, which the ledger is asked about at every request.

GET changes nothing, whoever follows the link. Its forms carry the link in their bodies; the
first script takes it out of the address.
"""

from typing import Any

import msgspec
from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound
from contracts.routes import KIB, Route
from services.chassis.web.crowd import LANE
from services.site.asking.asker import Caller
from services.site.asking.community import Supporters
from services.site.cart.answers import Refused
from services.site.community.form import CommunityForm, read_form
from services.site.community.page import locked_by, locked_page, open_page, told
from services.site.community.shown import CommunityPage
from services.site.door.admission import Admission
from services.site.door.forms import read_pairs
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.render import render_community
from services.site.public.state import CampaignState
from services.site.routes.answers import READ, moved, proper_address
from services.site.routes.site import Site

PATH = "/community/{slug:str}/"
# Not in the table of the gateway: a page of the site's own. Its form carries the link itself, so
# another site can do nothing with it; and it has no origin, because the page has no referrer.
COMMUNITY = Route(
    method="POST",
    path="/community/{slug}/",
    owner="site",
    access="public",
    body_max=16 * KIB,
    failures_per_minute=45,
)
HINT_SECONDS = 90 * 86_400
# What is the person's own matter, and stands on the page.
REFUSED = (400, 401, 403, 404, 409)
STATUS = {"no_link": 200, "bad_link": 401, "no_access": 403, "away": 503}


class Answered(msgspec.Struct, frozen=True):
    """A page and the status it is sent with."""

    page: CommunityPage
    status: int = 200


class Gathering(msgspec.Struct, frozen=True, kw_only=True):
    """What these routes stand on."""

    site: Site
    supporters: Supporters
    admission: Admission

    async def show(
        self, form: CommunityForm, language: Language, request: Request[Any, Any, Any]
    ) -> ASGIResponse:
        """Do what a form says and answer with the page as it is then."""
        state = self._state(request)
        address = self.site.proxies.client(request.scope)
        await self.admission.require(COMMUNITY, request.headers, address)
        caller = Caller(address=address, headers=request.headers)
        answered = await self._answered(form, state, language, caller)
        await self.admission.note(COMMUNITY, address, answered.status)
        return _sent(self.site, answered, request, is_drawing=form.is_scripted)

    async def _answered(
        self, form: CommunityForm, state: CampaignState, language: Language, caller: Caller
    ) -> Answered:
        if not form.token:
            return Answered(locked_page(state, "no_link", language))
        refused = None
        if form.deed != "view":
            refused = await self.supporters.act(form, caller)
        found = await self.supporters.look(form.token, state.slug, caller)
        if isinstance(found, Refused):
            locked = locked_by(found)
            return Answered(locked_page(state, locked, language), STATUS[locked])
        page = open_page(
            state,
            found,
            language,
            now=self.site.clock.now(),
            token=form.token,
            notice=told(form, refused, language),
        )
        return Answered(page, 200 if refused is None else refused.status)

    def _state(self, request: Request[Any, Any, Any]) -> CampaignState:
        slug = str(request.path_params["slug"])
        state = self.site.world.state(slug) if self.site.world.is_public(slug) else None
        if state is None:
            raise NotFound("not_found", "There is no such campaign.")
        return state


def community_routes(gathering: Gathering) -> list[HTTPRouteHandler]:
    """Return the page and its form in each language."""
    pages = [_page_route(gathering, language) for language in LANGUAGES]
    return [*pages, *(_form_route(gathering, language) for language in LANGUAGES)]


def _page_route(gathering: Gathering, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        elsewhere = proper_address(request.scope, gathering.site)
        if elsewhere:
            return moved(elsewhere)
        form = read_form((("t", request.query_params.get("t", "")),))
        return await gathering.show(form, language, request)

    path = prefix(language) + PATH
    return route(path, http_method=READ, name=f"community:{language}", opt={LANE: "pledges"})(show)


def _form_route(gathering: Gathering, language: Language) -> HTTPRouteHandler:
    async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
        form = read_form(await read_pairs(request))
        return await gathering.show(form, language, request)

    return post(
        prefix(language) + PATH,
        name=f"community-form:{language}",
        request_max_body_size=COMMUNITY.body_max,
        opt={LANE: "pledges"},
    )(serve)


def _sent(
    site: Site, answered: Answered, request: Request[Any, Any, Any], *, is_drawing: bool
) -> ASGIResponse:
    page = answered.page
    headers = {
        "cache-control": "private, no-store",
        "content-language": page.language,
        "content-security-policy": site.policy.page(
            pays=False, image_origins=site.shelf.image_origins()
        ),
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
    }
    if page.locked != "no_link":
        headers["set-cookie"] = _hint(page, is_https=site.site_base.startswith("https://"))
    if answered.status in (429, 503):
        headers["retry-after"] = "5"
    return ASGIResponse(
        body=render_community(page, site.shelf.frame()),
        status_code=200 if is_drawing and answered.status in REFUSED else answered.status,
        media_type="text/html",
        is_head_response=request.method == "HEAD",
        headers=headers,
    )


def _hint(page: CommunityPage, *, is_https: bool) -> str:
    """Return the cookie that says that somebody was here. It opens nothing."""
    seconds = 0 if page.locked else HINT_SECONDS
    secure = "; Secure" if is_https else ""
    return f"supporter_{page.slug}=1; Path=/; Max-Age={seconds}; SameSite=Lax{secure}"

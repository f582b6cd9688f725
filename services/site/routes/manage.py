"""The manage page: opened by a link, acted on by its own form, for one person at a time.

GET changes nothing, whoever follows the link and whatever scripts they run. The link travels
in the body from then on; the first script takes it out of the address.
"""

import gzip
from typing import Any

import msgspec
from litestar import Request, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.magic_link import TOKEN_LENGTH_MAX
from contracts.refusals import NotFound, Unavailable
from contracts.routes import KIB, Route
from services.chassis.web.crowd import LANE
from services.site.asking.asker import Caller
from services.site.desks.cart import shop_of
from services.site.desks.manage import ManageDesk
from services.site.door.admission import Admission
from services.site.door.forms import read_pairs
from services.site.manage.demo import demo_page
from services.site.manage.form import ManageForm, read_form
from services.site.manage.shown import Away, Shown, Taken
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.render import render_manage
from services.site.routes.answers import READ, answer, moved, proper_address, takes_gzip
from services.site.routes.pages import page_headers
from services.site.routes.site import Site

PATH = "/manage/"
KIND = "manage"
PAY_PATH = "/pay/{token}"
# Not in the table of the gateway: pages of the site's own. Its form carries the link itself, so
# another site can do nothing with it; and it has no origin, because the page has no referrer.
MANAGE = Route(
    method="POST",
    path=PATH,
    owner="site",
    access="public",
    body_max=64 * KIB,
    failures_per_minute=60,
)
PACK_LEVEL = 5
FILE = {
    "cache-control": "private, no-store",
    "content-disposition": 'attachment; filename="my-data.json"',
}


class Manage(msgspec.Struct, frozen=True, kw_only=True):
    """What these routes stand on."""

    site: Site
    desk: ManageDesk
    admission: Admission

    async def show(
        self, form: ManageForm, language: Language, request: Request[Any, Any, Any]
    ) -> ASGIResponse:
        """Serve a form and answer with its page."""
        address = self.site.proxies.client(request.scope)
        await self.admission.require(MANAGE, request.headers, address)
        caller = Caller(address=address, headers=request.headers)
        shown = await self.desk.serve(form, language, caller)
        if isinstance(shown, Away):
            headers = {"location": shown.url, "cache-control": "private, no-store"}
            return ASGIResponse(status_code=303, headers=headers)
        if isinstance(shown, Taken):
            return ASGIResponse(
                body=shown.body, status_code=200, media_type="application/json", headers=FILE
            )
        await self.admission.note(MANAGE, address, shown.status)
        return _page(self.site, shown, language, request, is_drawing=form.is_scripted)

    async def pay_page(self, request: Request[Any, Any, Any]) -> ASGIResponse | None:
        """Return the page of a payment to whoever wants a page; None to whoever wants its data."""
        if "text/html" not in request.headers.get("accept", ""):
            return None
        return await self.show(_opened_by(str(request.path_params["token"])), "en", request)


def manage_routes(manage: Manage) -> list[HTTPRouteHandler]:
    """Return the page, its form, and the page of a payment, in each language."""
    forms = [_form_route(manage, language) for language in LANGUAGES]
    return [*(_page_route(manage, language) for language in LANGUAGES), *forms, _pay_route(manage)]


def _page_route(manage: Manage, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        scope = request.scope
        elsewhere = proper_address(scope, manage.site)
        if elsewhere:
            return moved(elsewhere)
        if "dev" in request.query_params and manage.site.policy.has_stand_in:
            page = demo_page(shop_of(manage.site.world), language)
            return _page(manage.site, Shown(page=page), language, request)
        token = request.query_params.get("t", "")
        if token:
            return await manage.show(_opened_by(token), language, request)
        prepared = manage.site.shelf.get(KIND, language)
        if prepared is None:
            raise Unavailable("starting", "We are just starting. Try again in a moment.")
        return answer(
            scope,
            prepared.body,
            packed=prepared.packed,
            headers=page_headers(manage.site, KIND, language, prepared.image_origins),
        )

    name = f"{KIND}:{language}"
    return route(prefix(language) + PATH, http_method=READ, name=name, opt={LANE: "pledges"})(show)


def _form_route(manage: Manage, language: Language) -> HTTPRouteHandler:
    async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
        form = read_form(await read_pairs(request))
        return await manage.show(form, language, request)

    return post(
        prefix(language) + PATH,
        name=f"manage-form:{language}",
        request_max_body_size=MANAGE.body_max,
        opt={LANE: "pledges"},
    )(serve)


def _pay_route(manage: Manage) -> HTTPRouteHandler:
    @get("/es/pay/{token:str}", name="pay:es", opt={LANE: "pledges"})
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        return await manage.show(_opened_by(str(request.path_params["token"])), "es", request)

    return show


def _opened_by(token: str) -> ManageForm:
    if len(token) > TOKEN_LENGTH_MAX:
        raise NotFound("not_found", "There is no such page.")
    return ManageForm(token=token)


def _page(
    site: Site,
    shown: Shown,
    language: Language,
    request: Request[Any, Any, Any],
    *,
    is_drawing: bool = False,
) -> ASGIResponse:
    body = render_manage(shown.page, site.shelf.frame())
    headers = {
        name.decode(): value.decode()
        for name, value in page_headers(site, KIND, language, site.shelf.image_origins()).items()
    }
    headers["vary"] = "Accept-Encoding"
    if shown.status in (429, 503):
        headers["retry-after"] = "5"
    if takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1")):
        body = gzip.compress(body, PACK_LEVEL, mtime=0)
        headers["content-encoding"] = "gzip"
    return ASGIResponse(
        body=b"" if request.method == "HEAD" else body,
        status_code=_status(shown.status, is_drawing=is_drawing),
        media_type="text/html",
        is_head_response=request.method == "HEAD",
        headers=headers,
    )


def _status(status: int, *, is_drawing: bool) -> int:
    """Return the status of a page. A script asked for a drawing, and what is wrong is on it."""
    return 200 if is_drawing and status < 500 and status != 429 else status

"""The cart's form: read, served at the desk, answered with a page, another address, or JSON."""

import gzip
from typing import Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.routes import KIB, Route
from services.chassis.web.crowd import LANE
from services.site.asking.asker import Caller
from services.site.cart.form import read_form
from services.site.cart.page import cart_page
from services.site.desks.cart import Away, CardStep, Desk, Page
from services.site.door.admission import Admission
from services.site.door.forms import read_pairs, referring_pairs
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.render import render_cart
from services.site.routes.answers import takes_gzip
from services.site.routes.site import Site

PATH = "/cart/"
# Not in the table of the gateway: this form is the site's own, and is answered with a page.
CART = Route(
    method="POST",
    path=PATH,
    owner="site",
    access="browser",
    body_max=64 * KIB,
    failures_per_minute=90,
)
PACK_LEVEL = 5


class CartForms(msgspec.Struct, frozen=True, kw_only=True):
    """What the form's routes stand on."""

    site: Site
    desk: Desk
    admission: Admission


def cart_routes(forms: CartForms) -> list[HTTPRouteHandler]:
    """Return the form's route in each language."""
    return [_route(forms, language) for language in LANGUAGES]


def _route(forms: CartForms, language: Language) -> HTTPRouteHandler:
    async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
        address = forms.site.proxies.client(request.scope)
        await forms.admission.require(CART, request.headers, address)
        pairs = await read_pairs(request)
        referer = request.headers.get("referer", "")
        form = read_form(pairs, referred=referring_pairs(referer, forms.site.site_base))
        caller = Caller(address=address, headers=request.headers)
        outcome = await forms.desk.serve(form, language, caller)
        if isinstance(outcome, Away):
            return _away(outcome)
        if isinstance(outcome, CardStep):
            return _json(outcome)
        await forms.admission.note(CART, address, outcome.status)
        return _page(forms.site, outcome, language, request)

    path = prefix(language) + PATH
    return post(
        path,
        name=f"cart-form:{language}",
        request_max_body_size=CART.body_max,
        opt={LANE: "checkout"},
    )(serve)


def _away(outcome: Away) -> ASGIResponse:
    headers = {"location": outcome.url, "cache-control": "private, no-store"}
    return ASGIResponse(status_code=303, headers=headers)


def _json(outcome: CardStep) -> ASGIResponse:
    return ASGIResponse(
        body=outcome.raw,
        media_type="application/json",
        headers={"cache-control": "private, no-store"},
    )


def _page(
    site: Site, outcome: Page, language: Language, request: Request[Any, Any, Any]
) -> ASGIResponse:
    body = render_cart(cart_page(outcome.view, language), site.shelf.frame())
    headers = {
        "cache-control": "private, no-store",
        "content-language": language,
        "content-security-policy": site.policy.page(
            pays=True, image_origins=site.shelf.image_origins()
        ),
        "cross-origin-opener-policy": "same-origin-allow-popups",
        "vary": "Accept-Encoding",
        "x-robots-tag": "noindex, nofollow",
    }
    if outcome.status in (429, 503):
        headers["retry-after"] = "5"
    if takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1")):
        body = gzip.compress(body, PACK_LEVEL, mtime=0)
        headers["content-encoding"] = "gzip"
    return ASGIResponse(
        body=body, status_code=_status(outcome), media_type="text/html", headers=headers
    )


def _status(outcome: Page) -> int:
    """Return the status of a page. A script asked for a drawing, and what is wrong is on it."""
    is_drawn = outcome.view.form.is_scripted and outcome.status < 500 and outcome.status != 429
    return 200 if is_drawn else outcome.status

"""The two pages people come back to from the card: the receipt, and the way back to the cart."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.api.checkout import Summary
from contracts.ids import ORDER_PATTERN
from contracts.refusals import NotFound
from contracts.routes import Route
from services.chassis.web.crowd import LANE
from services.site.asking.asker import Caller
from services.site.asking.checkout import Checkout
from services.site.cart.answers import Refused
from services.site.cart.receipt import resume_pairs, success_page
from services.site.desks.cart import shop_of
from services.site.door.admission import Admission
from services.site.public import render
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.pages import result_page
from services.site.routes.answers import READ, proper_address
from services.site.routes.site import Site

SUCCESS, CANCEL = "pledge-success", "pledge-cancel"
# Not in the table of the gateway: pages, of which some look an order up.
LOOKED_UP = Route(
    method="GET",
    path=f"/campaigns/{{slug}}/{SUCCESS}/",
    owner="site",
    access="public",
    failures_per_minute=60,
)
GONE = (400, 404)


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What these pages stand on."""

    site: Site
    checkout: Checkout
    admission: Admission


def result_routes(results: Results) -> list[HTTPRouteHandler]:
    """Return both pages in each language."""
    return [
        make(results, language)
        for language in LANGUAGES
        for make in (_success_route, _cancel_route)
    ]


def _success_route(results: Results, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        slug = _slug(request, results.site)
        elsewhere = proper_address(request.scope, results.site)
        if elsewhere:
            return _moved(elsewhere)
        found = await looked_up(results, request, slug)
        page = success_page(
            found if isinstance(found, Summary) else None,
            shop_of(results.site.world),
            slug,
            language,
            order_id=order_of(request),
            is_away=isinstance(found, Refused) and found.status not in GONE,
        )
        body = render.render_success(page, results.site.shelf.frame())
        is_unknown = isinstance(found, Refused) and found.status in GONE
        return _page(results.site, body, language, request, status=404 if is_unknown else 200)

    return _route(SUCCESS, language, show)


def _cancel_route(results: Results, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        slug = _slug(request, results.site)
        elsewhere = proper_address(request.scope, results.site)
        if elsewhere:
            return _moved(elsewhere)
        found = await looked_up(results, request, slug)
        state = results.site.world.state(slug)
        if state is None:
            raise NotFound("not_found", "There is no such campaign.")
        page = result_page(
            state,
            now=results.site.clock.now(),
            language=language,
            resumes=resume_pairs(found) if isinstance(found, Summary) else (),
            order_status=found.status if isinstance(found, Summary) else "",
            order_id=order_of(request),
        )
        body = render.render_cancelled(page, results.site.shelf.frame())
        return _page(results.site, body, language, request, referrer=render.referrer_of(page))

    return _route(CANCEL, language, show)


def _route(
    last: str, language: Language, show: Callable[[Request[Any, Any, Any]], Awaitable[ASGIResponse]]
) -> HTTPRouteHandler:
    path = f"{prefix(language)}/campaigns/{{slug:str}}/{last}/"
    name = f"{last}:{language}"
    return route(path, http_method=READ, name=name, opt={LANE: "checkout"})(show)


def _slug(request: Request[Any, Any, Any], site: Site) -> str:
    slug = str(request.path_params["slug"])
    if site.world.is_loaded and not site.world.is_public(slug):
        raise NotFound("not_found", "There is no such campaign.")
    return slug


def order_of(request: Request[Any, Any, Any]) -> str:
    """Return the order an address names, empty when it names none."""
    order_id = request.query_params.get("order", "")
    return order_id if ORDER_PATTERN.fullmatch(order_id) else ""


async def looked_up(
    results: Results, request: Request[Any, Any, Any], slug: str
) -> Summary | Refused | None:
    """Return the order of the address, None when it names none; with a slug one of that film."""
    order_id = order_of(request)
    if not order_id:
        return None
    address = results.site.proxies.client(request.scope)
    await results.admission.require(LOOKED_UP, request.headers, address)
    caller = Caller(address=address, headers=request.headers)
    found = await results.checkout.receipt(order_id, caller)
    if isinstance(found, Refused):
        await results.admission.note(LOOKED_UP, address, found.status)
        return found
    if slug and slug not in {share.campaign_slug for share in found.campaigns}:
        await results.admission.note(LOOKED_UP, address, 404)
        return Refused(status=404, error="order_not_found")
    return found


def _moved(target: str) -> ASGIResponse:
    headers = {"location": target, "cache-control": "private, no-store"}
    return ASGIResponse(status_code=308, headers=headers)


def _page(
    site: Site,
    body: bytes,
    language: Language,
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    referrer: str = "no-referrer",
) -> ASGIResponse:
    return ASGIResponse(
        body=b"" if request.method == "HEAD" else body,
        status_code=status,
        media_type="text/html",
        is_head_response=request.method == "HEAD",
        headers={
            "cache-control": "private, no-store",
            "content-language": language,
            "content-security-policy": site.policy.page(
                pays=False, image_origins=site.shelf.image_origins()
            ),
            "referrer-policy": referrer,
            "x-robots-tag": "noindex, nofollow",
        },
    )

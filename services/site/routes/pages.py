"""Every page, from the shelf. A view costs no database, no bus and no cache call."""

from typing import Any

from litestar import Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound, Unavailable
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.routes.answers import answer
from services.site.routes.site import READ, Site, SiteNeeded

HTML = "text/html; charset=utf-8"
PUBLIC = "public, no-cache"
PRIVATE = "private, no-store"
PAYING = ("home", "campaign", "cart")
KEPT_FROM_OTHERS = ("success", "cancel", "manage")

FIXED = {
    "/": "home",
    "/about/": "about",
    "/terms/": "terms",
    "/privacy/": "privacy",
    "/manage/": "manage",
    "/cart/": "cart",
}
OF_CAMPAIGN = {
    "/campaigns/{slug:str}/": "campaign",
    "/campaigns/{slug:str}/pledge-success/": "success",
    "/campaigns/{slug:str}/pledge-cancel/": "cancel",
}


def page_routes() -> list[HTTPRouteHandler]:
    """Return a handler for each page in each language."""
    return [
        *(_fixed(path, name, language) for path, name in FIXED.items() for language in LANGUAGES),
        *(
            _of_campaign(path, name, language)
            for path, name in OF_CAMPAIGN.items()
            for language in LANGUAGES
        ),
    ]


def _fixed(path: str, kind: str, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
        return page(request, site, kind, language)

    return route(prefix(language) + path, http_method=READ, name=f"{kind}:{language}")(show)


def _of_campaign(path: str, kind: str, language: Language) -> HTTPRouteHandler:
    async def show(
        request: Request[Any, Any, Any], slug: FromPath[str], site: SiteNeeded
    ) -> ASGIResponse:
        if site.world.is_loaded and not site.world.is_public(slug):
            raise NotFound("not_found", "There is no such campaign.")
        return page(request, site, kind, language, slug=slug)

    return route(prefix(language) + path, http_method=READ, name=f"{kind}:{language}")(show)


def page(
    request: Request[Any, Any, Any], site: Site, kind: str, language: Language, *, slug: str = ""
) -> ASGIResponse:
    """Return a prepared page, or send the browser to the address that ends in a slash."""
    elsewhere = _proper_address(request, site)
    if elsewhere:
        moved = {"location": elsewhere, "cache-control": PRIVATE}
        return ASGIResponse(status_code=308, headers=moved, media_type="text/plain")
    prepared = site.shelf.get(f"{kind}:{slug}" if slug else kind, language)
    if prepared is None:
        raise Unavailable("starting", "We are just starting. Try again in a moment.")
    pays, is_private = kind in PAYING, kind in KEPT_FROM_OTHERS
    headers = {
        "cache-control": PRIVATE if is_private else PUBLIC,
        "content-security-policy": site.policy.page(
            pays=pays, image_origins=prepared.image_origins
        ),
        "content-language": language,
    }
    if pays:
        headers["cross-origin-opener-policy"] = "same-origin-allow-popups"
    if is_private:
        headers["referrer-policy"] = "no-referrer"
        headers["x-robots-tag"] = "noindex, nofollow"
    return answer(
        request,
        prepared.body,
        packed=prepared.packed,
        media_type=HTML,
        headers=headers,
        etag=None if is_private else prepared.etag,
    )


def _proper_address(request: Request[Any, Any, Any], site: Site) -> str:
    """Return where this page really is: with its slash, under the name that links use."""
    raw = request.scope["raw_path"].partition(b"?")[0]
    query = request.scope["query_string"]
    target = (raw + (b"?" + query if query else b"")).decode("latin-1")
    is_person = "text/html" in request.headers.get("accept", "")
    if is_person and site.hosts.is_other_name(request.headers.get("host", "").lower()):
        return site.site_base + target
    if raw.endswith(b"/"):
        return ""
    return target.replace("?", "/?", 1) if query else target + "/"

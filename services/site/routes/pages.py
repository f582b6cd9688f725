"""Every page, from the shelf. A view costs no database, no bus and no cache call."""

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import NotFound, Unavailable
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.routes.answers import READ, Headers, Ready, answer, moved, proper_address
from services.site.routes.site import Site

PAYING = ("home", "campaign", "cart", "manage")
KEPT_FROM_OTHERS = ("manage",)

FIXED = {
    "/": "home",
    "/about/": "about",
    "/terms/": "terms",
    "/privacy/": "privacy",
    "/cart/": "cart",
}
OF_CAMPAIGN = {"/campaigns/{slug:str}/": "campaign"}


def page_routes(site: Site) -> list[HTTPRouteHandler]:
    """Return a handler for each page in each language."""
    every = {**FIXED, **OF_CAMPAIGN}
    return [
        _route(site, path, kind, language) for path, kind in every.items() for language in LANGUAGES
    ]


def _route(site: Site, path: str, kind: str, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        slug = scope["path_params"].get("slug", "")
        if slug and site.world.is_loaded and not site.world.is_public(slug):
            raise NotFound("not_found", "There is no such campaign.")
        elsewhere = proper_address(scope, site)
        if elsewhere:
            return moved(elsewhere)
        prepared = site.shelf.get(f"{kind}:{slug}" if slug else kind, language)
        if prepared is None:
            raise Unavailable("starting", "We are just starting. Try again in a moment.")
        return answer(
            scope,
            prepared.body,
            packed=prepared.packed,
            headers=page_headers(site, kind, language, prepared.image_origins),
            etag=None if kind in KEPT_FROM_OTHERS else prepared.etag.encode(),
        )

    return route(prefix(language) + path, http_method=READ, name=f"{kind}:{language}")(show)


def page_headers(
    site: Site, kind: str, language: Language, image_origins: tuple[str, ...]
) -> Headers:
    """Return what a page of this kind is sent with."""
    pays, is_private = kind in PAYING, kind in KEPT_FROM_OTHERS
    headers = {
        b"content-type": b"text/html; charset=utf-8",
        b"cache-control": b"private, no-store" if is_private else b"public, no-cache",
        b"content-security-policy": site.policy.page(
            pays=pays, image_origins=image_origins
        ).encode(),
        b"content-language": language.encode(),
    }
    if pays:
        headers[b"cross-origin-opener-policy"] = b"same-origin-allow-popups"
    if is_private:
        headers[b"referrer-policy"] = b"no-referrer"
        headers[b"x-robots-tag"] = b"noindex, nofollow"
    return headers

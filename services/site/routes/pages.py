"""Every page, from the shelf. A view costs no database, no bus and no cache call."""

from functools import lru_cache, partial
from urllib.parse import parse_qsl

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import NotFound, Unavailable
from services.site.door.ready import WINDOW, Headers, Ready
from services.site.live.on_demand import OnDemand
from services.site.live.shelf import Prepared, prepare
from services.site.public.assets import static_base
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.lists import ARCHIVE, Filter, archive_page, read_filter
from services.site.public.render import CHECKLIST, render_archive, render_style
from services.site.public.style_page import style_page
from services.site.routes.answers import READ, answer, moved, proper_address
from services.site.routes.site import Site

# Campaigns with pictures and players from elsewhere have headers of their own.
HEADERS_KEPT = 256
PAYING = ("home", "archive", "campaign", "cart", "manage")
KEPT_FROM_OTHERS = ("manage",)
# Links on these pages may be fetched ahead of a press: the rules name pages for everybody only.
READ_ON = ("home", "archive", "campaign", "about", "terms", "privacy")

FIXED = {
    "/": "home",
    "/about/": "about",
    "/terms/": "terms",
    "/privacy/": "privacy",
    f"/{CHECKLIST}/": CHECKLIST,
    "/cart/": "cart",
}
OF_CAMPAIGN = {"/campaigns/{slug:str}/": "campaign"}


def page_routes(site: Site, kept: OnDemand) -> list[HTTPRouteHandler]:
    """Return a handler for each page in each language."""
    every = {**FIXED, **OF_CAMPAIGN}
    return [
        # For whoever builds pages: never in production.
        *([_style_route(site)] if site.policy.has_stand_in else []),
        *(_archive_route(site, kept, language) for language in LANGUAGES),
        *(
            _route(site, path, kind, language)
            for path, kind in every.items()
            for language in LANGUAGES
        ),
    ]


def _route(site: Site, path: str, kind: str, language: Language) -> HTTPRouteHandler:
    @lru_cache(maxsize=HEADERS_KEPT)
    def headers(image_origins: tuple[str, ...], frame_origins: tuple[str, ...]) -> Headers:
        return page_headers(site, kind, language, image_origins, frame_origins=frame_origins)

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
            headers=headers(prepared.image_origins, prepared.frame_origins),
            etag=None if kind in KEPT_FROM_OTHERS else prepared.etag.encode(),
        )

    name = f"{kind}:{language}"
    return route(prefix(language) + path, http_method=READ, name=name, opt={WINDOW: True})(show)


def _archive_route(site: Site, kept: OnDemand, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        elsewhere = proper_address(scope, site)
        if elsewhere:
            return moved(elsewhere)
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=64))
        chosen = read_filter(asked.get("state", ""), asked.get("kind", ""))
        if not site.world.is_loaded:
            raise Unavailable("starting", "We are just starting. Try again in a moment.")
        make = partial(_made_archive, site, chosen, language)
        prepared = kept.get(("archive", chosen, language), make)
        return answer(
            scope,
            prepared.body,
            packed=prepared.packed,
            headers=_headers(site, "archive", language, prepared),
            etag=prepared.etag.encode(),
        )

    return route(prefix(language) + ARCHIVE, http_method=READ, name=f"archive:{language}")(show)


def _style_route(site: Site) -> HTTPRouteHandler:
    @route("/style/", http_method=READ, name="style")
    async def show(scope: HTTPScope) -> Ready:
        prepared = prepare(render_style(style_page(), site.shelf.frame()))
        headers = _headers(site, "style", "en", prepared)
        return answer(scope, prepared.body, packed=prepared.packed, headers=headers)

    return show


def _made_archive(site: Site, chosen: Filter, language: Language) -> Prepared:
    now = site.clock.now()
    page = archive_page(site.world.listed(), chosen, now=now, language=language)
    return prepare(render_archive(page, site.shelf.frame()), site.shelf.image_origins())


def _headers(site: Site, kind: str, language: Language, prepared: Prepared) -> Headers:
    return page_headers(
        site, kind, language, prepared.image_origins, frame_origins=prepared.frame_origins
    )


def page_headers(
    site: Site,
    kind: str,
    language: Language,
    image_origins: tuple[str, ...],
    *,
    frame_origins: tuple[str, ...] = (),
) -> Headers:
    """Return what a page of this kind is sent with."""
    pays, is_private = kind in PAYING, kind in KEPT_FROM_OTHERS
    headers = {
        b"content-type": b"text/html; charset=utf-8",
        b"cache-control": b"private, no-store" if is_private else b"public, no-cache",
        b"content-security-policy": site.policy.page(
            pays=pays,
            image_origins=image_origins,
            frame_origins=frame_origins,
        ).encode(),
        b"content-language": language.encode(),
    }
    if kind in READ_ON:
        headers[b"speculation-rules"] = f'"{static_base()}/prefetch.speculationrules"'.encode()
    if pays:
        headers[b"cross-origin-opener-policy"] = b"same-origin-allow-popups"
    if is_private:
        headers[b"referrer-policy"] = b"no-referrer"
        headers[b"x-robots-tag"] = b"noindex, nofollow"
    return headers

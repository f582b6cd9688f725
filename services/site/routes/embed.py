"""The widget for other people's pages, and the page that makes its snippet."""

from functools import partial
from urllib.parse import parse_qsl

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import NotFound, Unavailable
from services.site.door.ready import Headers, Ready
from services.site.live.on_demand import OnDemand
from services.site.live.shelf import Prepared, prepare
from services.site.public.cards import campaign_card
from services.site.public.embed import Options, builder, read_options, widget
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.lists import closing_first
from services.site.public.render import render_builder, render_widget
from services.site.public.state import CampaignState
from services.site.routes.answers import READ, answer, moved, proper_address
from services.site.routes.site import Site

WIDGET, BUILDER = "/embed/campaign/", "/embed/"


def embed_routes(site: Site, kept: OnDemand) -> list[HTTPRouteHandler]:
    """Return the widget and its builder in each language."""
    return [
        make(site, kept, language)
        for language in LANGUAGES
        for make in (_widget_route, _builder_route)
    ]


def _widget_route(site: Site, kept: OnDemand, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        elsewhere = proper_address(scope, site)
        if elsewhere:
            return moved(elsewhere)
        asked = _asked(scope)
        state = site.world.state(asked.get("slug", ""))
        if state is None:
            raise NotFound("not_found", "There is no such campaign.")
        options = read_options(asked)
        make = partial(_made_widget, site, state, options, language)
        prepared = kept.get(("widget", state.slug, options, language), make)
        policy = site.policy.widget(image_origins=prepared.image_origins)
        return _sent(scope, prepared, policy, language)

    return route(prefix(language) + WIDGET, http_method=READ, name=f"widget:{language}")(show)


def _builder_route(site: Site, kept: OnDemand, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        elsewhere = proper_address(scope, site)
        if elsewhere:
            return moved(elsewhere)
        if not site.world.is_loaded:
            raise Unavailable("starting", "We are just starting. Try again in a moment.")
        asked = _asked(scope)
        slug = asked.get("slug", "") if site.world.is_public(asked.get("slug", "")) else ""
        options = read_options(asked)
        make = partial(_made_builder, site, slug, options, language)
        prepared = kept.get(("builder", slug, options, language), make)
        policy = site.policy.page(pays=False, frame_origins=("'self'",))
        return _sent(scope, prepared, policy, language)

    return route(prefix(language) + BUILDER, http_method=READ, name=f"builder:{language}")(show)


def _asked(scope: HTTPScope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=64))


def _made_widget(
    site: Site, state: CampaignState, options: Options, language: Language
) -> Prepared:
    card = campaign_card(state, site.clock.now(), language)
    page = widget(card, options, site_base=site.site_base, language=language)
    return prepare(render_widget(page, site.shelf.frame()), site.shelf.image_origins())


def _made_builder(site: Site, slug: str, options: Options, language: Language) -> Prepared:
    states = site.world.listed()
    listed = {state.slug: state.definition.title for state in states}
    state = site.world.state(slug) if slug else None
    if state is not None:
        # One that is not listed can be embedded by whoever knows its address.
        listed[state.slug] = state.definition.title
    campaigns = tuple(sorted(listed.items(), key=lambda pair: pair[1].casefold()))
    chosen = slug or closing_first(states, site.clock.now())
    page = builder(campaigns, chosen, options, site_base=site.site_base, language=language)
    return prepare(render_builder(page, site.shelf.frame()))


def _sent(scope: HTTPScope, prepared: Prepared, policy: str, language: Language) -> Ready:
    headers: Headers = {
        b"content-type": b"text/html; charset=utf-8",
        b"cache-control": b"public, no-cache",
        b"content-security-policy": policy.encode(),
        b"content-language": language.encode(),
        b"cross-origin-resource-policy": b"cross-origin",
        b"x-robots-tag": b"noindex",
    }
    return answer(
        scope,
        prepared.body,
        packed=prepared.packed,
        headers=headers,
        etag=prepared.etag.encode(),
    )

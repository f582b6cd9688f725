"""The Atom feed, in each language."""

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from services.site.door.ready import Ready
from services.site.public.feed import PATH, feed
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.routes.answers import READ, answer
from services.site.routes.site import Site


def feed_routes(site: Site) -> list[HTTPRouteHandler]:
    """Return the feed in each language."""
    return [_route(site, language) for language in LANGUAGES]


def _route(site: Site, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        world = site.world
        body = feed(
            world.listed(),
            world.platform,
            site_base=site.site_base,
            now=site.clock.now(),
            language=language,
        )
        headers = {
            b"content-type": b"application/atom+xml; charset=utf-8",
            b"cache-control": b"public, max-age=300",
            b"content-language": language.encode(),
        }
        return answer(scope, body.encode(), headers=headers)

    return route(prefix(language) + PATH, http_method=READ, name=f"feed:{language}")(show)

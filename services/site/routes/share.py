"""The pictures that go along with a shared link."""

import hashlib

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import NotFound
from services.site.door.ready import Ready
from services.site.live.share_cards import ShareCards
from services.site.public.language import Language
from services.site.routes.answers import READ, answer

SUFFIX = ".png"
HEADERS = {
    b"content-type": b"image/png",
    b"cache-control": b"public, max-age=300",
    b"cross-origin-resource-policy": b"cross-origin",
}


def share_routes(cards: ShareCards) -> list[HTTPRouteHandler]:
    """Return the routes of a campaign's card and of the site's own. `lang=es` is Spanish."""

    @route("/share/campaign/{name:str}", http_method=READ)
    async def campaign(scope: HTTPScope) -> Ready:
        name = str(scope["path_params"]["name"])
        slug = name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else ""
        return await _sent(scope, cards, slug or "-")

    @route(f"/share/site{SUFFIX}", http_method=READ)
    async def own(scope: HTTPScope) -> Ready:
        return await _sent(scope, cards, "")

    return [campaign, own]


async def _sent(scope: HTTPScope, cards: ShareCards, slug: str) -> Ready:
    language: Language = "es" if b"lang=es" in scope["query_string"].split(b"&") else "en"
    png = await cards.get(slug, language)
    if png is None:
        raise NotFound("not_found", "There is no such campaign.")
    etag = f'"{hashlib.sha256(png).hexdigest()[:20]}"'.encode()
    return answer(scope, png, headers=HEADERS, etag=etag)

"""Addresses without a campaign, as others have them for the pages after the card."""

from typing import Any

from litestar import Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.api.checkout import Summary
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.routes.answers import READ
from services.site.routes.results import CANCEL, SUCCESS, Results, looked_up, order_of

# Source: pages 1 and 14.1.
MOVED = {"/pledge-success/": SUCCESS, "/pledge-cancelled/": CANCEL}


def old_routes(results: Results) -> list[HTTPRouteHandler]:
    """Return the old addresses in each language."""
    return [
        _route(results, path, last, language)
        for path, last in MOVED.items()
        for language in LANGUAGES
    ]


def _route(results: Results, path: str, last: str, language: Language) -> HTTPRouteHandler:
    async def show(request: Request[Any, Any, Any]) -> ASGIResponse:
        target = f"{prefix(language)}/"
        found = await looked_up(results, request, "")
        if isinstance(found, Summary) and found.campaigns:
            slug = found.campaigns[0].campaign_slug
            target += f"campaigns/{slug}/{last}/?order={order_of(request)}"
        headers = {"location": target, "cache-control": "private, no-store"}
        return ASGIResponse(status_code=303, headers=headers)

    return route(prefix(language) + path, http_method=READ, name=f"old-{last}:{language}")(show)

"""A working copy as its page would be, for whoever has the link: looked at, and nothing else.

The page is inert by its policy: no script runs and no form leaves it, so nobody pledges to
what is not public. It is drawn anew at every view and kept by nobody.
"""

import asyncio

import msgspec
from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import LinkRefused
from services.site.admin.access import is_secret
from services.site.desks.texts import TextDesk
from services.site.door.ready import Ready
from services.site.public.language import LANGUAGES, Language, catalogue, prefix
from services.site.public.pages import campaign_page
from services.site.public.render import render_campaign
from services.site.publishing.model import CampaignDocument
from services.site.routes.answers import READ, answer
from services.site.routes.site import Site

LINK = b"t="


def preview_routes(site: Site, desk: TextDesk) -> list[HTTPRouteHandler]:
    """Return `GET /campaigns/{slug}/preview/` in each language."""
    return [_route(site, desk, language) for language in LANGUAGES]


def _route(site: Site, desk: TextDesk, language: Language) -> HTTPRouteHandler:
    async def show(scope: HTTPScope) -> Ready:
        query = scope["query_string"]
        token = query.removeprefix(LINK).decode("latin-1") if query.startswith(LINK) else ""
        slug = str(scope["path_params"].get("slug", ""))
        document = await desk.previewed(slug, token) if is_secret(token) else None
        if document is None:
            raise LinkRefused("link_spent", "This link does not work any more.")
        body = await asyncio.to_thread(_drawn, site, document, language)
        # Pictures and films of other houses are shown, and nothing else happens here.
        policy = site.policy.page(pays=False, image_origins=("https:",), frame_origins=("https:",))
        inert = policy.replace("form-action 'self'", "form-action 'none'").replace(
            "script-src 'self'", "script-src 'none'"
        )
        headers = {
            b"content-type": b"text/html; charset=utf-8",
            b"cache-control": b"private, no-store",
            b"content-security-policy": inert.encode(),
            b"referrer-policy": b"no-referrer",
            b"x-robots-tag": b"noindex, nofollow, noarchive",
            b"content-language": language.encode(),
        }
        return answer(scope, body, headers=headers)

    path = f"{prefix(language)}/campaigns/{{slug:str}}/preview/"
    return route(path, http_method=READ, name=f"preview:{language}")(show)


def _drawn(site: Site, document: CampaignDocument, language: Language) -> bytes:
    words = catalogue(language).gettext(
        "A preview: this is not public, and nobody can pledge here. The link works for a day."
    )
    page = campaign_page(
        site.world.as_it_would_be(document), now=site.clock.now(), language=language
    )
    return render_campaign(page, msgspec.structs.replace(site.shelf.frame(), notice=words))

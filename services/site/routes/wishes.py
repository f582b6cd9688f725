"""The page behind the last link of a mail: how things stand, and one button that changes it.

The address is the API's own: whoever wants a page gets it here, and a mail client that
clicks once (RFC 8058) is passed on to notify. A link that is only followed changes nothing.
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from contracts.api.notify import Preference
from contracts.routes import Route
from services.site.asking.asker import Caller
from services.site.asking.wishes import Wishes
from services.site.cart.answers import Refused
from services.site.door.admission import Admission
from services.site.door.forms import read_pairs
from services.site.door.proxy import Page
from services.site.door.upstream import Upstream
from services.site.public import render
from services.site.public.language import LANGUAGES, Language
from services.site.public.wish import WishPage
from services.site.routes.site import Site

NEWS, LAUNCH = "/campaign-email/unsubscribe", "/launch-reminders/unsubscribe"
WISH = Route(method="POST", path=NEWS, owner="notify", access="public", failures_per_minute=60)


class WishPages(msgspec.Struct, frozen=True, kw_only=True):
    """What these pages stand on."""

    site: Site
    wishes: Wishes
    admission: Admission

    async def page(self, request: Request[Any, Any, Any]) -> ASGIResponse | None:
        """Return the page to whoever wants one; None to mail clients and scripts."""
        if "text/html" not in request.headers.get("accept", ""):
            return None
        path = request.scope["path"]
        address = self.site.proxies.client(request.scope)
        await self.admission.require(WISH, request.headers, address)
        caller = Caller(address=address, headers=request.headers)
        token = request.query_params.get("t", "")
        if request.method == "POST":
            wants_it = dict(await read_pairs(request)).get("subscribe") == "1"
            found = await self.wishes.save(path, token, caller, wants_it=wants_it)
        else:
            found = await self.wishes.read(path, token, caller)
        status = found.status if isinstance(found, Refused) else 200
        await self.admission.note(WISH, address, status)
        return self._answer(request, found, status)

    def _answer(
        self, request: Request[Any, Any, Any], found: Preference | Refused, status: int
    ) -> ASGIResponse:
        language = _language(request.query_params.get("l", ""))
        page = WishPage(
            language=language,
            action=f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}",
            is_away=status >= 500,
            preference=None if isinstance(found, Refused) else found,
        )
        return ASGIResponse(
            body=render.render_wish(page, self.site.shelf.frame()),
            status_code=status,
            media_type="text/html",
            headers={
                "cache-control": "private, no-store",
                "content-language": language,
                "content-security-policy": self.site.policy.page(
                    pays=False, image_origins=self.site.shelf.image_origins()
                ),
                "referrer-policy": "no-referrer",
                "x-robots-tag": "noindex, nofollow",
            },
        )


def wish_page(
    site: Site, upstream: Upstream, places: tuple[str, ...], admission: Admission
) -> Page:
    """Return what shows the page, asking notify at every view."""
    wishes = Wishes(upstream, places=places, site_base=site.site_base)
    return WishPages(site=site, wishes=wishes, admission=admission).page


def _language(asked: str) -> Language:
    return next((each for each in LANGUAGES if each == asked), "en")

"""The page of a payment: `/pay/{token}` for people; its data, at the same address, for programs.

The page is the one of all pledges. Its first script takes the token out of the address.
"""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.refusals import Unavailable
from services.site.public.language import Language
from services.site.routes.pages import page_headers
from services.site.routes.site import Site

PATH = "/pay/{token}"
KIND = "manage"


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell whether it is a browser that asks, and not a script of a page."""
    return "text/html" in request.headers.get("accept", "")


def in_english(site: Site, request: Request[Any, Any, Any]) -> ASGIResponse | None:
    """Return the page to whoever wants one; None to whoever wants the data."""
    return pay_page(site, "en") if wants_page(request) else None


def pay_page(site: Site, language: Language) -> ASGIResponse:
    """Return the page. Whose payment it is decides the token alone, which nothing here reads."""
    prepared = site.shelf.get(KIND, language)
    if prepared is None:
        raise Unavailable("starting", "We are just starting. Try again in a moment.")
    headers = page_headers(site, KIND, language, prepared.image_origins)
    return ASGIResponse(
        body=prepared.body,
        headers={name.decode(): value.decode() for name, value in headers.items()},
    )


def spanish_route(site: Site) -> HTTPRouteHandler:
    """Return the page in Spanish, which has no data at its own address."""

    @get("/es/pay/{token:str}", name="pay:es")
    async def show() -> ASGIResponse:
        return pay_page(site, "es")

    return show

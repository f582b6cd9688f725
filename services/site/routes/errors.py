"""Errors for people and for programs: a page where a page was asked for, JSON elsewhere."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response

from contracts.routes import ROUTES
from services.chassis.web import errors
from services.site.door.headers import Policy
from services.site.live.shelf import Shelf
from services.site.public.language import Language

Answer = Callable[[Request[Any, Any, Any], Any], Response[Any]]

PROGRAMS = tuple(
    sorted({f"/{route.path.split('/')[1]}" for route in ROUTES} | {"/live", "/api", "/admin"})
)
DASHBOARD = "/admin"
SERVER_FAULT = 500
HTML = "text/html"
PAGES = (400, 404, 500, 503)
# Forms are sent by people: what is wrong with one is answered in words as well.
FORMS = ("/cart", "/es/cart")
REMINDER = "/remind"


def handlers(shelf: Shelf, policy: Policy) -> dict[Any, Any]:
    """Return the chassis's error handlers, each with a page beside its JSON."""
    return {kind: _with_page(make, shelf, policy) for kind, make in errors.HANDLERS.items()}


def _with_page(make: Answer, shelf: Shelf, policy: Policy) -> Answer:
    def handle(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
        answer = make(request, exc)
        status = answer.status_code or 500
        if not _wants_page(request, status):
            return answer
        language: Language = "es" if request.scope["path"].startswith("/es") else "en"
        known = _page_for(status, request)
        prepared = shelf.get(f"error:{known}", language)
        if prepared is None:
            return answer
        headers = {**answer.headers, "content-security-policy": policy.page(pays=False)}
        return Response(
            prepared.body,
            status_code=status,
            media_type=HTML,
            headers=headers,
        )

    return handle


def _page_for(status: int, request: Request[Any, Any, Any]) -> int:
    if status in (429, 503):
        return 503
    if status in PAGES:
        return status
    if status >= 500:
        return 500
    return 404 if request.method in ("GET", "HEAD") else 400


def _wants_page(request: Request[Any, Any, Any], status: int) -> bool:
    path = request.scope["path"]
    is_program = any(path == root or path.startswith(f"{root}/") for root in PROGRAMS)
    if path == DASHBOARD or path.startswith(f"{DASHBOARD}/"):
        # Scripts ask there as well; what went wrong on our side is said to people on a page.
        is_program = status < SERVER_FAULT
    is_form = path.rstrip("/") in FORMS or path.rstrip("/").endswith(REMINDER)
    is_reading = request.method in ("GET", "HEAD") or is_form
    return is_reading and not is_program and HTML in request.headers.get("accept", "")

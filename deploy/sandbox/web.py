"""Small things every route needs: addresses, JSON and form bodies, redirects, refusals."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from deploy.sandbox.world import World

Web = Request[Any, Any, State]

FORM = "application/x-www-form-urlencoded"


class Bad(Exception):
    """A request of our own routes that cannot be done; `fields` name what was wrong."""

    def __init__(
        self, message: str, *, fields: dict[str, str] | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": "bad_request", "message": message, "fields": fields or {}}


def world_of(request: Web) -> World:
    world: World = request.app.state.world
    return world


def base_url(request: Web) -> str:
    host = request.headers.get("host") or "127.0.0.1"
    return f"{request.scope['scheme']}://{host}"


def json_response(
    content: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def html_response(html: str, *, csp: str, status: int = 200) -> Response[str]:
    return Response(
        html,
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": csp,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


def see_other(location: str) -> Response[str]:
    return Response("", status_code=303, headers={"Location": location})


async def json_body(request: Web) -> dict[str, Any]:
    """Return the JSON object that was sent; an empty body is an empty object."""
    body = await request.body()
    if not body:
        return {}
    is_json = "json" in request.headers.get("content-type", "json")
    if not is_json and request.headers.get("origin") not in (None, base_url(request)):
        # Another site's page may send this without asking first; curl, which names no origin,
        # may leave the content type out.
        raise Bad("The body must be JSON, with its content type.", status=415)
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError as exc:
        raise Bad(f"The body is not valid JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise Bad("The body must be a JSON object.")
    return content


async def form_body(request: Web) -> dict[str, str]:
    """Return a form of our own pages. Another site's page may not send one."""
    origin = request.headers.get("origin")
    if origin not in (None, base_url(request)):
        raise Bad("This form can only be sent from the sandbox's own pages.", status=403)
    body = await request.body()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

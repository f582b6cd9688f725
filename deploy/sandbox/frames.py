"""stripe.js, the frames it opens, and the static files of every page."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from litestar import Response, get
from litestar.params import FromPath

from deploy.sandbox.web import Web, html_response, world_of

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)

# Pages of the platform, wherever it listens on this machine, may open our frames.
_LOOPBACK = (
    "http://127.0.0.1:*",
    "http://localhost:*",
    "https://127.0.0.1:*",
    "https://localhost:*",
)
_FRAMES = {
    "controller": "controller.html",
    "payment": "element.html",
    "challenge": "challenge.html",
}


def page_csp(*more: str, leads_away: bool = False) -> str:
    """Return the policy of our own pages: our files, our forms, nothing else.

    With `leads_away` the answer to a form may redirect to wherever the caller of the API said.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self' data:",
            "form-action *" if leads_away else "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            *more,
        )
    )


@get("/stripe.js")
async def stripe_js() -> Response[str]:
    parts = [path.read_text("utf-8") for path in sorted((_STATIC / "stripe").glob("*.js"))]
    script = '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"
    return Response(
        script,
        media_type=_TYPES[".js"],
        headers={
            "Cache-Control": "no-cache",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@get("/static/{name:str}")
async def static_file(name: FromPath[str]) -> Response[str]:
    path = _STATIC / name
    if path.suffix not in _TYPES or path.parent != _STATIC or not path.is_file():
        return Response("Not found", status_code=404, media_type="text/plain")
    return Response(
        path.read_text("utf-8"),
        media_type=_TYPES[path.suffix],
        headers={
            "Cache-Control": "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@get("/elements/{kind:str}")
async def frame(request: Web, kind: FromPath[str]) -> Response[str]:
    if kind not in _FRAMES:
        return Response("Not found", status_code=404, media_type="text/plain")
    ancestors = " ".join([*_LOOPBACK, world_of(request).settings.site_base]).strip()
    csp = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "font-src data: https: " + " ".join(_LOOPBACK),
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )
    response = html_response(templates.get_template(_FRAMES[kind]).render(), csp=csp)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


HANDLERS = [stripe_js, static_file, frame]

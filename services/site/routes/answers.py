"""Answers made of prepared bytes: compressed when wanted, nothing when unchanged.

Pages and snapshots are most of all requests, and for them building the framework's response
objects costs more than everything else: these are sent as the messages they are.
"""

import re

from litestar.response.base import ASGIResponse
from litestar.types import HTTPScope, Method, Receive, Scope, Send

from services.site.routes.site import Site

WINDOW = "window"
"""The key in a route's `opt`: its handler takes the scope alone, asks nobody, needs no query."""

READ: list[Method] = ["GET", "HEAD"]
ENTITY_TAG = re.compile(rb'(?:W/)?("[^"]*")')
NO_WEIGHT = (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")

Headers = dict[bytes, bytes]


class Ready(ASGIResponse):
    """An answer whose headers and bytes are there already."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        # The base class would parse and copy what is already as it is sent.
        self._status = status
        self._headers = headers
        self._body = body

    def parts(self) -> tuple[int, Headers, bytes]:
        """Return the status, the headers and the bytes."""
        return self._status, self._headers, self._body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = list(self._headers.items())
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def header(scope: HTTPScope, name: bytes) -> bytes:
    """Return the first header of that name, empty when there is none."""
    for found, value in scope["headers"]:
        if found == name:
            return value
    return b""


def is_unchanged(given: bytes, etag: bytes) -> bool:
    """Tell whether `If-None-Match` names this version."""
    return bool(given) and (given.strip() == b"*" or etag in ENTITY_TAG.findall(given))


def takes_gzip(given: bytes) -> bool:
    """Tell whether `Accept-Encoding` takes gzip."""
    for part in given.lower().split(b","):
        name, _, weight = part.strip().partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in NO_WEIGHT
    return False


def answer(
    scope: HTTPScope,
    body: bytes,
    *,
    headers: Headers,
    packed: bytes | None = None,
    etag: bytes | None = None,
) -> Ready:
    """Return the bytes, packed if that is wanted, or 304 when the client has them."""
    sent = dict(headers)
    is_packed = False
    if packed is not None:
        sent[b"vary"] = b"Accept-Encoding"
        is_packed = takes_gzip(header(scope, b"accept-encoding"))
    if etag is not None:
        # A tag names bytes on the wire; the packed ones are others.
        tag = etag[:-1] + b'-gz"' if is_packed else etag
        sent[b"etag"] = tag
        if is_unchanged(header(scope, b"if-none-match"), tag):
            sent.pop(b"content-type", None)
            return Ready(304, sent, b"")
    if is_packed and packed is not None:
        sent[b"content-encoding"] = b"gzip"
        body = packed
    sent[b"content-length"] = str(len(body)).encode()
    return Ready(200, sent, b"" if scope["method"] == "HEAD" else body)


def moved(target: str) -> Ready:
    """Send the browser elsewhere, for good."""
    headers = {
        b"location": target.encode("latin-1"),
        b"content-length": b"0",
        b"cache-control": b"private, no-store",
    }
    return Ready(308, headers, b"")


def proper_address(scope: HTTPScope, site: Site) -> str:
    """Return where this page really is: with its slash, under the name that links use."""
    raw = scope["raw_path"].partition(b"?")[0]
    query = scope["query_string"]
    is_person = b"text/html" in header(scope, b"accept")
    host = header(scope, b"host").decode("latin-1").lower()
    base = site.site_base if is_person and site.hosts.is_other_name(host) else ""
    if raw.endswith(b"/") and not base:
        return ""
    path = raw if raw.endswith(b"/") else raw + b"/"
    return base + (path + (b"?" + query if query else b"")).decode("latin-1")

"""Answers made of prepared bytes: compressed when wanted, nothing when unchanged."""

import re

from litestar.types import HTTPScope, Method

from services.site.door.ready import Headers, Ready, header
from services.site.routes.site import Site

READ: list[Method] = ["GET", "HEAD"]
ENTITY_TAG = re.compile(rb'(?:W/)?("[^"]*")')
NO_WEIGHT = (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")


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

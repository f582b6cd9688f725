"""Answers made of prepared bytes: compressed when wanted, nothing when unchanged."""

import re
from typing import Any

from litestar import Request
from litestar.response.base import ASGIResponse

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


def is_unchanged(request: Request[Any, Any, Any], etag: str) -> bool:
    """Tell whether the client has this version already."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or etag in ENTITY_TAG.findall(given)


def takes_gzip(request: Request[Any, Any, Any]) -> bool:
    """Tell whether the client reads gzip."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def answer(
    request: Request[Any, Any, Any],
    body: bytes,
    *,
    media_type: str,
    headers: dict[str, str],
    packed: bytes | None = None,
    etag: str | None = None,
    status: int = 200,
) -> ASGIResponse:
    """Return the bytes, or 304 when the client has them."""
    sent = dict(headers)
    if packed is not None:
        sent["vary"] = "Accept-Encoding"
    if etag is not None:
        is_packed = packed is not None and takes_gzip(request)
        # A tag names bytes on the wire; the packed ones are others.
        tag = f'{etag[:-1]}-gz"' if is_packed else etag
        sent["etag"] = tag
        if status == 200 and is_unchanged(request, tag):
            return ASGIResponse(status_code=304, headers=sent)
    if packed is not None and takes_gzip(request):
        body = packed
        sent["content-encoding"] = "gzip"
    sent["content-type"] = media_type
    sent["content-length"] = str(len(body))
    is_head = request.method == "HEAD"
    return ASGIResponse(
        status_code=status,
        headers=sent,
        body=b"" if is_head else body,
        is_head_response=is_head,
    )

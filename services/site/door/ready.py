"""Answers that lie ready, sent as the messages they are.

Pages and snapshots are most of all requests, and for them building the framework's response
objects costs more than everything else.
"""

from litestar.response.base import ASGIResponse
from litestar.types import HTTPScope, Receive, Scope, Send

WINDOW = "window"
"""The key in a route's `opt`: its handler takes the scope alone, asks nobody, needs no query."""

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

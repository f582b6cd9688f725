"""HTTP at the socket: heads bounded in size and time, refusals in the one error shape.

uvicorn reads a head of any length for any time before it asks anybody, and answers what
it cannot parse with a line of plain text and no header of ours.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 10.0
NO_REQUEST = (400, "invalid_request", "This is not a request in HTTP.")
TOO_LARGE = (431, "headers_too_large", "The request's headers are too large.")
TOO_SLOW = (408, "request_too_slow", "The request took too long to arrive.")

HSTS = "max-age=31536000; includeSubDomains"
SAFE_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), "
    'payment=(self "https://js.stripe.com")',
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""What an answer carries that says nothing else. Source: reliability 5.1, S-1 and S-2."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with an end to every head."""

    def __init__(
        self,
        *arguments: Any,
        is_https: bool,
        head_seconds: float = HEAD_SECONDS,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self._is_https = is_https
        self._head_seconds = head_seconds
        self._is_in_head = False
        self._head_bytes = 0
        self._head_limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the limit of a head nobody will send."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this head has no end."""
        was_in_head = self._is_in_head
        super().data_received(data)
        # The part in which a head begins may hold much else, and is no larger than one read.
        if was_in_head and self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(TOO_LARGE)
        # Nearly every head arrives whole, and needs no limit to what is over.
        if self._is_in_head and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        """Count a head from its first byte."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Pass the request on: from here on its body has limits of its own."""
        self._end_head()
        self._is_in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request in the shape of every other refusal."""
        self._refuse(NO_REQUEST)

    def _await_head(self) -> None:
        if self._head_limit is None:
            self._head_limit = self.loop.call_later(self._head_seconds, self._give_up)

    def _end_head(self) -> None:
        if self._head_limit is not None:
            self._head_limit.cancel()
            self._head_limit = None

    def _give_up(self) -> None:
        """End a connection that says nothing, or says it too slowly."""
        self._head_limit = None
        if self._is_in_head:
            self._refuse(TOO_SLOW)
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, refusal: tuple[int, str, str]) -> None:
        if self.transport.is_closing():
            return
        status, reason, message = refusal
        body = msgspec.json.encode({"error": reason, "message": message})
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            "cache-control": "private, no-store",
            **SAFE_HEADERS,
        }
        if self._is_https:
            headers["strict-transport-security"] = HSTS
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[status] + f"{lines}\r\n".encode() + body)
        self.transport.close()

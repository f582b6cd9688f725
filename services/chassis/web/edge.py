"""The outermost layer of every service: who may come in, and what is noted about it."""

import hmac
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from services.chassis.process import telemetry, tracing
from services.chassis.process.request_log import requests

OPEN_PATHS = ("/livez", "/readyz", "/metrics")


class Edge:
    """Checks the gateway's secret, carries the request id, times and logs each request.

    Without `gateway_secret` everybody may come in: that is the gateway itself.
    """

    def __init__(self, app: ASGIApp, *, gateway_secret: bytes | None) -> None:
        self._app = app
        self._secret = gateway_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404 to strangers; pass everybody else on and note the outcome."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = telemetry.correlation_or_new(
            headers.get(b"x-request-id", b"").decode("latin-1")
        )
        if not self._may_enter(scope["path"], headers):
            await _not_found(send, request_id)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                raw: list[Any] = list(message.get("headers", []))
                message["headers"] = [*raw, (b"x-request-id", request_id.encode())]
            await send(message)

        # A stranger's word for a trace is not taken: before the gateway there is none of ours.
        came_with = None if self._secret is None else _texts(headers)
        try:
            with tracing.span(f"{scope['method']}", "server", came_with=came_with) as begun:
                await self._app(scope, receive, noting)
                route = str(scope.get("path_template") or "unmatched")
                begun.update_name(f"{scope['method']} {route}")
                begun.set_attribute("http.route", route)
                begun.set_attribute("http.response.status_code", status)
        finally:
            note(scope, status, time.perf_counter() - started, request_id)

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if self._secret is None or path in OPEN_PATHS:
            return True
        return hmac.compare_digest(headers.get(b"x-pool-gateway", b""), self._secret)


def note(scope: HTTPScope, status: int, seconds: float, request_id: str) -> None:
    """Count an answer and say so in the log. Health checks are not worth a line."""
    if scope["path"] in OPEN_PATHS:
        return
    route = str(scope.get("path_template") or "unmatched")
    requests.note(str(scope["method"]), route, status, seconds, request_id)


def _texts(headers: dict[bytes, bytes]) -> dict[str, str]:
    """Return the header that a trace goes by, as text."""
    name = tracing.HEADER.encode()
    return {tracing.HEADER: headers[name].decode("latin-1")} if name in headers else {}


async def _not_found(send: Send, request_id: str) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 404,
            "headers": [
                (b"content-type", b"application/json"),
                (b"x-request-id", request_id.encode()),
            ],
        }
    )
    await send(
        {
            "type": "http.response.body",
            "body": b'{"error":"not_found","message":"There is nothing here."}',
            "more_body": False,
        }
    )

"""Who may ask: origins of browsers, the operator's secret, and failures per address."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from contracts.refusals import NotAuthenticated, NotYours, Refusal, TooMany
from contracts.routes import Route
from services.chassis.process.settings import Secret
from services.chassis.web.addresses import limited_as
from services.chassis.web.limiter import Limiter

BEARER = "bearer "
RETRY_SECONDS = 60
TOO_MANY = 429
SERVER_FAULT = 500
CLIENT_FAULT = 400


class Admission:
    """Decides before anything is passed on."""

    def __init__(self, *, site_base: str, admin_secret: Secret, limiter: Limiter) -> None:
        self._origin = origin_of(site_base)
        self._admin_digest = hashlib.sha256(admin_secret.bytes()).digest()
        self._has_secret = bool(admin_secret)
        self._limiter = limiter

    async def require(self, route: Route, headers: Mapping[str, str], client: str) -> None:
        """Raise a refusal unless this client may use this route now."""
        limit = route.failures_per_minute
        if limit is not None and await self._limiter.is_spent(_key(route, client), limit):
            raise _too_many()
        try:
            self._require_right(route, headers)
        except Refusal as refusal:
            await self.note(route, client, refusal.status)
            raise

    async def note(self, route: Route, client: str, status: int) -> None:
        """Count an answer that was the client's fault. Successes cost nothing.

        Raises `TooMany` in place of a failure beyond the limit: whoever asks many times at
        once was let in before any of it was counted, and learns no more than one by one.
        """
        limit = route.failures_per_minute
        if limit is None or not CLIENT_FAULT <= status < SERVER_FAULT or status == TOO_MANY:
            return
        if not await self._limiter.spend(_key(route, client), limit):
            raise _too_many()

    def _require_right(self, route: Route, headers: Mapping[str, str]) -> None:
        if route.access == "admin" and not self.is_operator(headers.get("authorization", "")):
            raise NotAuthenticated("unauthorized", "The operator's secret is needed.")
        if route.access == "browser" and not self._is_ours(headers):
            raise NotYours("foreign_origin", "This can only be done from our own pages.")

    def is_operator(self, authorization: str) -> bool:
        """Tell whether a header carries the operator's secret, in the same time for any."""
        is_bearer = authorization[: len(BEARER)].lower() == BEARER
        given = authorization[len(BEARER) :].strip() if is_bearer else ""
        digest = hashlib.sha256(given.encode()).digest()
        return hmac.compare_digest(digest, self._admin_digest) and self._has_secret

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        given = headers.get("origin")
        if given is None:
            given = origin_of(headers.get("referer", ""))
        return given == self._origin


def _too_many() -> TooMany:
    return TooMany(
        "too_many_requests",
        "Too many requests that failed. Wait a minute.",
        retry_after_seconds=RETRY_SECONDS,
    )


def origin_of(address: str) -> str:
    """Return scheme, host and port as a browser writes them; empty when it is no address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default = port in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"


def _key(route: Route, client: str) -> str:
    return f"failures:{route.method} {route.path}:{limited_as(client)}"

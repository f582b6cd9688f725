"""Passing requests on: one pooled session, bytes untouched, every wait bounded."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import msgspec
from yarl import URL

from contracts.refusals import Refusal, Unavailable
from services.chassis.process import telemetry, tracing

if TYPE_CHECKING:
    from aiohttp.client import _RequestContextManager

log = telemetry.logger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 1.0
ANSWER_BYTES_MAX = 16 * 1024 * 1024
CONNECTIONS_MAX = 256
# Shorter than the services keep a connection open, so that we never use one they just closed.
IDLE_SECONDS = 15
BUSY_RETRY_SECONDS = 2

PASSED_ON = frozenset(
    {
        *("accept", "accept-language", "authorization", "content-type", "idempotency-key"),
        *("if-none-match", "origin", "referer", "stripe-signature", "user-agent", "traceparent"),
        # Resend signs with all three.
        *("svix-id", "svix-timestamp", "svix-signature"),
    }
)
PASSED_BACK = frozenset(
    {
        *("allow", "cache-control", "content-disposition", "content-type", "etag", "location"),
        *("last-modified", "retry-after", "vary", "www-authenticate"),
    }
)
"""Everything else is about one hop, or nobody's business on the other side."""

NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
CONNECTION_FAULTS = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)


class UpstreamTimeout(Refusal):
    """The owner did not answer within its budget. What became of it is not known."""

    status = 504


class Answer(msgspec.Struct, frozen=True):
    """What the owner said."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Flow(msgspec.Struct, frozen=True):
    """What the owner begins to say; whoever takes it reads `parts` to the end."""

    status: int
    headers: tuple[tuple[str, str], ...]
    parts: AsyncIterator[bytes]


class Upstream:
    """The services behind the gateway."""

    def __init__(self, *, gateway_secret: str) -> None:
        self._secret = gateway_secret
        self._session: aiohttp.ClientSession | None = None
        self._in_flight = 0
        self._turns = itertools.count()

    async def ask(
        self,
        method: str,
        places: Sequence[str],
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        client: str,
        timeout_seconds: float,
    ) -> Answer:
        """Return the answer of one of an owner's `places`, which are asked in turn.

        A place that nothing could be sent to is passed over. What broke off is asked once
        more if that does no harm: a GET, and whatever carries an `Idempotency-Key`.

        Raises `Unavailable` when the owner cannot be reached, `UpstreamTimeout` when it
        does not answer in time.
        """
        sent = self._headers(headers, client)

        async def once(place: str) -> Answer:
            return await self._once(method, place + target, sent, body)

        repeats_left = 1 if method == "GET" or "idempotency-key" in map(str.lower, sent) else 0
        return await self._bounded(places, once, repeats_left, timeout_seconds=timeout_seconds)

    async def flow(
        self,
        places: Sequence[str],
        target: str,
        *,
        headers: Mapping[str, str],
        client: str,
        timeout_seconds: float,
    ) -> Flow:
        """Return the answer to a GET as it comes, however long it is.

        It must begin in time, and so must each part of it; one that does not ends the
        answer in the middle, which its reader notices. Refused like `ask`.
        """
        sent = self._headers(headers, client)

        async def once(place: str) -> Flow:
            response = await self._request("GET", place + target, sent, b"")
            passed_back = _passed_back(response.headers.items())
            return Flow(response.status, passed_back, self._parts(response, timeout_seconds))

        return await self._bounded(places, once, 1, timeout_seconds=timeout_seconds)

    async def _parts(
        self, response: aiohttp.ClientResponse, timeout_seconds: float
    ) -> AsyncIterator[bytes]:
        # Counted like any other request for as long as it is read.
        self._in_flight += 1
        try:
            while True:
                async with asyncio.timeout(timeout_seconds):
                    part = await response.content.readany()
                if not part:
                    return
                yield part
        finally:
            self._in_flight -= 1
            # Whoever stops in the middle does not keep the owner writing.
            response.close()

    async def _bounded(
        self,
        places: Sequence[str],
        once: Callable[[str], Awaitable[T]],
        repeats_left: int,
        *,
        timeout_seconds: float,
    ) -> T:
        if self._in_flight >= CONNECTIONS_MAX:
            raise Unavailable("busy", "We are busy for a moment. Nothing was changed.")
        self._in_flight += 1
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._somewhere(places, once, repeats_left)
        except TimeoutError as exc:
            log.warning("upstream_timeout", owner=URL(places[0]).origin().human_repr())
            raise UpstreamTimeout(
                "upstream_timeout", "This took too long. Look again before you repeat it."
            ) from exc
        except CONNECTION_FAULTS as exc:
            log.warning("upstream_away", error=type(exc).__name__)
            raise Unavailable(
                "unavailable",
                "A part of the platform is away for a moment. Trying again is safe.",
                retry_after_seconds=BUSY_RETRY_SECONDS,
            ) from exc
        finally:
            self._in_flight -= 1

    async def _somewhere(
        self, places: Sequence[str], once: Callable[[str], Awaitable[T]], repeats_left: int
    ) -> T:
        first = next(self._turns) % len(places)
        fault: Exception = ConnectionError()
        # The first once more at the end: it may have been the only one.
        for place in (*places[first:], *places[:first], places[first]):
            try:
                return await once(place)
            except NEVER_SENT as exc:
                fault = exc
            except CONNECTION_FAULTS as exc:
                fault = exc
                if not repeats_left:
                    break
                repeats_left -= 1
        raise fault

    async def _once(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        async with self._request(method, url, headers, body) as response:
            parts: list[bytes] = []
            size = 0
            async for part in response.content.iter_any():
                size += len(part)
                if size > ANSWER_BYTES_MAX:
                    raise aiohttp.ClientPayloadError("the answer is too large")
                parts.append(part)
            return Answer(response.status, _passed_back(response.headers.items()), b"".join(parts))

    def _request(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> "_RequestContextManager":
        return self._open().request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body if method == "POST" else None,
            allow_redirects=False,
        )

    def _open(self) -> aiohttp.ClientSession:
        """Return the session; it belongs to the running loop, so it is made at first use."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=30
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
                trust_env=False,
            )
        return self._session

    def _headers(self, given: Mapping[str, str], client: str) -> dict[str, str]:
        """Build the headers anew from those we know: nothing forged gets through."""
        return {
            **{name: value for name, value in given.items() if name.lower() in PASSED_ON},
            "x-pool-gateway": self._secret,
            "x-pool-client": client,
            "x-request-id": telemetry.correlation.get(),
            **tracing.carried(),
        }

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()


def _passed_back(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() in PASSED_BACK)

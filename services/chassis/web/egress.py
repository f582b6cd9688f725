"""Requests of ours to the world outside: to addresses we know, within a budget, no further.

Nothing a user sends is ever fetched. A host is one of those the service was configured
with, an answer's redirect is not followed, and a public name that resolves to a private
address is not connected to. Source: reliability 5.5, S-41.
"""

import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

ANSWER_BYTES_MAX = 256 * 1024
CONNECT_SECONDS = 3.0
CONNECTIONS_MAX = 8

FAULTS = (aiohttp.ClientError, OSError, TimeoutError)
"""What says that there was no answer, or none worth reading."""


class Answer:
    """What the other side said."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body


class Egress:
    """One pooled client for the addresses it was made with."""

    def __init__(self, *bases: str) -> None:
        self._origins = frozenset(URL(base).origin() for base in bases)
        self._session: aiohttp.ClientSession | None = None

    async def post_form(
        self, url: str, form: Mapping[str, str], *, within_seconds: float
    ) -> Answer:
        """Post a form and return the answer. Raises one of `FAULTS` when there is none."""
        target = URL(url)
        assert target.origin() in self._origins, "an address nobody configured"
        async with self._open().post(
            target,
            data=dict(form),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=within_seconds, sock_connect=CONNECT_SECONDS),
        ) as response:
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > ANSWER_BYTES_MAX:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            return Answer(response.status, bytes(body))

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session; it belongs to the running loop, so it is made at first use."""
        if self._session is None:
            public = {str(origin.host) for origin in self._origins if origin.scheme == "https"}
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS_MAX, resolver=PublicResolver(public), ttl_dns_cache=60
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


class PublicResolver(AbstractResolver):
    """Resolves names; of those that must be public, public addresses only."""

    def __init__(self, public: Iterable[str]) -> None:
        self._public = frozenset(public)
        self._system: Any = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a host's addresses; raises `OSError` when none may be used."""
        found: list[ResolveResult] = await self._system.resolve(host, port, family)
        if host in self._public:
            found = [each for each in found if ip_address(each["host"]).is_global]
        if not found:
            raise OSError(f"{host} has no public address")
        return found

    async def close(self) -> None:
        """Give up what the system's resolver holds."""
        await self._system.close()

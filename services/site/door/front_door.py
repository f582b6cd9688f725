"""The first look at every request: hosts, sizes, odd paths, and who may see our health."""

import re
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from contracts.refusals import InputRefused, NotFound, Refusal
from services.chassis.web.edge import OPEN_PATHS
from services.site.door.addresses import FORWARDED, is_loopback, is_private, peer_of

URL_BYTES_MAX = 4 * 1024
HEADER_BYTES_MAX = 16 * 1024
PARAMETERS_MAX = 64
LENGTHS = (b"content-length", b"transfer-encoding")
ODD_PATH = re.compile(rb"//|\\|%(?:2f|5c|00)|(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
LOOPBACK_NAME = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


class UrlTooLong(Refusal):
    """The address is longer than any of ours."""

    status = 414


class HeadersTooLarge(Refusal):
    """The headers are larger than any honest browser's."""

    status = 431


class FrontDoor:
    """Refuses what no browser of ours sends, before anything else reads it."""

    def __init__(self, app: ASGIApp, *, hosts: "Hosts") -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or raise the refusal that answers it."""
        if scope["type"] == ScopeType.HTTP:
            _require_modest(scope)
            if scope["path"] in OPEN_PATHS:
                self._hosts.require_insider(scope)
            else:
                self._hosts.require_known(scope)
            if ODD_PATH.search(scope["raw_path"].partition(b"?")[0]):
                raise NotFound("not_found", "There is nothing here.")
        await self._app(scope, receive, send)


class Hosts:
    """The names this site answers to."""

    def __init__(self, *, site_base: str, allowed: str) -> None:
        own = urlsplit(site_base)
        self._public = own.netloc.lower()
        self._public_alone = [self._public.encode("latin-1")]
        self._names = {self._public, *(each.strip().lower() for each in allowed.split(","))} - {""}
        self._is_local = is_loopback(own.hostname or "") or own.hostname == "localhost"

    def require_known(self, scope: HTTPScope) -> None:
        """Refuse a host that is not ours: links and caches must not learn a stranger's name."""
        host = _host(scope)
        if host in self._names:
            return
        if self.is_other_name(host):
            return
        raise InputRefused("bad_host", "This site does not answer to that name.")

    def is_public_name(self, scope: HTTPScope) -> bool:
        """Tell whether a request names the one host that pages and links do, and names it once."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        return found == self._public_alone

    def is_other_name(self, host: str) -> bool:
        """Tell whether a host is another name of the machine this site runs on for one person.

        Pages send such a browser to the proper name: what it asks from elsewhere would be
        refused as a stranger's.
        """
        return self._is_local and host != self._public and bool(LOOPBACK_NAME.fullmatch(host))

    def require_insider(self, scope: HTTPScope) -> None:
        """Show health to probes and operators only, never to the public.

        A probe comes from this machine, or from a private network and by another name than
        the public one. Whoever comes through a proxy is a visitor.
        """
        peer = peer_of(scope)
        came_by_proxy = any(name in FORWARDED for name, _ in scope["headers"])
        is_insider = is_loopback(peer) or (is_private(peer) and _host(scope) != self._public)
        if came_by_proxy or not is_insider:
            raise NotFound("not_found", "There is nothing here.")


def _host(scope: HTTPScope) -> str:
    found = [value for name, value in scope["headers"] if name == b"host"]
    if len(found) != 1:
        raise InputRefused("bad_host", "A request names its host once.")
    return found[0].decode("latin-1").strip().lower()


def is_modest(scope: HTTPScope) -> bool:
    """Tell whether a read without a query is small and has no body: one look for many."""
    size = len(scope["raw_path"])
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in LENGTHS:
            return False
    return size <= URL_BYTES_MAX


def _require_modest(scope: HTTPScope) -> None:
    query = scope["query_string"]
    if len(scope["raw_path"]) + len(query) > URL_BYTES_MAX:
        raise UrlTooLong("url_too_long", "The address is too long.")
    if query.count(b"&") >= PARAMETERS_MAX:
        raise InputRefused("too_many_parameters", "The address has too many parameters.")
    names = [name for name, _ in scope["headers"]]
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES_MAX:
        raise HeadersTooLarge("headers_too_large", "The request's headers are too large.")
    # Two ways to say how long a body is are how requests are smuggled.
    if names.count(b"content-length") > 1 or (
        b"content-length" in names and b"transfer-encoding" in names
    ):
        raise InputRefused("invalid_request", "The length of the body is ambiguous.")

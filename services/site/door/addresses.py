"""Who is asking: the address a request came from, as far as it can be believed."""

from ipaddress import ip_network

from litestar.types import HTTPScope

from services.chassis.web.addresses import parsed

LOOPBACK = "127.0.0.1"
FORWARDED = (b"x-forwarded-for", b"forwarded")


class Proxies:
    """The hops whose word about the client is taken. Nobody's, unless the operator says so."""

    def __init__(self, named: str) -> None:
        """Take addresses and networks with commas. Raises `ValueError` for anything else."""
        self._networks = [
            ip_network(each.strip(), strict=False) for each in named.split(",") if each.strip()
        ]

    def client(self, scope: HTTPScope) -> str:
        """Return the rightmost hop that is no proxy of ours."""
        peer = peer_of(scope)
        if not self._is_trusted(peer):
            return peer
        for header in reversed(_hops(scope)):
            if not self._is_trusted(header):
                return header if parsed(header) else peer
        return peer

    def _is_trusted(self, address: str) -> bool:
        found = parsed(address)
        return found is not None and any(found in network for network in self._networks)


def peer_of(scope: HTTPScope) -> str:
    """Return the other end of the connection."""
    client = scope.get("client")
    return client[0] if client else LOOPBACK


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine."""
    found = parsed(address)
    return found is not None and found.is_loopback


def is_private(address: str) -> bool:
    """Tell whether an address is of a network that is not the internet."""
    found = parsed(address)
    return found is not None and found.is_private


def _hops(scope: HTTPScope) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for value in values for hop in value.decode("latin-1").split(",")]

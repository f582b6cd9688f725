"""Addresses of clients, as limits count them."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address


def parsed(address: str) -> Address | None:
    """Return an address, or None for anything else."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    # Dual-stack sockets show IPv4 clients as ::ffff:192.0.2.1.
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def limited_as(address: str) -> str:
    """Return what a limit counts by: one household of IPv6 is a whole /64."""
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False).network_address)
    return address

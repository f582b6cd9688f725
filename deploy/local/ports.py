"""Ports: free ones, chosen once and kept, all on the loopback address."""

import contextlib
import random
import socket
import sys
from collections.abc import Iterable, Sequence

from deploy.local.layout import DataDir, read_json, write_json

HOST = "127.0.0.1"
SITE_PORT = 8000
# Below the range systems hand out for outgoing connections, so that nobody's
# connection sits on our port when a stopped stack comes back.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS_MAX = 200


class PortTaken(Exception):
    """The port that was asked for belongs to somebody else."""


def is_free(port: int) -> bool:
    """Return whether a server could listen there now."""
    return _binds(port, is_shared=True)


def free_port() -> int:
    """Return a port of ours that nobody has or had a moment ago.

    Raises `PortTaken` when there is none.
    """
    for _ in range(ATTEMPTS_MAX):
        port = random.randint(LOWEST, HIGHEST)
        if _binds(port, is_shared=False):
            return port
    raise PortTaken(f"No free port between {LOWEST} and {HIGHEST} was found.")


def hold(ports: Iterable[int]) -> list[socket.socket]:
    """Keep ports until the sockets are closed: for our servers, which share addresses.

    Between the choice and a server's start lie seconds. Meanwhile another stack finds such
    a port taken, and no outgoing connection is given it. Only Linux lets a server listen
    beside us; elsewhere nothing is held.
    """
    if sys.platform != "linux":
        return []
    held = []
    for port in ports:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # Gone already: its server will say so.
            holder.bind((HOST, port))
        held.append(holder)
    return held


def _binds(port: int, *, is_shared: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if is_shared:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(data: DataDir, names: Sequence[str], site_port: int | None) -> dict[str, int]:
    """Return a free port for each name: last time's where still free, else a new one.

    The site's port is the one asked for, or last time's, or the first free from 8000 on.
    Raises `PortTaken` only for a port that was asked for.
    """
    kept = {
        name: port
        for name, port in read_json(data.file("ports.json")).items()
        if isinstance(port, int) and is_free(port)
    }
    chosen: dict[str, int] = {}
    if "site" in names:
        chosen["site"] = _site_port(site_port, kept.get("site"))
    for name in names:
        if name in chosen:
            continue
        port = kept.get(name)
        chosen[name] = port if port and port not in chosen.values() else _free_port(chosen)
    write_json(data.file("ports.json"), {**kept, **chosen})
    return chosen


def _site_port(wanted: int | None, kept: int | None) -> int:
    if wanted is not None:
        if not is_free(wanted):
            raise PortTaken(f"Port {wanted} is taken. Name another one with --port.")
        return wanted
    if kept is not None:
        return kept
    for port in range(SITE_PORT, SITE_PORT + ATTEMPTS_MAX):
        if is_free(port):
            return port
    raise PortTaken(f"No port from {SITE_PORT} on is free. Name one with --port.")


def _free_port(chosen: dict[str, int]) -> int:
    while (port := free_port()) in chosen.values():
        pass
    return port

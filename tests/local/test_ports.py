"""Ports are kept while they are free, and only the one asked for is insisted on."""

import contextlib
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.layout import DataDir
from deploy.local.ports import HOST, PortTaken, choose, hold, is_free

NAMES = ("postgres", "nats", "site")


@contextmanager
def _listener(port: int = 0) -> Iterator[int]:
    with socket.create_server((HOST, port)) as server:
        yield server.getsockname()[1]


def test_ports_are_kept_from_one_start_to_the_next(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    first = choose(data, NAMES, None)

    assert choose(data, NAMES, None) == first
    assert len(set(first.values())) == len(NAMES)


def test_a_port_somebody_else_took_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    first = choose(data, NAMES, None)

    with _listener(first["nats"]):
        second = choose(data, NAMES, None)

    assert second["nats"] != first["nats"]
    assert (second["postgres"], second["site"]) == (first["postgres"], first["site"])


def test_a_port_that_was_asked_for_is_used_or_refused(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    with _listener() as taken, pytest.raises(PortTaken, match=str(taken)):
        choose(data, NAMES, taken)

    assert choose(data, NAMES, taken)["site"] == taken


def test_a_listening_port_is_not_free() -> None:
    with _listener() as port:
        assert not is_free(port)
    assert is_free(port)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a server cannot join us")
def test_a_held_port_is_our_servers_and_nobody_elses(tmp_path: Path) -> None:
    ours = choose(DataDir(tmp_path), NAMES, None)["nats"]
    (holder,) = hold([ours])

    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((HOST, ours))
    with _listener(ours):
        assert not is_free(ours)
    holder.close()
    with socket.socket() as stranger:
        stranger.bind((HOST, ours))


def test_a_port_that_is_lost_meanwhile_does_not_stop_the_others_from_being_held() -> None:
    with _listener() as lost, contextlib.ExitStack() as held:
        for holder in hold([lost]):
            held.enter_context(holder)
    assert is_free(lost)

"""A head of a request ends soon, in bytes and in seconds, or the connection does."""

import functools
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from services.chassis.web.protocol import HEAD_BYTES_MAX, HSTS, SAFE_HEADERS, BoundedProtocol
from tests.hostile import wire
from tests.hostile.wire import Answer

HEAD_SECONDS = 0.3


async def _echo(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def, type-arg]
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    headers = [(b"content-length", b"%d" % len(str(size)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    protocol = functools.partial(BoundedProtocol, is_https=True, head_seconds=HEAD_SECONDS)
    config = uvicorn.Config(
        _echo, host="127.0.0.1", port=0, http=protocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def _line(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def _said(port: int, *parts: bytes, pause: float = 0.0) -> Answer:
    with _line(port) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(pause)
        return wire.read_answer(line)


def test_a_head_that_does_not_end_in_time_is_refused(port: int) -> None:
    answer = _said(port, b"GET / HTTP/1.1\r\nX-A: ")

    assert (answer.status, answer.error) == (408, "request_too_slow")
    assert answer.headers["connection"] == "close"


def test_a_head_that_drips_is_refused_all_the_same(port: int) -> None:
    with _line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        line.settimeout(0.05)
        while time.monotonic() - began < 5:
            line.sendall(b"X-A: b\r\n")
            try:
                heard = line.recv(4096)
            except TimeoutError:
                continue
            break

    assert b" 408 " in heard.split(b"\r\n")[0]
    assert time.monotonic() - began < HEAD_SECONDS * 4


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    with _line(port) as line:
        assert line.recv(1) == b""


def test_a_head_without_end_is_refused_while_it_arrives(port: int) -> None:
    with _line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX-A: ")
        time.sleep(0.05)
        line.sendall(b"a" * (HEAD_BYTES_MAX + 1))

        answer = wire.read_answer(line)

    assert (answer.status, answer.error) == (431, "headers_too_large")


def test_a_slow_body_is_not_a_slow_head(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"

    answer = _said(port, head, b"ab", b"cd", pause=HEAD_SECONDS)

    assert (answer.status, answer.body) == (200, b"4")


def test_large_bodies_and_the_heads_behind_them_are_no_large_heads(port: int) -> None:
    body = b"x" * (4 * HEAD_BYTES_MAX)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)

    with _line(port) as line:
        answers = []
        for _ in range(3):
            line.sendall(head + body)
            answers.append(wire.read_answer(line))
        line.sendall(head + body + b"GET / HT")
        answers.append(wire.read_answer(line))
        line.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
        answers.append(wire.read_answer(line))

    assert [answer.status for answer in answers] == [200] * 5


def test_what_is_no_request_is_refused_with_every_header(port: int) -> None:
    answer = _said(port, b"\x16\x03\x01 hello\r\n\r\n")

    assert (answer.status, answer.error) == (400, "invalid_request")
    assert answer.headers["strict-transport-security"] == HSTS
    assert answer.headers["cache-control"] == "private, no-store"
    assert SAFE_HEADERS.items() <= answer.headers.items()
    assert "server" not in answer.headers

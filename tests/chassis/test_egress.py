"""Our requests to the outside: only where we were told, no redirect, no private address."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.chassis.web.egress import ANSWER_BYTES_MAX, FAULTS, Egress, PublicResolver

ANSWERS = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "/huge": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (ANSWER_BYTES_MAX + 1)
    + b"x" * (ANSWER_BYTES_MAX + 1),
}


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server that answers by path, and to `/silent` never."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        if path in ANSWERS:
            writer.write(ANSWERS[path])
            await writer.drain()
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture
async def egress(address: str) -> AsyncIterator[Egress]:
    opened = Egress(address)
    yield opened
    await opened.close()


async def test_an_answer_is_read(egress: Egress, address: str) -> None:
    answer = await egress.post_form(f"{address}/ok", {"a": "b"}, within_seconds=5)

    assert (answer.status, answer.body) == (200, b"hi")


async def test_a_redirect_is_an_answer_and_is_not_followed(egress: Egress, address: str) -> None:
    answer = await egress.post_form(f"{address}/moved", {}, within_seconds=5)

    assert answer.status == 302


@pytest.mark.parametrize("path", ["/huge", "/silent"])
async def test_too_much_and_too_late_are_no_answer(egress: Egress, address: str, path: str) -> None:
    with pytest.raises(FAULTS):
        await egress.post_form(f"{address}{path}", {}, within_seconds=1)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/ok", "https://example.org/", "http://localhost/"]
)
async def test_an_address_nobody_configured_is_a_bug(egress: Egress, url: str) -> None:
    with pytest.raises(AssertionError):
        await egress.post_form(url, {}, within_seconds=1)


async def test_a_public_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    resolver = PublicResolver({"localhost"})

    with pytest.raises(OSError, match="no public address"):
        await resolver.resolve("localhost", 443)
    # A name that may be private, as the sandbox's in containers.
    assert await PublicResolver(set()).resolve("localhost", 80)
    await resolver.close()

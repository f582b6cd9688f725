"""The proxy does to bytes what it is told, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from deploy.chaos.proxy import HOST, Direction, Faults, Proxy


@dataclass
class Line:
    """A client of an echo server, with the proxy in between."""

    proxy: Proxy
    port: int
    heard: list[bytes]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.proxy.port)


@asynccontextmanager
async def _line() -> AsyncIterator[Line]:
    heard: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while said := await reader.read(65_536):
                heard.append(said)
                writer.write(said)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with Proxy(lambda: (HOST, port), seed=7).running() as proxy:
            yield Line(proxy, port, heard)
    finally:
        server.close()
        await server.wait_closed()


def _played(scene: Callable[[Line], Awaitable[None]]) -> None:
    async def play() -> None:
        async with asyncio.timeout(20), _line() as line:
            await scene(line)

    asyncio.run(play())


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes) -> bytes:
    writer.write(text)
    await writer.drain()
    return await reader.readexactly(len(text))


async def _is_silent(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.2):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


def test_without_faults_it_carries_everything_both_ways_and_its_end() -> None:
    async def scene(line: Line) -> None:
        reader, writer = await line.connect()
        text = bytes(range(256)) * 4_096

        writer.write(text)
        writer.write_eof()
        echoed = await reader.read(-1)
        writer.close()

        assert echoed == text
        assert line.proxy.counts == {"connections": 1}

    _played(scene)


def test_latency_delays_every_chunk_and_does_not_add_up() -> None:
    async def scene(line: Line) -> None:
        reader, writer = await line.connect()
        line.proxy.faults = Faults(latency_ms=100, jitter_ms=20)

        began = time.monotonic()
        for number in range(10):
            writer.write(bytes([number]))
            await writer.drain()
            await asyncio.sleep(0.01)
        echoed = await reader.readexactly(10)
        took = time.monotonic() - began
        writer.close()

        assert echoed == bytes(range(10))
        assert 0.2 <= took < 0.6
        assert line.proxy.counts["delayed"] >= 2

    _played(scene)


def test_a_reset_is_a_reset_for_both_ends_and_only_for_that_connection() -> None:
    async def scene(line: Line) -> None:
        first, second = await line.connect(), await line.connect()
        await _said(*first, b"a")
        await _said(*second, b"b")

        line.proxy.faults = Faults(reset_rate=1.0)
        first[1].write(b"c")
        with pytest.raises(ConnectionResetError):
            await first[0].readexactly(1)
        line.proxy.heal()
        still = await _said(*second, b"d")
        first[1].close()
        second[1].close()

        assert still == b"d"
        assert line.proxy.counts["resets"] == 1
        assert b"c" not in line.heard

    _played(scene)


def test_cutting_resets_everybody_and_lets_them_come_back() -> None:
    async def scene(line: Line) -> None:
        lost = await line.connect()
        await _said(*lost, b"a")

        number = line.proxy.cut()
        with pytest.raises(ConnectionResetError):
            await lost[0].readexactly(1)
        again = await line.connect()
        echoed = await _said(*again, b"b")
        for _, writer in (lost, again):
            writer.close()

        assert (number, echoed) == (1, b"b")

    _played(scene)


@pytest.mark.parametrize(
    ("direction", "is_heard"),
    [("to_server", False), ("to_client", True), ("both", False)],
)
def test_a_black_hole_swallows_one_way_without_a_word(direction: Direction, is_heard: bool) -> None:
    async def scene(line: Line) -> None:
        reader, writer = await line.connect()
        await _said(reader, writer, b"a")

        line.proxy.faults = Faults(blackhole=direction)
        writer.write(b"lost")
        silent = await _is_silent(reader)
        line.proxy.heal()
        echoed = await _said(reader, writer, b"found")
        writer.close()

        assert silent
        assert echoed == b"found"
        assert (b"lost" in line.heard) is is_heard
        assert line.proxy.counts["swallowed"] >= 1

    _played(scene)


def test_who_is_stranded_hears_nothing_ever_again_and_newcomers_are_served() -> None:
    async def scene(line: Line) -> None:
        old = await line.connect()
        await _said(*old, b"a")

        number = line.proxy.strand()
        old[1].write(b"lost")
        silent = await _is_silent(old[0])
        new = await line.connect()
        echoed = await _said(*new, b"b")
        line.proxy.heal()
        still_silent = await _is_silent(old[0])
        for _, writer in (old, new):
            writer.close()

        assert (number, echoed) == (1, b"b")
        assert silent
        assert still_silent
        assert b"lost" not in line.heard

    _played(scene)


def test_who_is_refused_is_refused_and_who_was_there_stays() -> None:
    async def scene(line: Line) -> None:
        old = await line.connect()
        await _said(*old, b"a")

        line.proxy.faults = Faults(refuses=True)
        new = await line.connect()
        with pytest.raises(ConnectionResetError):
            await _said(*new, b"b")
        still = await _said(*old, b"c")
        for _, writer in (old, new):
            writer.close()

        assert still == b"c"
        assert line.proxy.counts["refused"] == 1

    _played(scene)


def test_a_server_that_is_away_is_a_reset() -> None:
    async def scene(line: Line) -> None:
        gone = await asyncio.start_server(lambda r, w: None, HOST, 0)
        port = gone.sockets[0].getsockname()[1]
        gone.close()
        await gone.wait_closed()

        async with Proxy(lambda: (HOST, port)).running() as proxy:
            reader, writer = await asyncio.open_connection(HOST, proxy.port)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
            writer.close()

    _played(scene)

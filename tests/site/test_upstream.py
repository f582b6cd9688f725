"""Several processes behind one name: asked in turn, passed over when gone, never asked twice."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from contracts.refusals import Unavailable
from services.site.door.upstream import Upstream
from tests.site.running import Behind, behind

KEY = {"Idempotency-Key": "k1"}


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Behind, Behind, Upstream]]:
    upstream = Upstream(gateway_secret="gateway-secret-of-these-tests")
    async with behind() as one, behind() as other:
        yield one, other, upstream
        await upstream.close()


async def ask(
    upstream: Upstream, *places: str, method: str = "POST", headers: dict[str, str] | None = None
) -> int:
    answer = await upstream.ask(
        method, places, "/x", headers=headers or {}, body=b"{}", client="", timeout_seconds=5
    )
    return answer.status


def nowhere() -> str:
    """Return a place where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


async def test_they_are_asked_in_turn() -> None:
    async with two() as (one, other, upstream):
        for _ in range(6):
            assert await ask(upstream, one.url, other.url) == 200

        assert (len(one.heard), len(other.heard)) == (3, 3)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_one_that_is_gone_is_passed_over_because_it_heard_nothing(method: str) -> None:
    async with two() as (one, _, upstream):
        for _ in range(4):
            assert await ask(upstream, nowhere(), one.url, method=method) == 200

        assert len(one.heard) == 4


@pytest.mark.parametrize(
    ("method", "headers"),
    [pytest.param("GET", {}, id="a read"), pytest.param("POST", KEY, id="with a key of its own")],
)
async def test_what_broke_off_is_asked_once_more_where_that_does_no_harm(
    method: str, headers: dict[str, str]
) -> None:
    async with two() as (one, other, upstream):
        one.hangs_up = 99

        assert await ask(upstream, one.url, other.url, method=method, headers=headers) == 200

        # The library repeats a read by itself where a connection was closed under it.
        assert 1 <= len(one.heard) <= 2
        assert len(other.heard) == 1
        if headers:
            assert other.heard[0].headers["idempotency-key"] == "k1"


async def test_what_could_have_been_done_is_not_done_again() -> None:
    async with two() as (one, other, upstream):
        one.hangs_up = other.hangs_up = 99

        with pytest.raises(Unavailable):
            await ask(upstream, one.url, other.url)

        assert len(one.heard) + len(other.heard) == 1


async def test_even_with_a_key_twice_is_enough() -> None:
    async with two() as (one, other, upstream):
        one.hangs_up = other.hangs_up = 99

        with pytest.raises(Unavailable):
            await ask(upstream, one.url, other.url, headers=KEY)

        assert len(one.heard) + len(other.heard) == 2


async def test_when_all_are_gone_it_is_said_so() -> None:
    async with two() as (_, _, upstream):
        with pytest.raises(Unavailable):
            await ask(upstream, nowhere(), nowhere())

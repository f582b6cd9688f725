"""Who closes a door is not kept waiting by those who come later, however many they are."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.chassis.storage.database import Connection, transaction
from services.checkout.handlers.keep_definitions import keep_campaign, keep_platform
from services.checkout.queries import campaigns, drains
from tests.checkout.floor import Floor
from tests.checkout.samples import a_campaign, a_platform, platform_published, published

Step = Callable[[Connection], Awaitable[object]]


async def waiting(floor: Floor, count: int, task: asyncio.Task[None]) -> None:
    """Return once so many sessions wait for a lock, or the task has not waited at all."""
    while not task.done():
        found = await floor.owner.fetchval(
            """
            SELECT count(DISTINCT pid)
            FROM pg_locks
            JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """
        )
        if found >= count:
            return
        await asyncio.sleep(0.01)


async def in_turn(floor: Floor, first: Step, closes: Step, later: Step) -> list[str]:
    """Return in which order two got their lock who asked while a first one held it."""
    order: list[str] = []

    async def take(name: str, step: Step) -> None:
        async with transaction(floor.pool) as conn:
            await step(conn)
            order.append(name)

    async with transaction(floor.pool) as conn:
        await first(conn)
        closing = asyncio.create_task(take("who closes", closes))
        await waiting(floor, 1, closing)
        # Comes while the door is held open, and could come in beside the first.
        opening = asyncio.create_task(take("who came later", later))
        await waiting(floor, 2, opening)
    await asyncio.gather(closing, opening)
    return order


@pytest.mark.parametrize("closer", ["drain", "definition", "operator"])
@pytest.mark.parametrize("opener", ["a start", "a completion"])
async def test_a_campaigns_door_is_closed_before_those_who_come_later(
    floor: Floor, closer: str, opener: str
) -> None:
    film = await floor.publish()
    slug = film.slug
    closers: dict[str, Step] = {
        "drain": lambda conn: drains.lock_closing(conn, slug),
        "definition": lambda conn: keep_campaign(conn, published(a_campaign(slug, version=2))),
        "operator": lambda conn: campaigns.lock_definition(conn, slug),
    }
    openers: dict[str, Step] = {
        "a start": lambda conn: campaigns.lock_campaigns(conn, [slug]),
        "a completion": lambda conn: campaigns.lock_doors(conn, [slug]),
    }
    opening = openers[opener]

    order = await in_turn(floor, opening, closers[closer], opening)

    assert order == ["who closes", "who came later"]


@pytest.mark.parametrize("closer", ["definition", "operator"])
@pytest.mark.parametrize("opener", ["a start", "a completion"])
async def test_the_platforms_door_is_closed_before_those_who_come_later(
    floor: Floor, closer: str, opener: str
) -> None:
    await floor.sell()
    closers: dict[str, Step] = {
        "definition": lambda conn: keep_platform(conn, platform_published(a_platform(version=9))),
        "operator": campaigns.lock_platform,
    }
    openers: dict[str, Step] = {
        "a start": lambda conn: campaigns.platform(conn, is_locked=True),
        "a completion": campaigns.lock_platform_shared,
    }
    opening = openers[opener]

    order = await in_turn(floor, opening, closers[closer], opening)

    assert order == ["who closes", "who came later"]


async def test_who_holds_a_door_may_hold_it_again_while_somebody_wants_to_close_it(
    floor: Floor,
) -> None:
    film = await floor.publish()

    async def close() -> None:
        async with transaction(floor.pool) as conn:
            await drains.lock_closing(conn, film.slug)

    async with transaction(floor.pool) as conn:
        await campaigns.lock_campaigns(conn, [film.slug])
        closing = asyncio.create_task(close())
        await waiting(floor, 1, closing)
        doors = await campaigns.lock_doors(conn, [film.slug])
    await closing

    assert list(doors) == [film.slug]

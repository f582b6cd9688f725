"""Stripe's budget: no second holds too many, people come first, and never is there no limit."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from deploy.bench.asked import fullest_second
from services.chassis.stripe import schedule
from services.chassis.stripe.budget import (
    AHEAD_SECONDS,
    ENDPOINT_PER_SECOND,
    FORGOTTEN_SECONDS,
    BudgetSpent,
    StripeBudget,
    Who,
)
from services.chassis.stripe.schedule import (
    AIM,
    MICRO,
    InTheWay,
    Limits,
    LocalSchedule,
    interval_micros,
)

LIMIT = 20
PATIENCE = 60.0


def shared(redis_url: str, per_second: int) -> StripeBudget:
    """Return a budget that waits for Redis however busy this machine is."""
    return StripeBudget(redis_url, per_second=per_second, redis_seconds=PATIENCE)


@pytest.fixture
async def budgets(redis_url: str) -> AsyncIterator[list[StripeBudget]]:
    """Three processes' budgets of one account."""
    opened = [shared(redis_url, LIMIT) for _ in range(3)]
    yield opened
    for each in opened:
        await each.close()


@pytest.fixture
def server(redis_url: str) -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()


async def starts(
    budgets: list[StripeBudget], count: int, *endpoints: str, who: Who = "background"
) -> list[float]:
    """Return the starts of `count` requests asked for at once, by everybody."""
    asked = (
        budgets[number % len(budgets)].turn(
            endpoints[number % len(endpoints)], who, within_seconds=PATIENCE
        )
        for number in range(count)
    )
    return await asyncio.gather(*asked)


async def test_no_second_holds_more_than_the_limit_and_it_is_used(
    budgets: list[StripeBudget],
) -> None:
    granted = await starts(budgets, 60, "a", "b", "c")
    taken = max(granted) - min(granted)

    assert fullest_second(granted) <= LIMIT
    # The schedule has no holes while somebody asks: what is used is what may be used.
    assert (len(granted) - 1) / taken >= 0.95 * LIMIT


async def test_an_endpoint_has_a_limit_of_its_own(redis_url: str) -> None:
    budget = shared(redis_url, 400)

    granted = await starts([budget], 60, "sessions.create", who="people")
    await budget.close()

    assert fullest_second(granted) <= 25


async def test_work_is_begun_at_its_pace_by_everybody_together_and_costs_no_turn(
    budgets: list[StripeBudget], server: "redis.Redis"
) -> None:
    began = [each.pace("charges", LIMIT) for each in budgets for _ in range(12)]
    paced = await asyncio.gather(*began)

    assert fullest_second(paced) <= LIMIT
    assert (len(paced) - 1) / (max(paced) - min(paced)) >= 0.95 * LIMIT
    assert not server.exists("stripe:account")


async def test_without_a_limit_for_requests_work_still_has_its_pace(redis_url: str) -> None:
    budget = shared(redis_url, 0)

    paced = await asyncio.gather(*(budget.pace("charges", LIMIT) for _ in range(LIMIT + 4)))
    await budget.close()

    assert fullest_second(paced) <= LIMIT


async def test_without_redis_work_goes_at_a_share_of_its_pace() -> None:
    budget = StripeBudget("redis://127.0.0.1:9/0", per_second=LIMIT, processes=4)

    paced = await asyncio.gather(*(budget.pace("charges", LIMIT) for _ in range(8)))
    await budget.close()

    assert fullest_second(paced) <= LIMIT // 4


async def test_who_was_late_says_so_and_those_after_keep_their_distance(
    redis_url: str, server: "redis.Redis"
) -> None:
    budget = shared(redis_url, 400)
    booked = await budget.turn("confirm", "people", within_seconds=PATIENCE)
    # Everything of ours stands still before the request is written.
    time.sleep(0.02)  # noqa: ASYNC251 - what is shown
    budget.leaving()
    budget.leaving()
    await budget.close()

    kept: bytes = server.get("stripe:starts:confirm")
    assert int(kept) >= round((booked + 0.02) * MICRO)


async def test_starts_of_work_that_went_by_unused_are_forgotten(redis_url: str) -> None:
    budget = shared(redis_url, 400)
    await budget.pace("charges", LIMIT)
    await asyncio.sleep(FORGOTTEN_SECONDS + 0.3)

    paced = await asyncio.gather(*(budget.pace("charges", LIMIT) for _ in range(LIMIT + 8)))
    await budget.close()

    assert fullest_second(paced) <= LIMIT


async def test_an_endpoint_whose_limit_was_raised_is_used_up_to_that(redis_url: str) -> None:
    budget = StripeBudget(
        redis_url, per_second=400, endpoints={"confirm": 80}, redis_seconds=PATIENCE
    )

    granted = await starts([budget], 100, "confirm")
    await budget.close()

    assert ENDPOINT_PER_SECOND < fullest_second(granted) <= 80


async def test_people_go_before_background_work(budgets: list[StripeBudget]) -> None:
    background = [asyncio.create_task(starts(budgets, 1, "confirm")) for _ in range(40)]
    await asyncio.wait(background, return_when=asyncio.FIRST_COMPLETED)

    people = await starts(budgets, 20, "start", who="people")
    charged = [start for each in await asyncio.gather(*background) for start in each]

    # While people queue nobody is let in between, but for whoever had booked already.
    between = [start for start in charged if min(people) < start < max(people)]
    assert len(between) <= AHEAD_SECONDS["background"] * LIMIT + 1
    assert len(charged) == 40, "and nobody is forgotten"


async def test_who_was_told_to_slow_down_halves_everybodys_pace(
    budgets: list[StripeBudget], server: "redis.Redis"
) -> None:
    await budgets[0].slow_down()

    granted = await starts(budgets, 30, "a", "b", who="people")

    assert fullest_second(granted) <= LIMIT / 2
    assert 0 < server.pttl("stripe:slow") <= 60_000


async def test_whose_turn_does_not_come_in_time_sends_nothing(
    budgets: list[StripeBudget], server: "redis.Redis"
) -> None:
    # Somebody else has booked the next three seconds.
    seconds, micros = server.time()
    server.set("stripe:account", (seconds + 3) * MICRO + micros)

    with pytest.raises(BudgetSpent):
        await budgets[0].turn("b", "background", within_seconds=0.05)


async def test_garbage_under_our_keys_is_no_booking(
    budgets: list[StripeBudget], server: "redis.Redis"
) -> None:
    for garbage in (b"\x00\xff", b"nan", b"9" * 300, str(10**17).encode()):
        server.set("stripe:account", garbage)
        server.set("stripe:starts:a", garbage)
        await budgets[0].turn("a", "people", within_seconds=PATIENCE)

        seconds, _ = server.time()
        booked = int(server.get("stripe:account") or 0) / MICRO
        assert abs(booked - seconds) < PATIENCE


async def test_without_redis_a_process_goes_by_its_share() -> None:
    budget = StripeBudget("redis://127.0.0.1:9/0", per_second=LIMIT, processes=4)

    granted = await starts([budget], 12, "a", "b", "c", "d", who="people")
    await budget.close()

    assert fullest_second(granted) <= LIMIT // 4


async def test_with_more_processes_than_requests_each_may_still_send_one_a_second() -> None:
    budget = StripeBudget("redis://127.0.0.1:9/0", per_second=5, processes=50)

    granted = await starts([budget], 3, "a", who="people")
    await budget.close()

    assert fullest_second(granted) == 1


async def test_without_a_limit_nobody_is_asked() -> None:
    budget = StripeBudget("redis://127.0.0.1:9/0", per_second=0)

    for _ in range(1_000):
        await budget.turn("a", "background", within_seconds=PATIENCE)

    assert not budget.is_local
    await budget.close()


def test_by_itself_a_process_keeps_the_same_rules() -> None:
    schedule = LocalSchedule()
    first, same, other, late = (schedule.book(name, Limits(10, 5), 1.0, 0.15) for name in "aabc")

    assert first == 1.0
    # An endpoint takes half of what the account may: in between others have their turn.
    assert isinstance(same, InTheWay)
    assert same.what == "endpoint"
    assert same.wait_seconds < 1 / (10 * AIM) + 1e-5
    assert other == pytest.approx(1 + 1 / (10 * AIM), abs=1e-5)
    assert late == ("account", pytest.approx(0.0561, abs=1e-3))


def test_by_itself_a_process_that_was_late_keeps_those_after_it_away() -> None:
    schedule, limits = LocalSchedule(), Limits(0, 2)
    first = schedule.book("a", limits, 0.0, 0.0)
    assert isinstance(first, float)
    schedule.book("a", limits, 0.0, 1.0)

    schedule.move("a", first, 0.3)

    third = schedule.book("a", limits, 0.0, 5.0)
    assert isinstance(third, float)
    assert third > 1.3


def test_an_endpoint_that_stood_still_catches_up_and_no_second_holds_too_many() -> None:
    schedule, limits, now = LocalSchedule(), Limits(0, 25), 0.0
    starts: list[float] = []
    while len(starts) < 200:
        booked = schedule.book("a", limits, now, 0.0)
        if isinstance(booked, InTheWay):
            now += booked.wait_seconds
            continue
        starts.append(booked)
        # For a twelfth of each second nobody asks: two starts would be lost.
        now += 0.08 if len(starts) % 25 == 0 else 0.0

    assert fullest_second(starts) <= 25
    assert (len(starts) - 1) / starts[-1] >= 0.96 * 25


def test_a_slow_minute_ends() -> None:
    schedule, limits = LocalSchedule(), Limits(10, 10)
    schedule.slow_down(0.0)
    schedule.book("a", limits, 0.0, 0.0)
    slow = schedule.book("a", limits, 0.0, 1.0)
    schedule.book("a", limits, 61.0, 0.0)
    after = schedule.book("a", limits, 61.0, 1.0)

    assert isinstance(slow, float)
    assert isinstance(after, float)
    fast = after - 61.0
    assert slow == pytest.approx(2 * fast)


@pytest.mark.parametrize("per_second", [1, 8, 20, 25, 80, 100])
def test_as_many_intervals_as_the_limit_take_longer_than_a_second(per_second: int) -> None:
    interval = interval_micros(per_second)

    assert per_second * interval > MICRO
    assert MICRO / interval >= 0.95 * per_second


def test_what_was_booked_in_redis_counts_when_redis_is_gone() -> None:
    alone = schedule.LocalSchedule()
    limits = schedule.Limits(account=0, endpoint=5)
    for number in range(5):
        alone.note("charges", 100.0 + number / 5)

    start = alone.book("charges", limits, now=100.9, ahead_seconds=5.0)

    assert isinstance(start, float)
    assert start > 101.0

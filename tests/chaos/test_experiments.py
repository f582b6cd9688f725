"""The experiments that are cheap enough for every change, in small, on one stack."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import pytest

from deploy.chaos.crowd import Crowd
from deploy.chaos.experiment import Measure, Play
from deploy.chaos.experiments import (
    changes_at_deadline,
    mails_killed,
    poison,
    replayed,
    settled_crowd,
    webhooks,
)
from deploy.chaos.stage import Stage
from deploy.local.layout import DataDir
from tests.support.invariants import assert_invariants
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.stack

Story = Callable[[Play], Awaitable[list[Measure]]]


@pytest.fixture(scope="module")
def lived_in() -> Iterator[Stack]:
    """A stack of their own: what they leave parked would be in the way of other tests."""
    with running_stack(chargers=2) as running:
        yield running


def play(stack: Stack, story: Story) -> None:
    """Play it; how fast it goes is judged by `./pool chaos` alone."""

    async def played() -> list[Measure]:
        stage = Stage(DataDir(stack.data))
        async with aiohttp.ClientSession() as http:
            crowd = Crowd(stage, http)
            return await story(Play(stage, crowd, lambda text: None, random.Random(1)))

    for measure in asyncio.run(played()):
        assert measure.ok or measure.is_pace, measure
    # Who is killed while reading back leaves a lease of a minute.
    assert_invariants(stack, rest_seconds=90)


def test_webhooks_three_times_in_any_order_make_each_pledge_once(lived_in: Stack) -> None:
    play(lived_in, lambda play: webhooks.story(play, people=200))


def test_who_changes_or_withdraws_at_the_close_is_charged_what_they_were_told(
    lived_in: Stack,
) -> None:
    play(lived_in, lambda play: changes_at_deadline.story(play, people=20))


def test_poison_for_every_durable_is_parked_and_stops_nobody(lived_in: Stack) -> None:
    play(lived_in, lambda play: poison.story(play, people=40))


def test_replaying_every_outbox_three_times_changes_no_table(lived_in: Stack) -> None:
    play(lived_in, lambda play: replayed.story(play, supporters=12))


@pytest.mark.timeout(240)
def test_notify_dies_where_a_second_mail_could_come_from_and_every_mail_arrives_once(
    lived_in: Stack,
) -> None:
    play(
        lived_in,
        lambda play: mails_killed.story(play, people=16, answers_lost=0.4, hurries=True),
    )


def test_a_crowd_is_charged_to_the_cent_and_mailed_once_through_every_fault(
    lived_in: Stack,
) -> None:
    play(
        lived_in,
        lambda play: settled_crowd.settle(
            play,
            supporters=30,
            twice=10,
            kill_every_seconds=0.8,
            chargers=("settlement", "settlement-charger-2"),
            hurries=True,
        ),
    )

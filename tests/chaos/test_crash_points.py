"""Wherever a process dies: one pledge, one mail, one charge. The money points, every time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from deploy.chaos.crash_points import MONEY, PHASES, PLEDGING, Errand, found
from deploy.chaos.crowd import Crowd, Pledge
from deploy.chaos.experiment import Play
from deploy.chaos.experiments.crash_points import Rounds, longest
from deploy.chaos.stage import Stage
from deploy.local.layout import DataDir
from tests.support.invariants import assert_invariants
from tests.support.stack import Stack, running_stack


def test_every_point_in_the_code_is_passed_by_an_errand() -> None:
    planned = {errand.point for phase in PHASES.values() for errand in phase}

    assert planned == set(found())
    assert len(planned) >= 24


def test_points_are_named_after_the_service_or_the_chassis() -> None:
    chassis = ("outbox", "inbox")
    for name, place in found().items():
        room = place.split("/")[1]
        assert name.split(".")[0] in (chassis if room == "chassis" else (room,)), place


@dataclass
class Aftermath:
    """What was left after everybody had died who should."""

    stack: Stack
    fired: list[Errand]
    people: list[Pledge]
    restarts: dict[str, int]


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    with running_stack() as stack:
        yield asyncio.run(_played(stack))


async def _played(stack: Stack) -> Aftermath:
    stage = Stage(DataDir(stack.data))
    async with aiohttp.ClientSession() as http:
        play = Play(stage, Crowd(stage, http), say=lambda text: None)
        rounds = Rounds(play, lived_seconds=0)
        pledging = [each for each in MONEY if each in PLEDGING]
        closing = [each for each in MONEY if each not in PLEDGING]
        await rounds.all_pledging((), pledging, campaigns=longest(closing))
        people = await asyncio.gather(*rounds.people)
        await rounds.all_closing(closing)
        await stage.skip_leases()
        for slug in rounds.closed:
            await play.crowd.wait_settled(slug)
    return Aftermath(stack, rounds.fired, people, stage.restarts())


@pytest.mark.stack
@pytest.mark.parametrize("errand", MONEY, ids=lambda errand: f"{errand.service}-{errand.point}")
def test_it_died_there_and_was_started_again(aftermath: Aftermath, errand: Errand) -> None:
    assert errand in aftermath.fired
    assert aftermath.restarts[errand.service] >= 1


@pytest.mark.stack
def test_everybody_has_their_pledge_and_everything_adds_up(aftermath: Aftermath) -> None:
    assert all(pledge.is_persisted for pledge in aftermath.people)
    assert sum(aftermath.restarts.values()) == len(MONEY)
    assert_invariants(aftermath.stack, rest_seconds=60)

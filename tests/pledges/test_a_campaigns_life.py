"""Whatever people do, however often and at the same time: history = pledges = totals = claims.

Some hundred steps by default; POOL_EXAMPLES=2000 plays as many lives as a night has room for.
"""

import asyncio
import os
from collections.abc import Iterator
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.pledges.life import SLUGS, Life
from tests.support.stack import Database, Servers

EXAMPLES = int(os.environ.get("POOL_EXAMPLES", "150"))
LIVES = max(5, EXAMPLES // 25)
STEPS = 12 if EXAMPLES < 1_000 else 40
CHANCES = st.integers(0, 2**32).map(Random)
DEEDS = ("pledge", "pledge", "complete_again", "cancel", "modify", "modify", "repair", "deliver")


class LifeMachine(RuleBasedStateMachine):
    """People and operators act at once; news travels as it likes; campaigns end."""

    runner: asyncio.Runner
    life: Life
    deeds: ClassVar[int] = 0
    forgotten: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.has_begun = False
        # What comes next may depend on what was drawn alone, never on who was faster.
        self.bursts = 0
        self.ended: set[str] = set()

    def do(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(work)

    @initialize(goals=st.tuples(st.sampled_from([2_000, 100_000]), st.just(1_000)))
    def begin(self, goals: tuple[int, int]) -> None:
        self.do(self.life.begin(*goals))
        self.has_begun = True

    @rule(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), CHANCES), min_size=8, max_size=20))
    def happen_at_once(self, deeds: list[tuple[str, Random]]) -> None:
        self.bursts += 1

        async def all_of_it() -> None:
            await self.life.at_once(*[getattr(self.life, deed)(chance) for deed, chance in deeds])

        self.do(all_of_it())

    @rule(chance=CHANCES)
    def deliver(self, chance: Random) -> None:
        self.do(self.life.deliver(chance))

    @precondition(lambda self: self.bursts > 2)
    @rule(chance=CHANCES, slug=st.sampled_from(SLUGS))
    def end(self, chance: Random, slug: Any) -> None:
        self.ended.add(slug)
        self.do(self.life.reach_the_deadline(slug, chance))

    @precondition(lambda self: self.ended)
    @rule(chances=st.lists(CHANCES, min_size=1, max_size=4))
    def charge(self, chances: list[Random]) -> None:
        for chance in chances:
            self.do(self.life.hear_of_a_charge(chance))

    @invariant()
    def all_is_right(self) -> None:
        self.do(self.life.assert_right())

    def teardown(self) -> None:
        """Let everything arrive, and look at all of it; and once more when years have gone by."""
        if not self.has_begun:
            return
        type(self).deeds += self.life.deeds
        self.do(self.life.come_to_rest(Random(0)))
        self.do(self.life.assert_right())
        self.do(self.life.assert_complete())
        type(self).forgotten += self.do(self.life.grow_old())
        self.do(self.life.assert_right())
        self.do(self.life.assert_complete())


@pytest.fixture
def both_services(servers: Servers) -> Iterator[Database]:
    """A database with every service's tables, for the checker looks into all of them."""
    fresh = servers.fresh_database()
    yield fresh
    servers.drop(fresh)


def test_a_campaigns_life_adds_up_whatever_happens(both_services: Database) -> None:
    life = Life(both_services)
    with asyncio.Runner() as runner:
        runner.run(life.open())
        machine = type(
            "Machine", (LifeMachine,), {"runner": runner, "life": life, "deeds": 0, "forgotten": 0}
        )
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=LIVES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    print_blob=True,
                ),
            )
        finally:
            runner.run(life.close())

    assert machine.deeds > 2 * LIVES, "hardly anything happened"
    assert machine.forgotten > 0, "nothing was ever forgotten"

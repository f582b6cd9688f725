"""E-16: every outbox says everything again, three times, and nothing changes anywhere."""

import asyncio
import json
import time

from deploy.chaos import fingerprint, owner
from deploy.chaos.checker import SCHEMAS
from deploy.chaos.crowd import DECLINED_LATER
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.local import service_command

SUPPORTERS = 60
TIMES = 3


async def act(play: Play) -> list[Measure]:
    """Figures: tables that differ afterwards, and how much was said again."""
    return await story(play, supporters=SUPPORTERS)


async def story(play: Play, *, supporters: int) -> list[Measure]:
    """Let campaigns live from their start to their charges, and have it all said again."""
    await _lived(play, supporters)
    await play.rested()
    before = await fingerprint.of_tables(play.stage)
    said, began = 0, time.monotonic()
    for _ in range(TIMES):
        answers = await asyncio.gather(*(_replay(play, service) for service in SCHEMAS))
        said += sum(answers)
        await play.rested()
    after = await fingerprint.of_tables(play.stage)
    changed = sorted(name for name in after if after[name] != before.get(name))
    play.say(f"changed: {changed}")
    play.stage.faults["events said again"] += said
    outboxes = " + ".join(
        f"(SELECT count(*) FROM {schema}.outbox)"  # noqa: S608
        for schema in SCHEMAS
    )
    wanted = TIMES * await owner.value(play.stage, f"SELECT {outboxes}")
    return [
        Measure("tables that changed", len(changed), f"of {len(after)}", 0),
        Measure("events said again", said, "", wanted, is_floor=True),
        Measure("all of it took", round(time.monotonic() - began, 1), "s", 60, is_pace=True),
    ]


async def _lived(play: Play, supporters: int) -> None:
    """One campaign is funded and charged, one is not; some cancel, some cards are declined."""
    funded = await play.crowd.publish("again", ends_in_days=2)
    missed = await play.crowd.publish("again-missed", goal="50000", ends_in_days=2)
    leaver, *_ = await play.crowd.crowd(funded, supporters, per_second=15)
    await play.crowd.crowd(funded, supporters // 10, per_second=15, card=DECLINED_LATER)
    await play.crowd.crowd(missed, supporters // 6, per_second=15)
    status, answer = await play.crowd.cancel(await play.crowd.token(leaver.email))
    assert status == 200, answer
    await play.crowd.move_clock(advance="P3D")
    await play.crowd.wait_settled(funded)
    await play.crowd.wait_closed(missed)


async def _replay(play: Play, service: str) -> int:
    """Have one service say everything again; return how many events that were."""
    asked = await asyncio.to_thread(
        service_command.ask, play.stage.data, service, "replay", "--json"
    )
    assert asked.returncode == 0, asked.stderr
    return int(json.loads(asked.stdout)["published"])


EXPERIMENT = Experiment(
    id="E-16",
    says="every outbox is replayed three times after a whole life",
    act=act,
)

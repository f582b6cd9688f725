"""E-9: two hundred charges; answers are lost, Stripe fails, chargers are killed."""

import asyncio
import signal
import time

from deploy.chaos.experiment import Experiment, Measure, Play

SUPPORTERS = 200
CHARGERS = ("settlement", "settlement-charger-2", "settlement-charger-3")
KILL_EVERY_SECONDS = 5.0
TROUBLE_SECONDS = 30.0
DECIDED_SECONDS = 90.0


async def act(play: Play) -> list[Measure]:
    """Figures: supporters not charged exactly once, and how long until all were decided."""
    slug = await play.crowd.publish("answers", ends_in_days=2)
    people = await play.crowd.crowd(slug, SUPPORTERS, per_second=15)
    play.say(f"{SUPPORTERS} people pledged")
    await play.crowd.faults(timeout_rate=0.1, error_rate=0.05)
    play.stage.faults["lost answers, 10 %"] += 1
    play.stage.faults["500s, 5 %"] += 1
    await play.crowd.move_clock(advance="P3D")
    began = time.monotonic()
    while time.monotonic() - began < TROUBLE_SECONDS:
        await asyncio.sleep(KILL_EVERY_SECONDS)
        play.stage.send(play.chance.choice(CHARGERS), signal.SIGKILL)
    ended = time.monotonic()
    await play.crowd.faults(reset=True)
    run = await play.crowd.wait_settled(slug, seconds=180)
    decided = round(time.monotonic() - ended, 1)
    charges = await play.crowd.payment_intents(slug)
    succeeded = [each["customer"] for each in charges if each["status"] == "succeeded"]
    twice = len(succeeded) - len(set(succeeded))
    lost = [each for each in people if not each.is_persisted]
    return [
        Measure("supporters charged twice", twice, f"of {SUPPORTERS}", 0),
        Measure("supporters charged", len(set(succeeded)), "", SUPPORTERS, is_floor=True),
        Measure("until no charge was undecided", decided, "s", DECIDED_SECONDS),
        Measure("left unknown", run["unknown"], "charges", 0),
        Measure("people without their pledge", len(lost), "", 0),
    ]


EXPERIMENT = Experiment(
    id="E-9",
    says="200 charges with lost answers, failures, and a charger killed every 5 s",
    act=act,
    chargers=len(CHARGERS),
    rest_seconds=150,
)

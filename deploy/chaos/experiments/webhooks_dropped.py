"""E-13: no webhook ever comes, and no browser says that it is done."""

from deploy.chaos import together
from deploy.chaos.crowd import Pledge
from deploy.chaos.experiment import Experiment, Measure, Play

PEOPLE = 60
SECONDS = 180.0


async def act(play: Play) -> list[Measure]:
    """Figures: people without their pledge after three minutes, and how long it took."""
    slug = await play.crowd.publish("unheard", ends_in_days=5)
    await play.crowd.faults(drop_webhooks=True)
    people = await together.saved(play.crowd, slug, PEOPLE)
    play.stage.faults["webhooks dropped"] += PEOPLE
    play.say(f"{PEOPLE} cards are saved, and nobody says so")

    async def wait(pledge: Pledge) -> None:
        pledge.seconds = await play.crowd.wait_persisted(pledge, seconds=SECONDS)

    await together.each(people, wait, at_once=PEOPLE)
    lost = sum(not each.is_persisted for each in people)
    slowest = max(each.seconds for each in people)
    return [
        Measure("people without their pledge", lost, f"of {PEOPLE}", 0),
        Measure("slowest pledge, from the saved card", round(slowest, 1), "s", SECONDS),
    ]


EXPERIMENT = Experiment(
    id="E-13",
    says="every webhook is dropped and every browser closed",
    act=act,
)

"""E-3: a process dies at each named point, while people pledge and campaigns close."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from deploy.chaos.card_update import update_card
from deploy.chaos.content import next_morning
from deploy.chaos.crash_points import (
    ARCHIVING,
    ASKING_BACK,
    CANCELLING,
    CHANGING,
    CHARGING,
    CLOSING,
    ENDING,
    PLEDGING,
    PUBLISHING,
    RECOVERING,
    REFUNDING,
    REPORTING,
    TELLING,
    UPDATING,
    Errand,
)
from deploy.chaos.crowd import Pledge, an_email
from deploy.chaos.editing import archive
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.stage import NotInTime, until
from deploy.local.children import STABLE_SECONDS

FIRE_SECONDS = 45.0
ANOTHER_SECONDS = 4.0
FIRST_DEADLINE_DAYS = 2
NEEDS_BANK = "4000002760003184"
IN_THE_MIDDLE = Errand("settlement", "settlement.before_confirm")


class Rounds:
    """Campaign after campaign, each with deaths of its own; their ends are a day apart."""

    def __init__(self, play: Play, *, lived_seconds: float = STABLE_SECONDS) -> None:
        self.play = play
        self.fired: list[Errand] = []
        self.missed: list[Errand] = []
        self.people: list[asyncio.Task[Pledge]] = []
        self.slugs: list[str] = []
        self._days_gone = 0
        # Who dies young again and again is started again ever later.
        self._lived_seconds = lived_seconds

    @property
    def closed(self) -> list[str]:
        """Return the campaigns that have ended by now."""
        return self.slugs[: max(0, self._days_gone - FIRST_DEADLINE_DAYS)]

    async def all_pledging(
        self, publishing: Sequence[Errand], pledging: Sequence[Errand], *, campaigns: int
    ) -> None:
        """Play as many campaigns as it takes for everybody to have died, and so many at least."""
        for first, *others in zip_longest(publishing, *_by_service(pledging)):
            await self.pledging(_some(others), _some([first]))
        while len(self.slugs) < campaigns:
            await self.pledging([])

    async def all_closing(self, errands: Sequence[Errand]) -> None:
        """Let as many campaigns end as it takes."""
        for each in zip_longest(*_by_service(errands)):
            await self.closing(_some(each))

    async def pledging(self, errands: Sequence[Errand], publishing: Sequence[Errand] = ()) -> str:
        """Publish a campaign and let people pledge until everybody has died who should."""
        armed = await self._arm(publishing)
        days = FIRST_DEADLINE_DAYS + len(self.slugs)
        slug = await self.play.crowd.publish("crash", ends_in_days=days - self._days_gone)
        self.slugs.append(slug)
        await self._until_fired(armed)
        armed = await self._arm(errands)
        for _ in range(2):
            self._send(slug)
        await self._until_fired(armed, another=slug)
        return slug

    async def cancelling(self, errands: Sequence[Errand]) -> None:
        """Let somebody withdraw; whoever asks again hears that it is done."""
        for errand in errands:
            pledge = await self.play.crowd.pledge(self.slugs[-1])
            token = await self.play.crowd.token(pledge.email)
            armed = await self._arm([errand])
            status, answer = await self.play.crowd.cancel(token)
            assert status == 200 or answer["error"] == "pledge_cancelled", answer
            await self._until_fired(armed)

    async def changing(self, errands: Sequence[Errand]) -> None:
        """Let somebody change their pledge; asked again by the same name it is changed once."""
        for errand in errands:
            pledge = await self.play.crowd.pledge(self.slugs[-1])
            token = await self.play.crowd.token(pledge.email)
            armed = await self._arm([errand])
            status, answer = await self.play.crowd.patiently(
                "POST",
                "/pledge/modify",
                body={"token": token, "tipPercent": 10, "revision": 1},
                headers={"Idempotency-Key": pledge.order_id},
            )
            assert (status, answer["revision"]) == (200, 2), answer
            await self._until_fired(armed)

    async def updating(self, errands: Sequence[Errand]) -> None:
        """Let somebody save another card; it is saved in the end, once."""
        for errand in errands:
            pledge = await self.play.crowd.pledge(self.slugs[-1])
            token = await self.play.crowd.token(pledge.email)
            armed = await self._arm([errand])
            await update_card(self.play.crowd, token, pledge.email)
            await self._until_fired(armed)

    async def telling(self, errands: Sequence[Errand]) -> None:
        """Say something to everybody who pledged, once for each death."""
        for errand in errands:
            armed = await self._arm([errand])
            news = {
                "campaignSlug": self.slugs[-1],
                "subject": f"While {errand.point} ends",
                "body": "One line.",
            }
            await self.play.crowd.as_operator("/admin/broadcast/announcement", news)
            await self._until_fired(armed)
            await self.play.stage.skip_leases()

    async def closing(self, errands: Sequence[Errand]) -> None:
        """Let the next campaign end, and its money be charged."""
        armed = await self._arm(errands)
        days = FIRST_DEADLINE_DAYS + 1 if self._days_gone == 0 else 1
        self._days_gone += days
        await self.play.crowd.move_clock(advance=f"P{days}D")
        await self._until_fired(armed)

    async def asking_back(self, errands: Sequence[Errand]) -> None:
        """Let a charger die in the middle of its calls; then Stripe is asked what came of them.

        The minutes until then are skipped: they are the same in every run.
        """
        for errand in errands:
            await self.closing([IN_THE_MIDDLE])
            armed = await self._arm([errand])
            await self.play.stage.skip_leases()
            await self._until_fired(armed)
        await self.play.stage.skip_leases()

    async def recovering(self, errands: Sequence[Errand], email: str) -> None:
        """Let a charge that the bank wants its customer for go its way, to its end.

        They come and do not confirm; they are reminded; their time is over; nothing of the
        campaign is open then, and it is settled.
        """
        days = {"settlement.before_recovery": 4, "settlement.intent_ended": 5}
        for errand in errands:
            armed = await self._arm([errand])
            # What the last death left is taken up only now: the next point is on its way.
            await self.play.stage.skip_leases()
            if errand.point == "settlement.person_held":
                token = await self.play.crowd.token(email)
                await self.play.crowd.patiently(
                    "POST", "/pledge/authenticate/start", body={"token": token}
                )
            elif errand.point in days:
                await self.play.crowd.move_clock(advance=f"P{days[errand.point]}D")
            await self._until_fired(armed)
        await self.play.stage.skip_leases()

    async def refunding(self, errands: Sequence[Errand]) -> None:
        """Have closed campaigns give back all they took, one for each death."""
        for errand, slug in zip(errands, self.closed, strict=False):
            armed = await self._arm([errand])
            await self.play.crowd.as_operator("/admin/refunds", {"campaignSlug": slug})
            await self._until_fired(armed)
            await self.play.stage.skip_leases()

    async def ending(self, errands: Sequence[Errand]) -> None:
        """Have the operator end a campaign with a pledge in it, one for each death."""
        for errand in errands:
            slug = await self.play.crowd.publish("ended", ends_in_days=30)
            await self.play.crowd.pledge(slug)
            armed = await self._arm([errand])
            await self.play.crowd.as_operator(f"/admin/campaigns/{slug}/cancel", {})
            await self._until_fired(armed)

    async def reporting(self, errands: Sequence[Errand]) -> None:
        """Let a morning come for each death: whoever runs a campaign is sent its ledger."""
        crowd = self.play.crowd
        slug = await crowd.publish("reported", ends_in_days=30, report_to=(an_email(),))
        await crowd.pledge(slug)
        for errand in errands:
            armed = await self._arm([errand])
            morning = next_morning(await crowd.now())
            await crowd.move_clock(now=morning.isoformat().replace("+00:00", "Z"))
            await self._until_fired(armed)
            await self.play.stage.skip_leases()

    async def archiving(self, errands: Sequence[Errand]) -> None:
        """Have a campaign that has not begun archived from the dashboard, one for each death."""
        for errand in errands:
            slug = await self.play.crowd.publish("archived", starts_in_days=5, ends_in_days=30)
            armed = await self._arm([errand])
            await archive(self.play.crowd, slug)
            await self._until_fired(armed)

    def _send(self, slug: str) -> None:
        self.people.append(asyncio.create_task(self.play.crowd.pledge(slug)))

    async def _arm(self, errands: Sequence[Errand]) -> dict[Errand, Path]:
        stage, seconds = self.play.stage, self._lived_seconds
        await asyncio.gather(*(stage.lived(each.service, seconds) for each in errands))
        return {each: self.play.stage.arm(each.service, each.point) for each in errands}

    async def _until_fired(
        self, armed: dict[Errand, Path], *, another: str = "", seconds: float = FIRE_SECONDS
    ) -> None:
        """Wait until each has died; now and then somebody else comes and passes the point."""
        next_at = time.monotonic() + ANOTHER_SECONDS

        async def have_all() -> bool:
            nonlocal next_at
            if another and time.monotonic() > next_at:
                self._send(another)
                next_at = time.monotonic() + ANOTHER_SECONDS
            return not any(path.exists() for path in armed.values())

        with contextlib.suppress(NotInTime):
            await until(have_all, seconds=seconds, what="every armed point was passed")
        missed = [errand for errand, path in armed.items() if path.exists()]
        for errand, path in armed.items():
            (self.missed if errand in missed else self.fired).append(errand)
            path.unlink(missing_ok=True)
            word = "nobody passed" if errand in missed else "died at"
            self.play.say(f"{word} {errand.service}/{errand.point}")


async def act(play: Play) -> list[Measure]:
    """Every point once; figures are those that fired and how long the slowest person waited."""
    rounds = Rounds(play)
    ends = longest(CLOSING + CHARGING) + len(ASKING_BACK)
    await rounds.all_pledging(PUBLISHING, PLEDGING, campaigns=ends)
    await rounds.cancelling(CANCELLING)
    await rounds.changing(CHANGING)
    await rounds.updating(UPDATING)
    await rounds.telling(TELLING)
    # Ends come when nobody is on the way any more: who pledges then is refused, rightly.
    people = await asyncio.gather(*rounds.people)
    needing = await play.crowd.pledge(rounds.slugs[-1], card=NEEDS_BANK)
    await rounds.all_closing(CLOSING + CHARGING)
    await rounds.asking_back(ASKING_BACK)
    # The bank's page is for a charge that is known to need it.
    await play.crowd.wait_settled(rounds.slugs[-1], seconds=120)
    await rounds.recovering(RECOVERING, needing.email)
    play.stage.faults.update(f"died at {each.point}" for each in rounds.fired)
    began = time.monotonic()
    for slug in rounds.closed:
        await play.crowd.wait_settled(slug, seconds=120)
    await rounds.refunding(REFUNDING)
    await rounds.ending(ENDING)
    await rounds.reporting(REPORTING)
    await rounds.archiving(ARCHIVING)
    lost = [each for each in people if not each.is_persisted]
    return [
        Measure("points nobody died at", len(rounds.missed), "points", 0),
        Measure("points at which a process died", len(rounds.fired), "points", 24, is_floor=True),
        Measure("people without their pledge", len(lost), "people", 0),
        Measure("slowest pledge", max(each.seconds for each in people), "s", 75),
        Measure("until every charge was decided", time.monotonic() - began, "s", 90),
    ]


def longest(errands: Sequence[Errand]) -> int:
    """Return how many campaigns it takes for all of these: each service dies once in each."""
    return max(len(queue) for queue in _by_service(errands))


def _by_service(errands: Sequence[Errand]) -> list[list[Errand]]:
    """Return the errands in one queue for each service: it dies at one point at a time."""
    queues: dict[str, list[Errand]] = {}
    for errand in errands:
        queues.setdefault(errand.service, []).append(errand)
    return list(queues.values())


def _some(errands: Sequence[Errand | None]) -> list[Errand]:
    return [each for each in errands if each is not None]


EXPERIMENT = Experiment(
    id="E-3",
    says="a process dies at every named point of the flow",
    act=act,
    rest_seconds=120,
)

"""E-14.1: notify dies at every point of its own while two thousand mails are to be sent.

Resend is away for ten minutes first, then keeps one answer in five to itself after it has
taken what was offered. Half of the mails are one person's each, half are news to many, and one
is a morning's report. Minutes are skipped as in E-14; leases end in their own time, unless
somebody is in a hurry.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path

from deploy.chaos import owner
from deploy.chaos.content import next_morning
from deploy.chaos.crash_points import PLEDGING, REPORTING, TELLING, Errand
from deploy.chaos.crowd import an_email
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.experiments.mails_lost import (
    LOST_ANSWERS,
    a_minute_later,
    is_a_minute_later,
)
from deploy.chaos.stage import until
from deploy.local.children import STABLE_SECONDS

PEOPLE = 1_000
PER_SECOND = 15
AWAY_MINUTES = 10
ANSWERS_LOST = 0.2
TIMES_KILLED = 2
# A minute is skipped each time, if nothing is due: a mail has 23 hours.
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 300.0
LIMIT_SECONDS = 600.0

# Where what is done is not written down yet.
DANGEROUS = frozenset(
    {
        "notify.after_send",
        "notify.portion_written",
        "notify.after_batch",
        "notify.report_asked",
    }
)
HEARING = tuple(each for each in PLEDGING if each.service == "notify" and "inbox" in each.point)
SENDING = tuple(each for each in PLEDGING if each.service == "notify" and each not in HEARING)

ROWS = "SELECT count(*) FROM notify.mails WHERE campaign = $1 AND kind = $2"
SENT = "SELECT count(*) FROM notify.mails WHERE campaign = $1 AND status = 'sent'"
OPEN = "SELECT count(*) FROM notify.mails WHERE status IN ('queued', 'sending')"
ROWS_SENT = "SELECT count(*) FROM notify.mails WHERE status = 'sent'"
NOT_SENT = "SELECT count(*) FROM notify.mails WHERE status <> 'sent' AND campaign = $1"
SUPPORTERS = """
    SELECT count(DISTINCT recipient) FROM notify.pledge_copies WHERE campaign = $1 AND is_standing
"""
LEASES_END = (
    """
    UPDATE notify.mails
    SET next_attempt_at = clock_timestamp()
    WHERE status = 'sending' AND broadcast_id IS NULL
    """,
    """
    UPDATE notify.batches
    SET next_attempt_at = least(next_attempt_at, clock_timestamp() + interval '2 seconds')
    WHERE is_open
    """,
)


async def act(play: Play) -> list[Measure]:
    """Figures: most copies of one mail, and rows that are missing, too many or not sent."""
    return await story(play, people=PEOPLE)


async def story(
    play: Play, *, people: int, answers_lost: float = ANSWERS_LOST, hurries: bool = False
) -> list[Measure]:
    """Play it with so many people.

    `hurries`: only where a second copy or a lost mail could come from; what a dead sender held
    is due at once, and Resend is well again in the end.
    """
    deaths = Deaths(play, hurries=hurries)
    await play.crowd.faults(resend_down=True)
    slug = await play.crowd.publish("killed", ends_in_days=20, report_to=(an_email(),))
    crowd, _ = await asyncio.gather(
        play.crowd.crowd(slug, people, per_second=PER_SECOND), deaths.at(HEARING)
    )
    pledged = sum(each.is_persisted for each in crowd)
    await until(
        lambda: _counted(play, ROWS, slug, "pledge_confirmed", at_least=pledged),
        seconds=PATIENCE_SECONDS,
        what="every mail is written",
    )
    for _ in range(AWAY_MINUTES):
        await a_minute_later(play, within_seconds=PATIENCE_SECONDS)
    sent_meanwhile = await owner.value(play.stage, SENT, slug)
    play.say(f"Resend was away for {AWAY_MINUTES} minutes")
    deaths.are_waited_for = True
    await play.crowd.faults(resend_down=False, timeout_rate=answers_lost)
    await deaths.at(SENDING * TIMES_KILLED, of_age=True)
    supporters, reported = await _news(play, deaths, slug)
    if hurries:
        await _well_again(play)
    await _all_sent(play)
    lost = await owner.value(play.stage, LOST_ANSWERS)
    await play.crowd.faults(reset=True)
    return [
        *await _copies(play),
        Measure("mails not sent in the end", await owner.value(play.stage, NOT_SENT, slug), "", 0),
        await _rows(play, slug, "pledge_confirmed", pledged),
        await _rows(play, slug, "announcement", supporters),
        await _rows(play, slug, "campaign_report", reported),
        Measure("sent while Resend was away", sent_meanwhile, "", 0),
        Measure("deaths", len(deaths.died), "", deaths.wanted, is_floor=True),
        Measure(
            "answers lost after delivery", lost, "", 0 if hurries else people // 20, is_floor=True
        ),
        Measure("people without their pledge", people - pledged, "", 0),
    ]


class Deaths:
    """Notify, which dies at one point after the other."""

    def __init__(self, play: Play, *, hurries: bool) -> None:
        self._play = play
        self._hurries = hurries
        # Whether minutes go by while nobody dies.
        self.are_waited_for = False
        self.wanted = 0
        self.died: list[Errand] = []

    async def at(
        self,
        errands: Sequence[Errand],
        begin: Awaitable[object] | None = None,
        *,
        of_age: bool = False,
    ) -> None:
        """Let it die at each; `begin` is what leads it there, once the first is armed.

        `of_age`: only when it has lived long enough to be started again at once.
        """
        for errand in errands:
            if self._hurries and errand.point not in DANGEROUS:
                continue
            if of_age and not self._hurries:
                await self._play.stage.lived(errand.service, STABLE_SECONDS)
            path = self._play.stage.arm(errand.service, errand.point)
            self.wanted += 1
            if begin is not None:
                await begin
                begin = None
            await self._has_died(errand, path)

    async def _has_died(self, errand: Errand, path: Path) -> None:
        """Wait until it has died where it was to die."""
        stage, is_armed = self._play.stage, path.exists

        async def has_died() -> bool:
            if is_armed() and self.are_waited_for:
                await is_a_minute_later(self._play)
            return not is_armed()

        what = f"died at {errand.point}"
        await until(has_died, seconds=PATIENCE_SECONDS, what=what, every=LOOK_SECONDS)
        self.died.append(errand)
        stage.faults[f"died at {errand.point}"] += 1
        self._play.say(f"died at {errand.point}")
        # What a reporter holds it holds for minutes. Nobody lives who could hold it still.
        await stage.skip_leases()
        if self._hurries:
            await owner.act(stage, *LEASES_END)


async def _news(play: Play, deaths: Deaths, slug: str) -> tuple[int, int]:
    """Let it die over news and a report; return how many mails each should be."""
    supporters = await owner.value(play.stage, SUPPORTERS, slug)
    news = {"campaignSlug": slug, "subject": "To all of you", "body": "One line."}
    await deaths.at(TELLING, play.crowd.as_operator("/admin/broadcast/announcement", news))
    # Who publishes after seven is reported of on the same day.
    reported = await owner.value(play.stage, ROWS, slug, "campaign_report")
    morning = next_morning(await play.crowd.now())
    now = morning.isoformat().replace("+00:00", "Z")
    await deaths.at(REPORTING, play.crowd.move_clock(now=now))
    return supporters, reported + 1


async def _well_again(play: Play) -> None:
    """Let Resend answer everybody, once it has left one without an answer, if there is one."""

    async def is_one_lost() -> bool:
        return bool(await owner.value(play.stage, f"SELECT ({LOST_ANSWERS}) > 0 OR ({OPEN}) = 0"))

    await until(is_one_lost, seconds=PATIENCE_SECONDS, what="an answer is lost", every=0.5)
    await play.crowd.faults(reset=True)
    await owner.act(play.stage, *LEASES_END)


async def _all_sent(play: Play) -> None:
    """Skip minutes until no mail waits any more."""
    limit = time.monotonic() + LIMIT_SECONDS
    while await owner.value(play.stage, OPEN) and time.monotonic() < limit:
        await a_minute_later(play, within_seconds=PATIENCE_SECONDS)


async def _copies(play: Play) -> list[Measure]:
    """Return what arrived, as Resend counts it."""
    _, counted = await play.crowd.patiently("GET", "/inbox/tally.json", is_sandbox=True)
    kinds = counted["kinds"].values()
    letters = sum(each["letters"] for each in kinds)
    sent = await owner.value(play.stage, ROWS_SENT)
    return [
        Measure(
            "sent and not arrived, or arrived and not sent", abs(sent - letters), f"of {sent:,}", 0
        ),
        Measure(
            "most copies of one mail", max(each["most_of_one_letter"] for each in kinds), "", 1
        ),
    ]


async def _rows(play: Play, slug: str, kind: str, wanted: int) -> Measure:
    rows = await owner.value(play.stage, ROWS, slug, kind)
    return Measure(f"rows of {kind} missing or too many", abs(rows - wanted), f"of {wanted:,}", 0)


async def _counted(play: Play, query: str, *arguments: str, at_least: int) -> bool:
    return bool(await owner.value(play.stage, query, *arguments) >= at_least)


EXPERIMENT = Experiment(
    id="E-14.1",
    says="notify dies at every point of 2,000 mails while Resend is away, then loses answers",
    act=act,
    rest_seconds=120,
)

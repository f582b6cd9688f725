"""E-14: Resend is away for ten minutes, then loses one answer in five.

The minutes are skipped, not slept through: between two attempts every mail that waits is
made a minute older, as it would be after one. Whatever happens in between is real.
"""

import time
from collections import Counter

from deploy.chaos import owner
from deploy.chaos.experiment import Experiment, Measure, Play
from deploy.chaos.proxy import Faults
from deploy.chaos.stage import until

PEOPLE = 60
AWAY_MINUTES = 10
ANSWERS_LOST = 0.2
LIMIT_SECONDS = 100.0

DUE = """
    SELECT (
        SELECT count(*)
        FROM notify.mails
        WHERE broadcast_id IS NULL
          AND (
              status = 'sending' OR status = 'queued' AND next_attempt_at <= clock_timestamp()
          )
    ) + (
        SELECT count(*)
        FROM notify.batches
        WHERE is_open AND next_attempt_at <= clock_timestamp()
    )
"""
A_MINUTE_OLDER = """
    UPDATE notify.mails
    SET next_attempt_at = next_attempt_at - interval '1 minute',
        first_attempt_at = first_attempt_at - interval '1 minute'
    WHERE status = 'queued'
"""
BATCHES_A_MINUTE_OLDER = """
    UPDATE notify.batches
    SET next_attempt_at = next_attempt_at - interval '1 minute',
        first_attempt_at = first_attempt_at - interval '1 minute'
    WHERE is_open
"""
ALL = "SELECT count(*) FROM notify.mails"
CONFIRMED = f"{ALL} WHERE kind = 'pledge_confirmed'"
SENT = f"{ALL} WHERE status = 'sent'"
LOST_ANSWERS = "SELECT count(*) FROM notify.deliveries WHERE code = 'TimeoutError'"


async def act(play: Play) -> list[Measure]:
    """Figures: mails that did not arrive, and copies of those that did."""
    proxy = play.stage.proxies["resend"]
    slug = await play.crowd.publish("mails", ends_in_days=20)
    proxy.faults = Faults(refuses=True)
    people = await play.crowd.crowd(slug, PEOPLE, per_second=15)
    persisted = sum(each.is_persisted for each in people)
    await _until(play, f"SELECT ({CONFIRMED}) >= {persisted}", "every mail is written")
    for _ in range(AWAY_MINUTES):
        await a_minute_later(play)
    sent_meanwhile = await owner.value(play.stage, SENT)
    tries = await owner.value(play.stage, "SELECT max(attempts) FROM notify.mails")
    play.say(f"away for {AWAY_MINUTES} minutes, {tries} attempts at one mail")
    await play.crowd.faults(timeout_rate=ANSWERS_LOST)
    proxy.heal()
    limit = time.monotonic() + LIMIT_SECONDS
    while await owner.value(play.stage, f"SELECT ({ALL}) > ({SENT})") and time.monotonic() < limit:
        await a_minute_later(play)
    await play.crowd.faults(reset=True)
    lost_answers = await owner.value(play.stage, LOST_ANSWERS)
    play.stage.faults["answers of Resend lost"] += lost_answers
    written, sent = await owner.value(play.stage, ALL), await owner.value(play.stage, SENT)
    confirmed = await owner.value(play.stage, CONFIRMED)
    inbox = await play.crowd.mails("")
    copies = Counter(mail["headers"]["X-Entity-Ref-ID"] for mail in inbox)
    return [
        Measure("mails that did not arrive", written - len(copies), f"of {written}", 0),
        Measure("most copies of one mail", max(copies.values(), default=0), "", 1),
        Measure("rows beside one for each pledge", confirmed - persisted, "", 0),
        Measure("mails not sent in the end", written - sent, "", 0),
        Measure("sent while Resend was away", sent_meanwhile, "", 0),
        Measure("answers lost after delivery", lost_answers, "", 5, is_floor=True),
        Measure("people without their pledge", PEOPLE - persisted, "", 0),
    ]


async def a_minute_later(play: Play, *, within_seconds: float = 90.0) -> None:
    """Wait until every mail that was due was tried, and skip a minute."""
    await until(
        lambda: is_a_minute_later(play),
        seconds=within_seconds,
        what="every mail that was due was tried",
        every=0.3,
    )


async def is_a_minute_later(play: Play) -> bool:
    """Skip a minute, unless a mail is due that was not tried yet."""
    if not await owner.value(play.stage, f"SELECT ({DUE}) = 0"):
        return False
    await owner.act(play.stage, A_MINUTE_OLDER, BATCHES_A_MINUTE_OLDER)
    return True


async def _until(play: Play, query: str, what: str) -> None:
    await until(lambda: owner.value(play.stage, query), seconds=90, what=what, every=0.3)


EXPERIMENT = Experiment(
    id="E-14",
    says="Resend is away for ten minutes, then loses one answer in five",
    act=act,
    proxied=("resend",),
)

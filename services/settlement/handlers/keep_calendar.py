"""Follow the campaigns' dates and announce each start and deadline exactly once."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.events.settlement import CampaignWentLive, DeadlinePassed
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain.runs import Timer
from services.settlement.queries import campaigns as queries

log = telemetry.logger(__name__)

NEXT_TIMERS_MAX = 20
STALE_SECONDS = 10.0


class TimerShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A timer as operators read it."""

    campaign_slug: str
    kind: str
    due_at: datetime


class CalendarStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether the calendar is watched, and what comes next.

    `heartbeat` is real time, `last_tick` and `now` are the platform's.
    """

    heartbeat: datetime | None
    last_tick: datetime | None
    is_alive: bool
    now: datetime
    next_timers: tuple[TimerShown, ...]


async def fire_due_timers(conn: Connection) -> int:
    """Announce every instant that has come, however long ago; return how many."""
    fired = await queries.fire_due_timers(conn)
    for timer, now in fired:
        event = _announcement(timer, now)
        # A campaign says two things here, in this order: its versions 1 and 2.
        version = 1 if timer.kind == "start" else 2
        await outbox.append(
            conn, event, key=timer.campaign, aggregate=timer.campaign, version=version
        )
        log.info("timer_fired", campaign=timer.campaign, kind=timer.kind)
    await queries.beat(conn)
    return len(fired)


async def calendar_status(conn: Connection) -> CalendarStatus:
    """Return the watch over the calendar as it stands."""
    heartbeat, age_seconds, now = await queries.read_heartbeat(conn)
    timers = await queries.list_next_timers(conn, limit=NEXT_TIMERS_MAX)
    return CalendarStatus(
        heartbeat=heartbeat.beat_at if heartbeat else None,
        last_tick=heartbeat.platform_at if heartbeat else None,
        is_alive=heartbeat is not None and age_seconds < STALE_SECONDS,
        now=now,
        next_timers=tuple(
            TimerShown(campaign_slug=timer.campaign, kind=timer.kind, due_at=timer.due_at)
            for timer in timers
        ),
    )


def _announcement(timer: Timer, now: datetime) -> Any:
    event_id = outbox.new_event_id()
    if timer.kind == "start":
        return CampaignWentLive(
            event_id=event_id, occurred_at=now, campaign=timer.campaign, starts_at=timer.due_at
        )
    return DeadlinePassed(
        event_id=event_id, occurred_at=now, campaign=timer.campaign, deadline_at=timer.due_at
    )

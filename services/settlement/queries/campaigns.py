"""SQL about campaigns, their timers and the watch over them."""

from datetime import datetime

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.runs import Campaign, Timer

CAMPAIGN = "slug, version, title, timezone, currency, starts_at, deadline_at, goal_cents"
TIMERS_MAX = 100


class Heartbeat(msgspec.Struct, frozen=True):
    """When the calendar was last looked at, by real time and by the platform's."""

    beat_at: datetime
    platform_at: datetime


async def insert_campaign(conn: Connection, campaign: Campaign) -> bool:
    """Add a campaign not yet known; tell whether it was new."""
    done = await conn.fetchval(
        """
        INSERT INTO campaigns
            (slug, version, title, timezone, currency, starts_at, deadline_at, goal_cents)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING
        RETURNING true
        """,
        *_values(campaign),
    )
    return done is not None


async def lock_campaign(conn: Connection, slug: CampaignSlug) -> Campaign:
    """Return a known campaign, locked."""
    row = await conn.fetchrow(
        f"""
        SELECT {CAMPAIGN}
        FROM campaigns
        WHERE slug = $1
        FOR UPDATE
        """,  # noqa: S608
        slug,
    )
    assert row is not None, f"{slug} is not known"
    return msgspec.convert(row, Campaign)


async def update_campaign(conn: Connection, campaign: Campaign) -> None:
    await conn.execute(
        """
        UPDATE campaigns
        SET version = $2, title = $3, timezone = $4, currency = $5,
            starts_at = $6, deadline_at = $7, goal_cents = $8
        WHERE slug = $1
        """,
        *_values(campaign),
    )


async def save_platform(conn: Connection, definition: PlatformDefinition) -> None:
    """Keep what the platform decides for charging; an older version changes nothing."""
    await conn.execute(
        """
        INSERT INTO platform_rules AS known (version, recovery_window_days)
        VALUES ($1, $2)
        ON CONFLICT (only_row) DO UPDATE
        SET version = excluded.version, recovery_window_days = excluded.recovery_window_days
        WHERE known.version < excluded.version
        """,
        definition.version,
        definition.recovery_window_days,
    )


async def set_timers(conn: Connection, campaign: Campaign) -> None:
    """Set both timers. One that has fired stays as it is."""
    await conn.execute(
        """
        INSERT INTO timers (campaign, kind, due_at)
        VALUES ($1, 'start', $2), ($1, 'deadline', $3)
        ON CONFLICT (campaign, kind) DO UPDATE
        SET due_at = excluded.due_at
        WHERE timers.fired_at IS NULL
        """,
        campaign.slug,
        campaign.starts_at,
        campaign.deadline_at,
    )


async def find_campaign(conn: Connection, slug: CampaignSlug) -> Campaign | None:
    row = await conn.fetchrow(
        f"""
        SELECT {CAMPAIGN},
               coalesce((SELECT recovery_window_days FROM platform_rules), 7) AS recovery_days
        FROM campaigns
        WHERE slug = $1
        """,  # noqa: S608
        slug,
    )
    return None if row is None else msgspec.convert(row, Campaign)


async def fire_due_timers(conn: Connection) -> list[tuple[Timer, datetime]]:
    """Mark every timer that is due, and return them with the time of marking, in order."""
    rows = await conn.fetch(
        """
        WITH due AS (
            SELECT campaign, kind, platform.now() AS now
            FROM timers
            WHERE fired_at IS NULL
              AND due_at <= platform.now()
            ORDER BY due_at, campaign, kind
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE timers
        SET fired_at = due.now
        FROM due
        WHERE timers.campaign = due.campaign
          AND timers.kind = due.kind
        RETURNING timers.campaign, timers.kind, timers.due_at, timers.fired_at
        """,
        TIMERS_MAX,
    )
    fired = [(msgspec.convert(row, Timer), row["fired_at"]) for row in rows]
    # UPDATE returns rows in no order; a start is announced before its deadline.
    return sorted(fired, key=lambda each: (each[0].due_at, each[0].campaign))


async def beat(conn: Connection) -> None:
    await conn.execute(
        """
        INSERT INTO calendar_heartbeat (beat_at, platform_at)
        VALUES (clock_timestamp(), platform.now())
        ON CONFLICT (only_row) DO UPDATE
        SET beat_at = excluded.beat_at, platform_at = excluded.platform_at
        """
    )


async def read_heartbeat(conn: Connection) -> tuple[Heartbeat | None, float, datetime]:
    """Return the last beat, its age in seconds, and the platform's time."""
    row = await conn.fetchrow(
        """
        SELECT beat_at, platform_at, platform.now() AS now,
               extract(epoch FROM clock_timestamp() - beat_at) AS age
        FROM (VALUES (true)) AS one (only_row)
        LEFT JOIN calendar_heartbeat USING (only_row)
        """
    )
    assert row is not None
    if row["beat_at"] is None:
        return None, 0.0, row["now"]
    return msgspec.convert(row, Heartbeat), float(row["age"]), row["now"]


async def list_next_timers(conn: Connection, *, limit: int) -> list[Timer]:
    rows = await conn.fetch(
        """
        SELECT campaign, kind, due_at
        FROM timers
        WHERE fired_at IS NULL
        ORDER BY due_at, campaign, kind
        LIMIT $1
        """,
        limit,
    )
    return decode_rows(rows, Timer)


def _values(campaign: Campaign) -> tuple[object, ...]:
    return (
        campaign.slug,
        campaign.version,
        campaign.title,
        campaign.timezone,
        campaign.currency,
        campaign.starts_at,
        campaign.deadline_at,
        campaign.goal_cents,
    )

"""Campaign copies, their state, and what was heard about their end.

A campaign's state is held by many who change its pledges (`FOR SHARE`), or by one who closes
it (`FOR UPDATE`). Postgres lets newcomers share a row for which somebody waits alone, for
ever in a crowd; so everybody takes a turn first, at a lock of that name whose queue is fair.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.campaign import CampaignDefinition
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.pledge import Campaign


class Locked(msgspec.Struct, frozen=True):
    """Campaigns whose state is locked, and the time at which the locks were had."""

    campaigns: dict[CampaignSlug, Campaign]
    now: datetime | None


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """What we heard about a campaign's end; None where nothing was said yet."""

    drained_count: int | None
    drained_hash: str | None


async def save_definition(
    conn: Connection, definition: CampaignDefinition, published_at: datetime
) -> bool:
    """Keep a definition if it is newer than ours; tell whether it was."""
    return bool(
        await conn.fetchval(
            """
            INSERT INTO campaigns (campaign, version, title, definition, published_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (campaign) DO UPDATE
            SET version = excluded.version,
                title = excluded.title,
                definition = excluded.definition,
                published_at = excluded.published_at
            WHERE campaigns.version < excluded.version
            RETURNING true
            """,
            definition.slug,
            definition.version,
            definition.title,
            definition,
            published_at,
        )
    )


async def open_campaign(conn: Connection, definition: CampaignDefinition) -> None:
    """Make the state and the empty totals of a campaign heard of for the first time."""
    await conn.execute(
        """
        WITH opened AS (
            INSERT INTO campaign_state (campaign, starts_at, deadline_at, goal_cents, currency)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (campaign) DO NOTHING
        ), signals AS (
            INSERT INTO closing_signals (campaign)
            VALUES ($1)
            ON CONFLICT (campaign) DO NOTHING
        )
        INSERT INTO campaign_totals (campaign)
        VALUES ($1)
        ON CONFLICT (campaign) DO NOTHING
        """,
        definition.slug,
        definition.starts_at,
        definition.deadline_at,
        definition.goal_cents,
        definition.currency,
    )


async def read_campaign(conn: Connection, campaign: CampaignSlug) -> Locked:
    """Return a campaign as it stands, without locking it, and the platform's time."""
    rows = await conn.fetch(
        """
        SELECT campaign, title, starts_at, deadline_at, goal_cents, currency, state, is_funded,
            platform.now() AS now
        FROM campaign_state
        JOIN campaigns USING (campaign)
        WHERE campaign = $1
        """,
        campaign,
    )
    return _locked(rows)


async def move_calendar(conn: Connection, definition: CampaignDefinition) -> None:
    """Take over dates, goal and currency of a campaign that has not started."""
    await conn.execute(
        """
        UPDATE campaign_state
        SET starts_at = $2, deadline_at = $3, goal_cents = $4, currency = $5
        WHERE campaign = $1
        """,
        definition.slug,
        definition.starts_at,
        definition.deadline_at,
        definition.goal_cents,
        definition.currency,
    )


async def lock_campaigns_shared(conn: Connection, campaigns: Sequence[CampaignSlug]) -> Locked:
    """Keep these campaigns from closing until the transaction ends.

    The clock is read outside the locking subquery: after the wait, not before it.
    """
    rows = await conn.fetch(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared(hashtextextended('pledges.door:' || name, 0))
            FROM unnest($1::text[]) AS name
        )
        SELECT held.campaign, held.title, held.starts_at, held.deadline_at, held.goal_cents,
            held.currency, held.state, held.is_funded, platform.now() AS now
        FROM (
            SELECT campaign, title, starts_at, deadline_at, goal_cents, currency, state, is_funded
            FROM campaign_state AS state
            JOIN campaigns USING (campaign)
            WHERE campaign = ANY($1)
              AND (SELECT count(*) FROM turn) > 0
            ORDER BY campaign
            FOR SHARE OF state
        ) AS held
        """,
        sorted(campaigns),
    )
    return _locked(rows)


async def lock_campaign(conn: Connection, campaign: CampaignSlug) -> Locked:
    """Keep everybody else from changing any pledge of a campaign until we are done."""
    rows = await conn.fetch(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('pledges.door:' || $1, 0))
        )
        SELECT held.campaign, held.title, held.starts_at, held.deadline_at, held.goal_cents,
            held.currency, held.state, held.is_funded, platform.now() AS now
        FROM (
            SELECT campaign, title, starts_at, deadline_at, goal_cents, currency, state, is_funded
            FROM campaign_state AS state
            JOIN campaigns USING (campaign)
            WHERE campaign = $1
              AND (SELECT count(*) FROM turn) > 0
            FOR UPDATE OF state
        ) AS held
        """,
        campaign,
    )
    return _locked(rows)


async def list_campaigns(conn: Connection, *, after: str, limit: int) -> list[CampaignSlug]:
    """Return the next campaigns by name."""
    rows = await conn.fetch(
        """
        SELECT campaign
        FROM campaign_state
        WHERE campaign > $1
        ORDER BY campaign
        LIMIT $2
        """,
        after,
        limit,
    )
    return [row["campaign"] for row in rows]


async def note_deadline(conn: Connection, campaign: CampaignSlug, heard_at: datetime) -> None:
    """Remember that the deadline was announced."""
    await conn.execute(
        """
        UPDATE closing_signals
        SET deadline_heard_at = $2
        WHERE campaign = $1
          AND deadline_heard_at IS NULL
        """,
        campaign,
        heard_at,
    )


async def note_drained(
    conn: Connection, campaign: CampaignSlug, *, count: int, digest: str, said_at: datetime
) -> None:
    """Remember which orders checkout counted; a later count replaces an earlier one."""
    await conn.execute(
        """
        UPDATE closing_signals
        SET drained_count = $2, drained_hash = $3, drained_said_at = $4
        WHERE campaign = $1
          AND (drained_said_at IS NULL OR drained_said_at < $4)
        """,
        campaign,
        count,
        digest,
        said_at,
    )


async def read_signals(conn: Connection, campaign: CampaignSlug) -> Signals:
    """Return what was heard about a campaign's end."""
    rows = await conn.fetch(
        """
        SELECT drained_count, drained_hash
        FROM closing_signals
        WHERE campaign = $1
        """,
        campaign,
    )
    return decode_rows(rows, Signals)[0]


def _locked(rows: Sequence[object]) -> Locked:
    campaigns = decode_rows(list(rows), Campaign)
    now = msgspec.convert(rows[0], _Clock).now if rows else None
    return Locked({each.campaign: each for each in campaigns}, now)


class _Clock(msgspec.Struct, frozen=True):
    now: datetime


async def is_cancelled(conn: Connection, campaign: CampaignSlug) -> bool:
    """Tell whether a campaign was ended early by its operator."""
    found: bool = await conn.fetchval(
        "SELECT is_cancelled FROM campaign_state WHERE campaign = $1", campaign
    )
    return found


async def count_indexed(conn: Connection, campaign: CampaignSlug) -> int:
    """Return how many pledges of a campaign are not cancelled, late support with them."""
    found: int = await conn.fetchval(
        "SELECT count(*) FROM pledges WHERE campaign = $1 AND status <> 'cancelled'", campaign
    )
    return found

"""What may become news: totals and the milestones they reached, and the diary."""

from collections.abc import Sequence

import msgspec

from contracts.events.campaigns import DiaryNote
from contracts.events.pledges import TotalsChanged
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.news import Reached


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The newest totals of a campaign."""

    pledged_cents: Cents
    pledge_count: int
    supporter_count: int


async def save_totals(conn: Connection, event: TotalsChanged) -> bool:
    """Keep newer totals; false when we had newer ones."""
    row = await conn.fetchrow(
        """
        INSERT INTO totals (campaign, version, pledged_cents, pledge_count, supporter_count)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (campaign) DO UPDATE
        SET version = excluded.version,
            pledged_cents = excluded.pledged_cents,
            pledge_count = excluded.pledge_count,
            supporter_count = excluded.supporter_count
        WHERE totals.version < excluded.version
        RETURNING campaign
        """,
        event.campaign,
        event.version,
        event.pledged_cents,
        event.pledge_count,
        event.supporter_count,
    )
    return row is not None


async def read_totals(conn: Connection, campaign: str) -> Totals | None:
    """Return the newest totals, if anything was pledged yet."""
    row = await conn.fetchrow(
        "SELECT pledged_cents, pledge_count, supporter_count FROM totals WHERE campaign = $1",
        campaign,
    )
    return None if row is None else msgspec.convert(row, Totals)


async def list_milestones(conn: Connection, campaign: str) -> set[str]:
    """Return the milestones that were noted."""
    rows = await conn.fetch(
        "SELECT milestone FROM milestones WHERE campaign = $1 LIMIT 1000", campaign
    )
    return {row["milestone"] for row in rows}


async def insert_milestones(conn: Connection, campaign: str, reached: Sequence[Reached]) -> None:
    """Note milestones as reached, for good."""
    await conn.execute(
        """
        INSERT INTO milestones (campaign, milestone, is_told, reached_at)
        SELECT $1, milestone, is_told, platform.now()
        FROM unnest($2::text[], $3::boolean[]) AS new (milestone, is_told)
        ON CONFLICT (campaign, milestone) DO NOTHING
        """,
        campaign,
        [each.name for each in reached],
        [each.is_told for each in reached],
    )


async def save_diary(
    conn: Connection, campaign: CampaignSlug, notes: Sequence[DiaryNote], *, is_done: bool
) -> None:
    """Keep the diary as it is published; what was told of stays told of."""
    await conn.execute(
        """
        INSERT INTO diary_entries (campaign, entry_id, title, excerpt, at, is_done)
        SELECT $1, entry_id, title, excerpt, at, $6
        FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
            AS new (entry_id, title, excerpt, at)
        ON CONFLICT (campaign, entry_id) DO UPDATE
        SET title = excluded.title, excerpt = excluded.excerpt, at = excluded.at
        """,
        campaign,
        [each.entry_id for each in notes],
        [each.title for each in notes],
        [each.excerpt for each in notes],
        [each.at for each in notes],
        is_done,
    )


async def list_untold(conn: Connection, campaign: str | None) -> list[tuple[str, DiaryNote]]:
    """Return the entries whose day has come and that nobody was told of, oldest first."""
    rows = await conn.fetch(
        """
        SELECT campaign, entry_id, title, excerpt, at
        FROM diary_entries
        WHERE NOT is_done AND at <= platform.now() AND ($1::text IS NULL OR campaign = $1)
        ORDER BY at, campaign, entry_id
        LIMIT 100
        FOR UPDATE SKIP LOCKED
        """,
        campaign,
    )
    notes = decode_rows(rows, DiaryNote)
    return [(row["campaign"], note) for row, note in zip(rows, notes, strict=True)]


async def find_entry(conn: Connection, campaign: str, title: str) -> DiaryNote | None:
    """Return the entry of that title, the newest if there are two."""
    row = await conn.fetchrow(
        """
        SELECT entry_id, title, excerpt, at
        FROM diary_entries
        WHERE campaign = $1 AND title = $2
        ORDER BY at DESC
        LIMIT 1
        """,
        campaign,
        title,
    )
    return None if row is None else msgspec.convert(row, DiaryNote)


async def mark_told(conn: Connection, campaign: str, entry_id: str) -> None:
    await conn.execute(
        "UPDATE diary_entries SET is_done = true WHERE campaign = $1 AND entry_id = $2",
        campaign,
        entry_id,
    )


async def list_launched(conn: Connection) -> list[CampaignSlug]:
    """Return the campaigns that have opened and still have somebody to remind of it."""
    rows = await conn.fetch(
        """
        SELECT slug
        FROM campaigns
        WHERE starts_at <= platform.now()
          AND EXISTS (SELECT FROM reminders WHERE reminders.campaign = campaigns.slug)
          AND NOT EXISTS (
              SELECT
              FROM broadcasts
              WHERE kind = 'launch_reminder' AND cause = campaigns.slug
          )
        ORDER BY slug
        LIMIT 100
        """
    )
    return [row["slug"] for row in rows]


async def lock_start(conn: Connection, campaign: str, *, shared: bool) -> bool | None:
    """Return whether a campaign has not opened yet, and keep it so; None if we know none."""
    mode = "FOR SHARE" if shared else "FOR UPDATE"
    upcoming: bool | None = await conn.fetchval(
        f"SELECT starts_at > platform.now() FROM campaigns WHERE slug = $1 {mode}",  # noqa: S608
        campaign,
    )
    return upcoming

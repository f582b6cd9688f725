"""SQL about our copies of campaigns: reading them, locking their doors.

A door is a row, held open by many (`FOR SHARE`) or closed by one (`FOR UPDATE`). Postgres
lets newcomers share a row for which somebody waits alone, for ever in a crowd; so each
statement takes its turn first, at a lock of the same name whose queue is fair.
"""

from datetime import datetime

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.cart import KnownCampaign
from services.checkout.domain.orders import Door


async def upsert_campaign(conn: Connection, definition: CampaignDefinition, at: datetime) -> bool:
    """Keep a newer version; tell whether it was one. From the start on its calendar stays."""
    slug = await conn.fetchval(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('checkout.door:' || $1, 0))
        )
        INSERT INTO campaigns (slug, version, deadline_at, definition)
        SELECT $1, $2::bigint, $3::timestamptz, $4::jsonb FROM turn
        ON CONFLICT (slug) DO UPDATE
        SET version = excluded.version, deadline_at = CASE
                WHEN $5::timestamptz < (campaigns.definition ->> 'starts_at')::timestamptz
                THEN least(excluded.deadline_at, campaigns.cancelled_at)
                ELSE campaigns.deadline_at END,
            definition = excluded.definition || CASE
                WHEN $5 < (campaigns.definition ->> 'starts_at')::timestamptz THEN '{}'
                ELSE (SELECT jsonb_object_agg(key, value) FROM jsonb_each(campaigns.definition)
                      WHERE key IN ('starts_at', 'deadline_at', 'goal_cents', 'currency')) END
        WHERE campaigns.version < excluded.version RETURNING slug
        """,
        definition.slug,
        definition.version,
        definition.deadline_at,
        definition,
        at,
    )
    return slug is not None


async def end_early(conn: Connection, slug: CampaignSlug, cancelled_at: datetime) -> bool:
    """Move a campaign's deadline to when it was ended early; False when it is not known."""
    found = await conn.fetchval(
        """
        UPDATE campaigns
        SET cancelled_at = $2, deadline_at = least(deadline_at, $2)
        WHERE slug = $1
        RETURNING true
        """,
        slug,
        cancelled_at,
    )
    return found is not None


async def upsert_platform(conn: Connection, definition: PlatformDefinition) -> bool:
    """Keep a newer version; tell whether it was one."""
    kept = await conn.fetchval(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('checkout.platform', 0))
        )
        INSERT INTO platform_definition (version, definition)
        SELECT $1::bigint, $2::jsonb
        FROM turn
        ON CONFLICT (only_row) DO UPDATE
        SET version = excluded.version,
            definition = excluded.definition
        WHERE platform_definition.version < excluded.version
        RETURNING true
        """,
        definition.version,
        definition,
    )
    return kept is not None


async def upsert_totals(conn: Connection, totals: TotalsChanged) -> None:
    await conn.execute(
        """
        INSERT INTO campaign_totals
            (campaign, version, pledged_cents, collected_cents, recovering_cents, lost_cents)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (campaign) DO UPDATE
        SET version = excluded.version,
            pledged_cents = excluded.pledged_cents,
            collected_cents = excluded.collected_cents,
            recovering_cents = excluded.recovering_cents,
            lost_cents = excluded.lost_cents
        WHERE campaign_totals.version < excluded.version
        """,
        totals.campaign,
        totals.version,
        totals.pledged_cents,
        totals.collected_cents,
        totals.recovering_cents,
        totals.lost_cents,
    )


async def insert_outcome(conn: Connection, closed: CampaignClosed) -> None:
    """Keep how a campaign ended; that is said once."""
    await conn.execute(
        """
        INSERT INTO campaign_outcomes (campaign, is_funded, closed_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (campaign) DO NOTHING
        """,
        closed.campaign,
        closed.is_funded,
        closed.closed_at,
    )


async def insert_settlement(conn: Connection, slug: CampaignSlug, settled_at: datetime) -> None:
    """Keep when a campaign was settled; that is said once."""
    await conn.execute(
        """
        INSERT INTO campaign_settlements (campaign, settled_at)
        VALUES ($1, $2)
        ON CONFLICT (campaign) DO NOTHING
        """,
        slug,
        settled_at,
    )


async def platform(conn: Connection, *, is_locked: bool = False) -> PlatformDefinition:
    """Return the platform's own rules; its defaults until site has published some.

    With `is_locked` they stay as they are until we commit, and so does which of its
    products are limited. Take it after the campaigns' doors, before any stock.
    """
    definition = await conn.fetchval(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared(hashtextextended('checkout.platform', 0))
        )
        SELECT definition
        FROM platform_definition
        WHERE EXISTS (SELECT FROM turn)
        FOR SHARE
        """
        if is_locked
        else "SELECT definition FROM platform_definition"
    )
    if definition is None:
        return PlatformDefinition(version=0)
    return msgspec.convert(definition, PlatformDefinition)


async def lock_platform_shared(conn: Connection) -> None:
    """Hold the platform's door open, without reading its rules."""
    await conn.execute(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared(hashtextextended('checkout.platform', 0))
        )
        SELECT
        FROM platform_definition
        WHERE EXISTS (SELECT FROM turn)
        FOR SHARE
        """
    )


async def lock_platform(conn: Connection) -> PlatformDefinition:
    """Close the platform's door: waits for everybody who holds it, and keeps others out."""
    definition = await conn.fetchval(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('checkout.platform', 0))
        )
        SELECT definition
        FROM platform_definition
        WHERE EXISTS (SELECT FROM turn)
        FOR UPDATE
        """
    )
    if definition is None:
        return PlatformDefinition(version=0)
    return msgspec.convert(definition, PlatformDefinition)


async def find_campaigns(
    conn: Connection, slugs: list[CampaignSlug]
) -> dict[CampaignSlug, KnownCampaign]:
    rows = await conn.fetch(
        """
        SELECT definition, drained_at IS NOT NULL AS is_drained,
               coalesce(pledged_cents, 0) AS pledged_cents,
               coalesce(is_settled, false) AS is_settled,
               platform.now() AS now
        FROM campaigns
        LEFT JOIN campaign_totals AS totals ON totals.campaign = slug
        LEFT JOIN campaign_endings AS ending ON ending.campaign = slug
        WHERE slug = ANY($1)
        """,
        slugs,
    )
    return {each.definition.slug: each for each in decode_rows(rows, KnownCampaign)}


async def lock_campaigns(
    conn: Connection, slugs: list[CampaignSlug]
) -> dict[CampaignSlug, KnownCampaign]:
    """Hold the doors open: until we commit, none of these campaigns can be drained.

    The clock is read after the locks are had (the CTE is evaluated first), so nobody who
    waited for a lock decides by the time before the wait.
    """
    rows = await conn.fetch(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared(hashtextextended('checkout.door:' || slug, 0))
            FROM unnest($1::text[]) AS slug
        ), held AS MATERIALIZED (
            SELECT slug, definition, drained_at
            FROM campaigns
            WHERE slug = ANY($1)
              AND (SELECT count(*) FROM turn) > 0
            ORDER BY slug
            FOR SHARE
        )
        SELECT definition, drained_at IS NOT NULL AS is_drained,
               coalesce(pledged_cents, 0) AS pledged_cents,
               coalesce(is_settled, false) AS is_settled,
               platform.now() AS now
        FROM held
        LEFT JOIN campaign_totals AS totals ON totals.campaign = slug
        LEFT JOIN campaign_endings AS ending ON ending.campaign = slug
        """,
        sorted(slugs),
    )
    return {each.definition.slug: each for each in decode_rows(rows, KnownCampaign)}


async def lock_doors(conn: Connection, slugs: list[CampaignSlug]) -> dict[CampaignSlug, Door]:
    """Hold the doors open, without reading whole definitions."""
    rows = await conn.fetch(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared(hashtextextended('checkout.door:' || slug, 0))
            FROM unnest($1::text[]) AS slug
        )
        SELECT slug, deadline_at, drained_at IS NOT NULL AS is_drained
        FROM campaigns
        WHERE slug = ANY($1)
          AND (SELECT count(*) FROM turn) > 0
        ORDER BY slug
        FOR SHARE
        """,
        sorted(slugs),
    )
    return {each.slug: each for each in decode_rows(rows, Door)}


async def lock_definition(conn: Connection, slug: CampaignSlug) -> CampaignDefinition | None:
    """Close a campaign's door and return what is in force: nobody moves a unit meanwhile."""
    definition = await conn.fetchval(
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_advisory_xact_lock(hashtextextended('checkout.door:' || $1, 0))
        )
        SELECT definition
        FROM campaigns
        WHERE slug = $1
          AND EXISTS (SELECT FROM turn)
        FOR UPDATE
        """,
        slug,
    )
    return msgspec.convert(definition, CampaignDefinition) if definition is not None else None


async def titles(conn: Connection, slugs: list[CampaignSlug]) -> dict[str, str]:
    rows = await conn.fetch(
        "SELECT slug, definition ->> 'title' AS title FROM campaigns WHERE slug = ANY($1)", slugs
    )
    return {row["slug"]: row["title"] for row in rows}


async def list_deadlines(conn: Connection, slugs: list[CampaignSlug]) -> list[datetime]:
    rows = await conn.fetch("SELECT deadline_at FROM campaigns WHERE slug = ANY($1)", slugs)
    return [row["deadline_at"] for row in rows]


async def now(conn: Connection) -> datetime:
    """Return the platform's time."""
    at: datetime = await conn.fetchval("SELECT platform.now()")
    return at

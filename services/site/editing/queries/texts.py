"""Campaign texts: what was public, working copies, and what was set aside."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.site.publishing.texts import Draft, SetAside, Text

TEXTS_MAX = 200
DRAFTS_MAX = 10_000


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in the list of those that can be edited."""

    slug: CampaignSlug
    text_id: int | None
    version: int | None
    source: str
    is_open: bool
    saved_at: datetime | None
    saved_by: str | None
    archived_at: datetime | None
    set_asides: int


async def newest_text(conn: Connection, slug: CampaignSlug) -> Text | None:
    row = await conn.fetchrow(
        """
        SELECT text_id, slug, version, file, source, sha256, author, origin, message,
               published_at, mirrored_at, commit_id
        FROM campaign_texts
        WHERE slug = $1
        ORDER BY text_id DESC
        LIMIT 1
        """,
        slug,
    )
    return None if row is None else msgspec.convert(dict(row), Text)


async def list_texts(conn: Connection, slug: CampaignSlug) -> list[Text]:
    """Return a campaign's texts, the newest first."""
    rows: list[Any] = await conn.fetch(
        """
        SELECT text_id, slug, version, file, source, sha256, author, origin, message,
               published_at, mirrored_at, commit_id
        FROM campaign_texts
        WHERE slug = $1
        ORDER BY text_id DESC
        LIMIT $2
        """,
        slug,
        TEXTS_MAX,
    )
    return decode_rows(rows, Text)


async def was_public(conn: Connection, slug: CampaignSlug, sha256: str) -> bool:
    """Tell whether a campaign said exactly this already: then nobody can lose it."""
    found: bool = await conn.fetchval(
        "SELECT EXISTS (SELECT 1 FROM campaign_texts WHERE slug = $1 AND sha256 = $2)",
        slug,
        sha256,
    )
    return found


async def insert_text(
    conn: Connection,
    slug: CampaignSlug,
    *,
    version: int,
    file: str,
    source: str,
    sha256: str,
    author: str,
    origin: str,
    message: str,
    at: datetime,
    is_mirrored: bool,
) -> int:
    """Keep a text that is public from now on; return its id."""
    text_id: int = await conn.fetchval(
        """
        INSERT INTO campaign_texts (slug, version, file, source, sha256, author, origin, message,
                                    published_at, mirrored_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                CASE WHEN $10 THEN clock_timestamp() END)
        RETURNING text_id
        """,
        slug,
        version,
        file,
        source,
        sha256,
        author,
        origin,
        message,
        at,
        is_mirrored,
    )
    return text_id


async def find_draft(conn: Connection, slug: CampaignSlug) -> Draft | None:
    row = await conn.fetchrow(
        """
        SELECT slug, source, revision, base_text, is_open, saved_by, saved_at, archived_at
        FROM campaign_drafts
        WHERE slug = $1
        """,
        slug,
    )
    return None if row is None else msgspec.convert(dict(row), Draft)


async def save_draft(
    conn: Connection,
    slug: CampaignSlug,
    *,
    source: str,
    base_text: int,
    is_open: bool,
    saved_by: str,
) -> int:
    """Keep the working copy; return its revision."""
    revision: int = await conn.fetchval(
        """
        INSERT INTO campaign_drafts (slug, source, revision, base_text, is_open, saved_by, saved_at)
        VALUES ($1, $2, 1, $3, $4, $5, clock_timestamp())
        ON CONFLICT (slug) DO UPDATE
        SET source = excluded.source,
            revision = campaign_drafts.revision + 1,
            base_text = excluded.base_text,
            is_open = excluded.is_open,
            saved_by = excluded.saved_by,
            saved_at = excluded.saved_at
        RETURNING revision
        """,
        slug,
        source,
        base_text,
        is_open,
        saved_by,
    )
    return revision


async def archive_draft(conn: Connection, slug: CampaignSlug, *, is_archived: bool) -> None:
    await conn.execute(
        """
        UPDATE campaign_drafts
        SET archived_at = CASE WHEN $2 THEN clock_timestamp() END
        WHERE slug = $1
        """,
        slug,
        is_archived,
    )


async def insert_set_aside(
    conn: Connection, slug: CampaignSlug, *, file: str, source: str, origin: str, author: str
) -> None:
    """Keep a text that lost; the same one only once while nobody has looked at it."""
    await conn.execute(
        """
        INSERT INTO campaign_set_asides (slug, file, source, origin, author, set_aside_at)
        SELECT $1, $2, $3, $4, $5, clock_timestamp()
        WHERE NOT EXISTS (
            SELECT 1
            FROM campaign_set_asides
            WHERE slug = $1 AND source = $3 AND settled_at IS NULL
        )
        """,
        slug,
        file,
        source,
        origin,
        author,
    )


async def open_set_asides(conn: Connection, slug: CampaignSlug) -> list[SetAside]:
    rows: list[Any] = await conn.fetch(
        """
        SELECT set_aside_id, slug, file, source, origin, author, set_aside_at
        FROM campaign_set_asides
        WHERE slug = $1 AND settled_at IS NULL
        ORDER BY set_aside_id DESC
        LIMIT $2
        """,
        slug,
        TEXTS_MAX,
    )
    return decode_rows(rows, SetAside)


async def settle_set_aside(conn: Connection, slug: CampaignSlug, number: int, by: str) -> bool:
    """Note that somebody has looked at it; tell whether it was still waiting."""
    done = await conn.execute(
        """
        UPDATE campaign_set_asides
        SET settled_at = clock_timestamp(), settled_by = $3
        WHERE slug = $1 AND set_aside_id = $2 AND settled_at IS NULL
        """,
        slug,
        number,
        by,
    )
    return str(done) == "UPDATE 1"


async def list_lines(conn: Connection) -> list[Line]:
    """Return every campaign that can be edited, whether it was ever public or not."""
    rows: list[Any] = await conn.fetch(
        """
        SELECT slug, newest.text_id, newest.version,
               CASE WHEN draft.is_open OR newest.source IS NULL THEN draft.source
                    ELSE newest.source END AS source,
               coalesce(draft.is_open, false) AS is_open,
               draft.saved_at, draft.saved_by, draft.archived_at,
               coalesce(aside.waiting, 0) AS set_asides
        FROM (SELECT DISTINCT ON (slug) slug, text_id, version, source
              FROM campaign_texts
              ORDER BY slug, text_id DESC) AS newest
        FULL JOIN campaign_drafts AS draft USING (slug)
        LEFT JOIN (SELECT slug, count(*) AS waiting
                   FROM campaign_set_asides
                   WHERE settled_at IS NULL
                   GROUP BY slug) AS aside USING (slug)
        ORDER BY slug
        LIMIT $1
        """,
        DRAFTS_MAX,
    )
    return decode_rows(rows, Line)


async def products_elsewhere(conn: Connection, slug: CampaignSlug) -> dict[str, str]:
    """Return who sells what: product ids of the other campaigns, and of the platform."""
    rows: list[Any] = await conn.fetch(
        """
        SELECT product ->> 'product_id' AS product_id, slug AS seller
        FROM (SELECT DISTINCT ON (slug) slug, document
              FROM campaign_versions
              WHERE slug <> $1
              ORDER BY slug, version DESC) AS newest,
             jsonb_array_elements(document -> 'definition' -> 'add_ons') AS product
        UNION ALL
        SELECT product ->> 'product_id', 'platform.yml'
        FROM (SELECT document FROM platform_versions ORDER BY version DESC LIMIT 1) AS newest,
             jsonb_array_elements(document -> 'definition' -> 'add_ons') AS product
        LIMIT $2
        """,
        slug,
        DRAFTS_MAX,
    )
    return {str(row["product_id"]): str(row["seller"]) for row in rows}

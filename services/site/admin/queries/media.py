"""The SQL of the media library: what each campaign has."""

from collections.abc import Iterable

from services.chassis.storage.database import Connection, decode_rows
from services.site.media.library import (
    PLATFORM,
    Document,
    Item,
    Search,
)

NAMES_MAX = 100_000


async def save_item(
    conn: Connection, *, item_id: str, campaign: str, name: str, label: str, alt: str, by: str
) -> str:
    """Give a campaign a file; one it has already stays its own. Return the item's id."""
    found: str = await conn.fetchval(
        """
        INSERT INTO media_items (item_id, campaign, name, label, alt, uploaded_by, uploaded_at,
                                 unused_since)
        VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp())
        ON CONFLICT (campaign, name) DO UPDATE
        SET label = CASE WHEN media_items.removed_at IS NULL THEN media_items.label
                         ELSE excluded.label END,
            alt = CASE WHEN excluded.alt = '' THEN media_items.alt ELSE excluded.alt END,
            uploaded_by = excluded.uploaded_by,
            uploaded_at = excluded.uploaded_at,
            unused_since = excluded.unused_since,
            removed_at = NULL,
            removed_by = NULL
        RETURNING item_id
        """,
        item_id,
        campaign,
        name,
        label,
        alt,
        by,
    )
    return found


async def bytes_of_last_hour(conn: Connection, email: str) -> int:
    """Return how many bytes somebody uploaded within an hour."""
    found: int = await conn.fetchval(
        """
        SELECT coalesce(sum(media_files.bytes), 0)::bigint
        FROM media_items
        JOIN media_files USING (name)
        WHERE uploaded_by = $1 AND uploaded_at > clock_timestamp() - interval '1 hour'
        """,
        email,
    )
    return found


async def list_items(
    conn: Connection, campaign: str, search: Search, *, before: str, limit: int
) -> list[Item]:
    """Return the newest of a campaign's media, older than the item `before` when it is given."""
    rows = await conn.fetch(
        """
        SELECT item_id, campaign, label, alt, uploaded_by, uploaded_at, unused_since, name,
               family, media_type, bytes, width, height, state, widths, attempts, trouble
        FROM media_items
        JOIN media_files USING (name)
        WHERE campaign = $1
          AND removed_at IS NULL
          AND ($2 = '' OR item_id < $2)
          AND ($3 = '' OR family = $3)
          AND ($4 = '' OR strpos(lower(concat_ws(' ', label, alt, name)), $4) > 0)
        ORDER BY item_id DESC
        LIMIT $5
        """,
        campaign,
        before,
        search.family,
        search.words.lower(),
        limit,
    )
    return decode_rows(rows, Item)


async def find_item(conn: Connection, campaign: str, item_id: str) -> Item | None:
    """Return one of a campaign's media."""
    rows = await conn.fetch(
        """
        SELECT item_id, campaign, label, alt, uploaded_by, uploaded_at, unused_since, name,
               family, media_type, bytes, width, height, state, widths, attempts, trouble
        FROM media_items
        JOIN media_files USING (name)
        WHERE campaign = $1 AND item_id = $2 AND removed_at IS NULL
        LIMIT 1
        """,
        campaign,
        item_id,
    )
    return next(iter(decode_rows(rows, Item)), None)


async def describe_item(conn: Connection, item_id: str, label: str, alt: str) -> None:
    """Call a file something else, and say what is on it."""
    await conn.execute(
        "UPDATE media_items SET label = $2, alt = $3 WHERE item_id = $1", item_id, label, alt
    )


async def remove_item(conn: Connection, item_id: str, by: str) -> None:
    """Take a file out of a campaign's library."""
    await conn.execute(
        """
        UPDATE media_items
        SET removed_at = clock_timestamp(), removed_by = $2
        WHERE item_id = $1 AND removed_at IS NULL
        """,
        item_id,
        by,
    )


async def list_absent(conn: Connection, names: Iterable[str]) -> list[str]:
    """Return which of these names no file has."""
    rows = await conn.fetch(
        """
        SELECT wanted.name
        FROM unnest($1::text[]) AS wanted(name)
        LEFT JOIN media_files ON media_files.name = wanted.name AND media_files.gone_at IS NULL
        WHERE media_files.name IS NULL
        ORDER BY wanted.name
        """,
        list(names),
    )
    return [row["name"] for row in rows]


async def list_documents(conn: Connection) -> list[Document]:
    """Return everything that may name a file: what is public of each campaign, and ours."""
    rows = await conn.fetch(
        """
        SELECT slug AS campaign, document, false AS is_draft
        FROM (
            SELECT DISTINCT ON (slug) slug, document
            FROM campaign_versions
            ORDER BY slug, version DESC
        ) AS newest
        UNION ALL
        SELECT campaign, document, false
        FROM (
            SELECT $1 AS campaign, document
            FROM platform_versions
            ORDER BY version DESC
            LIMIT 1
        ) AS ours
        UNION ALL
        SELECT slug, to_jsonb(source), true
        FROM campaign_drafts
        WHERE is_open
        LIMIT $2
        """,
        PLATFORM,
        NAMES_MAX,
    )
    return decode_rows(rows, Document)

"""The SQL of uploaded files: by the name of their bytes, whoever has them."""

from collections.abc import Iterable
from datetime import timedelta

from services.chassis.storage.database import Connection, decode_rows
from services.site.media.library import ATTEMPTS_MAX, LEASE, File

SWEPT_AT_ONCE = 100


async def lock_file(conn: Connection, name: str) -> None:
    """Let nobody else keep or delete the file until this transaction ends."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('site.media:' || $1, 0))", name
    )


async def save_file(conn: Connection, file: File) -> None:
    """Keep what is known of a file; one that is there stays as it is, unless it was gone."""
    await conn.execute(
        """
        INSERT INTO media_files (name, family, media_type, bytes, width, height, state, widths,
                                 attempts, trouble, stored_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', 0, '', clock_timestamp())
        ON CONFLICT (name) DO UPDATE
        SET state = excluded.state,
            widths = excluded.widths,
            attempts = 0,
            trouble = '',
            stored_at = excluded.stored_at,
            gone_at = NULL
        WHERE media_files.gone_at IS NOT NULL OR media_files.state = 'failed'
        """,
        file.name,
        file.family,
        file.media_type,
        file.bytes,
        file.width,
        file.height,
        file.state,
    )


async def claim_file(conn: Connection) -> File | None:
    """Take the oldest picture that is to be scaled, for the length of a lease."""
    rows = await conn.fetch(
        """
        UPDATE media_files
        SET leased_until = clock_timestamp() + $1, attempts = attempts + 1
        WHERE name = (
            SELECT name
            FROM media_files
            WHERE state = 'processing'
              AND gone_at IS NULL
              AND (leased_until IS NULL OR leased_until < clock_timestamp())
            ORDER BY stored_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING name, family, media_type, bytes, width, height, state, widths, attempts, trouble
        """,
        LEASE,
    )
    return next(iter(decode_rows(rows, File)), None)


async def finish_file(conn: Connection, name: str, widths: Iterable[int]) -> None:
    """Note that a picture is there in every size."""
    await conn.execute(
        """
        UPDATE media_files
        SET state = 'ready', widths = $2, leased_until = NULL, trouble = ''
        WHERE name = $1 AND state = 'processing'
        """,
        name,
        list(widths),
    )


async def fail_file(conn: Connection, name: str, trouble: str) -> None:
    """Note that scaling failed; it is tried again, but not for ever."""
    await conn.execute(
        """
        UPDATE media_files
        SET state = CASE WHEN attempts >= $3 THEN 'failed' ELSE state END,
            leased_until = NULL,
            trouble = $2
        WHERE name = $1 AND state = 'processing'
        """,
        name,
        trouble,
        ATTEMPTS_MAX,
    )


async def mark_uses(conn: Connection, names: Iterable[str]) -> None:
    """Note which files some page names, and since when the others are named by none."""
    await conn.execute(
        """
        UPDATE media_items
        SET unused_since = CASE WHEN name = ANY($1) THEN NULL ELSE clock_timestamp() END
        WHERE removed_at IS NULL AND (unused_since IS NULL) <> (name = ANY($1))
        """,
        list(names),
    )


async def remove_unused(conn: Connection, after: timedelta, by: str) -> None:
    """Take out what no page has named for so long."""
    await conn.execute(
        """
        UPDATE media_items
        SET removed_at = clock_timestamp(), removed_by = $2
        WHERE removed_at IS NULL AND unused_since < clock_timestamp() - $1::interval
        """,
        after,
        by,
    )


async def list_orphans(conn: Connection, after: timedelta) -> list[str]:
    """Return the names of files that no campaign has had for so long."""
    rows = await conn.fetch(
        """
        SELECT name
        FROM media_files
        WHERE gone_at IS NULL
          AND NOT EXISTS (
              SELECT
              FROM media_items
              WHERE media_items.name = media_files.name
                AND (removed_at IS NULL OR removed_at > clock_timestamp() - $1::interval)
          )
        LIMIT $2
        """,
        after,
        SWEPT_AT_ONCE,
    )
    return [row["name"] for row in rows]


async def drop_file(conn: Connection, name: str, after: timedelta) -> list[int] | None:
    """Note that an orphan is gone; return its sizes, or None when somebody has it again."""
    found: list[int] | None = await conn.fetchval(
        """
        UPDATE media_files
        SET gone_at = clock_timestamp()
        WHERE name = $1
          AND gone_at IS NULL
          AND NOT EXISTS (
              SELECT
              FROM media_items
              WHERE media_items.name = media_files.name
                AND (removed_at IS NULL OR removed_at > clock_timestamp() - $2::interval)
          )
        RETURNING widths
        """,
        name,
        after,
    )
    return found

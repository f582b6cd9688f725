"""The folder and its repository: what they held last, what they lack, and how they fare."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, Pool, decode_rows
from services.site.publishing.texts import Text

BATCH = 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder held when we looked or wrote last."""

    file: str
    sha256: str


class Mirrored(msgspec.Struct, frozen=True, kw_only=True):
    """How the repository and its remote fare."""

    tries: int
    error: str
    failed_at: datetime | None
    pushed_id: str
    pushed_at: datetime | None
    waiting: int


async def texts_to_mirror(pool: Pool) -> list[Text]:
    """Return what the repository lacks, the oldest first."""
    rows: list[Any] = await pool.fetch(
        """
        SELECT text_id, slug, version, file, source, sha256, author, origin, message,
               published_at, mirrored_at, commit_id
        FROM campaign_texts
        WHERE mirrored_at IS NULL
        ORDER BY text_id
        LIMIT $1
        """,
        BATCH,
    )
    return decode_rows(rows, Text)


async def is_to_be_mirrored(conn: Connection, slug: CampaignSlug, sha256: str) -> bool:
    """Tell whether a file's text is one of ours that the mirror has not noted yet."""
    found: bool = await conn.fetchval(
        """
        SELECT EXISTS (
            SELECT 1
            FROM campaign_texts
            WHERE slug = $1 AND sha256 = $2 AND mirrored_at IS NULL
        )
        """,
        slug,
        sha256,
    )
    return found


async def mark_mirrored(conn: Connection, text_id: int, commit_id: str) -> None:
    await conn.execute(
        """
        UPDATE campaign_texts
        SET mirrored_at = clock_timestamp(), commit_id = $2
        WHERE text_id = $1 AND mirrored_at IS NULL
        """,
        text_id,
        commit_id,
    )


async def find_kept(conn: Connection, slug: CampaignSlug) -> Kept | None:
    row = await conn.fetchrow("SELECT file, sha256 FROM content_files WHERE slug = $1", slug)
    return None if row is None else msgspec.convert(dict(row), Kept)


async def file_owner(conn: Connection, file: str) -> str | None:
    """Return whose campaign a file of the folder holds."""
    slug: str | None = await conn.fetchval("SELECT slug FROM content_files WHERE file = $1", file)
    return slug


async def keep_file(conn: Connection, slug: CampaignSlug, file: str, sha256: str) -> None:
    """Note what the folder holds."""
    await conn.execute(
        """
        INSERT INTO content_files (slug, file, sha256, seen_at)
        VALUES ($1, $2, $3, clock_timestamp())
        ON CONFLICT (slug) DO UPDATE
        SET file = excluded.file,
            sha256 = excluded.sha256,
            seen_at = excluded.seen_at
        WHERE content_files.file <> excluded.file OR content_files.sha256 <> excluded.sha256
        """,
        slug,
        file,
        sha256,
    )


async def mirror_state(conn: Connection) -> Mirrored:
    row = await conn.fetchrow(
        """
        SELECT tries, error, failed_at, pushed_id, pushed_at,
               (SELECT count(*) FROM campaign_texts WHERE mirrored_at IS NULL) AS waiting
        FROM content_mirror
        """
    )
    assert row is not None, "the migration wrote this row"
    return msgspec.convert(dict(row), Mirrored)


async def note_mirror(conn: Connection | Pool, error: str) -> None:
    """Note how the last try ended; an empty error forgets those before."""
    await conn.execute(
        """
        UPDATE content_mirror
        SET tries = CASE WHEN $1 = '' THEN 0 ELSE tries + 1 END,
            error = $1,
            failed_at = CASE WHEN $1 = '' THEN failed_at ELSE clock_timestamp() END
        """,
        error,
    )


async def note_pushed(conn: Connection | Pool, commit_id: str) -> None:
    await conn.execute(
        "UPDATE content_mirror SET pushed_id = $1, pushed_at = clock_timestamp()", commit_id
    )

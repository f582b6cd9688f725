"""The SQL of the platform's own text."""

from datetime import datetime

import msgspec

from services.chassis.storage.database import Connection, Pool
from services.site.publishing.platform_text import PlatformText


async def newest_text(conn: Connection) -> PlatformText | None:
    """Return the text in force."""
    row = await conn.fetchrow(
        """
        SELECT text_id, version, source, sha256, author, origin, published_at
        FROM platform_texts
        ORDER BY text_id DESC
        LIMIT 1
        """
    )
    return None if row is None else msgspec.convert(dict(row), PlatformText)


async def insert_text(
    conn: Connection,
    *,
    version: int,
    source: str,
    sha256: str,
    author: str,
    origin: str,
    at: datetime,
) -> None:
    """Keep a text that is in force from now on."""
    await conn.execute(
        """
        INSERT INTO platform_texts (version, source, sha256, author, origin, published_at,
                                    mirrored_at)
        VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $5 = 'folder' THEN clock_timestamp() END)
        """,
        version,
        source,
        sha256,
        author,
        origin,
        at,
    )


async def has_to_mirror(pool: Pool) -> bool:
    """Tell whether the repository lacks a text: the cheap question asked often."""
    found: bool = await pool.fetchval(
        "SELECT EXISTS (SELECT FROM platform_texts WHERE mirrored_at IS NULL)"
    )
    return found


async def mark_mirrored(conn: Connection, text_id: int) -> None:
    """Note that the repository has a text; those before it are not needed any more."""
    await conn.execute(
        """
        UPDATE platform_texts
        SET mirrored_at = clock_timestamp()
        WHERE text_id <= $1 AND mirrored_at IS NULL
        """,
        text_id,
    )

"""The SQL of the platform's own text."""

from datetime import datetime

import msgspec

from services.chassis.storage.database import Connection
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
        INSERT INTO platform_texts (version, source, sha256, author, origin, published_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        version,
        source,
        sha256,
        author,
        origin,
        at,
    )

"""Links to look at a working copy."""

from datetime import timedelta

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection


async def insert_preview(
    conn: Connection,
    slug: CampaignSlug,
    *,
    token_sha256: bytes,
    source: str,
    made_by: str,
    life: timedelta,
) -> None:
    await conn.execute(
        """
        INSERT INTO campaign_previews (slug, token_sha256, source, made_by, made_at, expires_at)
        VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + $5)
        """,
        slug,
        token_sha256,
        source,
        made_by,
        life,
    )


async def find_preview(conn: Connection, slug: CampaignSlug, token_sha256: bytes) -> str | None:
    """Return the text a link shows; None when there is no such link, or none any more."""
    source: str | None = await conn.fetchval(
        """
        SELECT source
        FROM campaign_previews
        WHERE slug = $1 AND token_sha256 = $2 AND expires_at > clock_timestamp()
        """,
        slug,
        token_sha256,
    )
    return source

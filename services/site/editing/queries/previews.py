"""Links to look at a working copy."""

from datetime import datetime, timedelta

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
    ask: str,
    for_reviewer: bool,
) -> datetime:
    """Keep a link; return when it ends. A reviewer's works while their own row stands."""
    expires_at: datetime = await conn.fetchval(
        """
        INSERT INTO campaign_previews
            (slug, token_sha256, source, made_by, made_at, expires_at, ask, for_reviewer)
        VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + $5, $6, $7)
        RETURNING expires_at
        """,
        slug,
        token_sha256,
        source,
        made_by,
        life,
        ask,
        for_reviewer,
    )
    return expires_at


async def find_preview(conn: Connection, slug: CampaignSlug, token_sha256: bytes) -> str | None:
    """Return the text a link shows; None when there is no such link, or none any more."""
    source: str | None = await conn.fetchval(
        """
        SELECT source
        FROM campaign_previews
        WHERE slug = $1 AND token_sha256 = $2 AND expires_at > clock_timestamp()
          AND (NOT for_reviewer
               OR EXISTS (
                   SELECT
                   FROM preview_reviewers AS reviewer
                   WHERE reviewer.token_sha256 = campaign_previews.token_sha256
               ))
        """,
        slug,
        token_sha256,
    )
    return source

"""Who was asked to look at a working copy: their links, kept for a day."""

from datetime import timedelta

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.site.admin.reviewers import Reviewer

SHOWN_MAX = 1_000


async def lock_reviewers(conn: Connection) -> None:
    """Let nobody else mail links until this transaction ends: they are counted."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('site.reviewers', 0))")


async def count_mailed(conn: Connection, made_by: str, *, within: timedelta) -> int:
    """Return how many links of somebody were mailed lately."""
    count: int = await conn.fetchval(
        """
        SELECT count(*)
        FROM campaign_previews
        WHERE for_reviewer AND made_by = $1 AND made_at > clock_timestamp() - $2::interval
        """,
        made_by,
        within,
    )
    return count


async def was_asked(conn: Connection, made_by: str, ask: str) -> bool:
    """Tell whether this press of somebody mailed its links already."""
    found: bool = await conn.fetchval(
        """
        SELECT EXISTS (
            SELECT
            FROM campaign_previews
            WHERE for_reviewer AND made_by = $1 AND ask = $2
        )
        """,
        made_by,
        ask,
    )
    return found


async def save_reviewer(
    conn: Connection, slug: CampaignSlug, address: str, token_sha256: bytes
) -> None:
    """Keep a reviewer as long as their link; a link they had before is dead from now on."""
    await conn.execute(
        """
        INSERT INTO preview_reviewers (slug, address, token_sha256, expires_at)
        SELECT slug, $2, token_sha256, expires_at
        FROM campaign_previews
        WHERE slug = $1 AND token_sha256 = $3
        ON CONFLICT (slug, address) DO UPDATE
        SET token_sha256 = EXCLUDED.token_sha256, expires_at = EXCLUDED.expires_at
        """,
        slug,
        address,
        token_sha256,
    )


async def list_reviewers(conn: Connection, slug: CampaignSlug) -> list[Reviewer]:
    """Return who has a link that works now."""
    rows = await conn.fetch(
        """
        SELECT reviewer_id, address, expires_at
        FROM preview_reviewers
        WHERE slug = $1 AND expires_at > clock_timestamp()
        ORDER BY address
        LIMIT $2
        """,
        slug,
        SHOWN_MAX,
    )
    return decode_rows(rows, Reviewer)


async def delete_reviewer(conn: Connection, slug: CampaignSlug, reviewer_id: int) -> bool:
    """Forget one reviewer, and so their link; tell whether there was one."""
    gone = await conn.fetchval(
        """
        DELETE FROM preview_reviewers
        WHERE slug = $1 AND reviewer_id = $2 AND expires_at > clock_timestamp()
        RETURNING reviewer_id
        """,
        slug,
        reviewer_id,
    )
    return gone is not None


async def delete_old(conn: Connection, *, at_most: int) -> int:
    """Forget whose link is over; return how many that were."""
    count: int = await conn.fetchval(
        """
        WITH old AS (
            SELECT reviewer_id
            FROM preview_reviewers
            WHERE expires_at <= clock_timestamp()
            ORDER BY expires_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM preview_reviewers USING old
            WHERE preview_reviewers.reviewer_id = old.reviewer_id
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        at_most,
    )
    return count


async def delete_told(conn: Connection, *, at_most: int) -> int:
    """Forget events of a day ago that had links mailed; return how many that were."""
    count: int = await conn.fetchval("SELECT forget_told_reviewers($1)", at_most)
    return count

"""Charges that are neither taken nor lost, as an operator looks through them."""

from contracts.api.settling import Recovering
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows


async def list_undecided(
    conn: Connection, slug: CampaignSlug, *, after: str, limit: int
) -> list[Recovering]:
    """Return those behind a charge's id, by id."""
    rows = await conn.fetch(
        """
        SELECT charge_id, pledge_ids AS order_ids, amount_cents AS amount, status,
               coalesce(because, '') AS because, first_declined_at, next_attempt_at,
               recovery_ends_at AS ends_at
        FROM charges
        WHERE campaign = $1
          AND status IN ('declined', 'with_person', 'ending', 'unknown')
          AND charge_id > $2
        ORDER BY charge_id
        LIMIT $3
        """,
        slug,
        after,
        limit,
    )
    return decode_rows(rows, Recovering)

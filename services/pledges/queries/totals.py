"""The totals row of each campaign: locked by the last statements of a transaction."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug, PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.figures import Figures, Totals


class StoredTotals(Totals, frozen=True, kw_only=True):
    """A totals row, and when it last changed."""

    updated_at: datetime | None = None


async def lock_totals(conn: Connection, campaign: CampaignSlug) -> Totals:
    """Lock a campaign's totals and return them."""
    rows = await conn.fetch(
        """
        SELECT campaign, version, pledge_count, supporter_count, pledged_cents,
            subtotal_cents, shipping_cents, tax_cents, tip_cents, total_cents,
            collected_cents, recovering_cents, lost_cents, returned_cents, late_support_cents,
            tier_counts, support_item_cents
        FROM campaign_totals
        WHERE campaign = $1
        FOR UPDATE
        """,
        campaign,
    )
    return decode_rows(rows, Totals)[0]


async def count_supporters_besides(
    conn: Connection, campaign: CampaignSlug, pledge_ids: Sequence[PledgeId]
) -> int:
    """Return how many supporters of these pledges have no other pledge that counts.

    So many join when the pledges are made, and leave when they are cancelled. Right
    only while the totals are locked: nobody else can make or cancel one meanwhile.
    """
    return int(
        await conn.fetchval(
            """
            SELECT count(DISTINCT supporter_id)
            FROM pledges AS mine
            WHERE pledge_id = ANY($2)
              AND NOT EXISTS (
                  SELECT 1
                  FROM pledges AS other
                  WHERE other.campaign = $1
                    AND other.supporter_id = mine.supporter_id
                    AND other.status <> 'cancelled'
                    AND other.pledge_id <> ALL($2)
              )
            """,
            campaign,
            pledge_ids,
        )
    )


async def save_totals(
    conn: Connection, campaign: CampaignSlug, figures: Figures, version: int, now: datetime
) -> None:
    """Write locked totals as their next version."""
    await conn.execute(
        """
        UPDATE campaign_totals
        SET version = $3,
            updated_at = $4,
            pledge_count = new.pledge_count,
            supporter_count = new.supporter_count,
            pledged_cents = new.pledged_cents,
            subtotal_cents = new.subtotal_cents,
            shipping_cents = new.shipping_cents,
            tax_cents = new.tax_cents,
            tip_cents = new.tip_cents,
            total_cents = new.total_cents,
            collected_cents = new.collected_cents,
            recovering_cents = new.recovering_cents,
            lost_cents = new.lost_cents,
            returned_cents = new.returned_cents,
            late_support_cents = new.late_support_cents,
            tier_counts = new.tier_counts,
            support_item_cents = new.support_item_cents
        FROM jsonb_populate_record(NULL::campaign_totals, $2) AS new
        WHERE campaign_totals.campaign = $1
        """,
        campaign,
        msgspec.structs.asdict(figures),
        version,
        now,
    )


async def read_totals(conn: Connection, campaign: CampaignSlug) -> StoredTotals:
    """Return a campaign's totals without locking them."""
    rows = await conn.fetch(
        """
        SELECT campaign, version, pledge_count, supporter_count, pledged_cents,
            subtotal_cents, shipping_cents, tax_cents, tip_cents, total_cents,
            collected_cents, recovering_cents, lost_cents, returned_cents, late_support_cents,
            tier_counts, support_item_cents, updated_at
        FROM campaign_totals
        WHERE campaign = $1
        """,
        campaign,
    )
    return decode_rows(rows, StoredTotals)[0]


async def insert_correction(
    conn: Connection, before: Totals, after: Figures, version: int, now: datetime
) -> None:
    """Record what the totals were and what history makes of them."""
    await conn.execute(
        """
        INSERT INTO totals_corrections (campaign, version, before, after, corrected_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        before.campaign,
        version,
        before,
        after,
        now,
    )

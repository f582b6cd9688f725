"""SQL about what the ledger said: pledges and closings."""

import msgspec

from contracts.events.pledges import CampaignClosed, PledgeSnapshot
from contracts.ids import CampaignSlug
from services.chassis.database import Connection, decode_rows
from services.settlement.domain import Closing
from services.settlement.plan import ChargeFacts, PledgeCopy

ROWS_MAX = 500_000


async def save_copy(conn: Connection, pledge: PledgeSnapshot) -> bool:
    """Keep the pledge as it stands; False when this or something newer is known."""
    kept = await conn.fetchval(
        """
        INSERT INTO pledge_copies
            (pledge_id, campaign, supporter_id, revision, status, amount_cents, goal_cents,
             customer_id, payment_method_id, card_brand, card_last4, card_exp_month,
             card_exp_year, created_at, card_saved_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (pledge_id) DO UPDATE
        SET revision = excluded.revision, status = excluded.status,
            amount_cents = excluded.amount_cents, goal_cents = excluded.goal_cents,
            customer_id = excluded.customer_id, payment_method_id = excluded.payment_method_id,
            card_brand = excluded.card_brand, card_last4 = excluded.card_last4,
            card_exp_month = excluded.card_exp_month, card_exp_year = excluded.card_exp_year,
            card_saved_at = excluded.card_saved_at
        WHERE pledge_copies.revision < excluded.revision
        RETURNING true
        """,
        pledge.pledge_id,
        pledge.campaign,
        pledge.supporter_id,
        pledge.revision,
        pledge.status,
        pledge.price.total_cents,
        pledge.price.goal_cents,
        pledge.card.customer_id,
        pledge.card.payment_method_id,
        pledge.card.brand,
        pledge.card.last4,
        pledge.card.exp_month,
        pledge.card.exp_year,
        pledge.created_at,
        pledge.card_saved_at,
    )
    return kept is not None


async def list_copies(conn: Connection, slug: CampaignSlug) -> list[PledgeCopy]:
    rows = await conn.fetch(
        """
        SELECT pledge_id, supporter_id, status, amount_cents, goal_cents, customer_id,
               payment_method_id, card_brand, card_last4, card_exp_month, card_exp_year,
               coalesce(card_saved_at, created_at) AS card_saved_at
        FROM pledge_copies
        WHERE campaign = $1
        ORDER BY supporter_id, pledge_id
        LIMIT $2
        """,
        slug,
        ROWS_MAX,
    )
    return decode_rows(rows, PledgeCopy)


async def list_refused_cards(conn: Connection, slug: CampaignSlug) -> frozenset[str]:
    """Return this campaign's cards that could not pay another one, and have not paid since."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT refused.payment_method_id
        FROM pledge_copies AS copy
        JOIN charges AS refused USING (payment_method_id)
        WHERE copy.campaign = $1
          AND refused.campaign <> $1
          AND refused.status IN ('declined', 'with_person', 'ending', 'lost')
          AND refused.because IS NOT NULL
          AND NOT EXISTS (
              SELECT
              FROM charges AS paid
              WHERE paid.payment_method_id = refused.payment_method_id
                AND paid.status = 'succeeded'
                AND paid.decided_at > refused.first_declined_at
          )
        LIMIT $2
        """,
        slug,
        ROWS_MAX,
    )
    return frozenset(row["payment_method_id"] for row in rows)


async def save_closing(conn: Connection, closed: CampaignClosed) -> None:
    """Keep the final count. A copy changes nothing."""
    await conn.execute(
        """
        INSERT INTO closings
            (campaign, is_funded, pledged_cents, pledge_count, goal_cents, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        closed.campaign,
        closed.is_funded,
        closed.pledged_cents,
        closed.pledge_count,
        closed.goal_cents,
        closed.closed_at,
    )


async def find_closing(conn: Connection, slug: CampaignSlug) -> Closing | None:
    row = await conn.fetchrow(
        """
        SELECT campaign, is_funded, pledged_cents, pledge_count, goal_cents, closed_at
        FROM closings
        WHERE campaign = $1
        """,
        slug,
    )
    return None if row is None else msgspec.convert(row, Closing)


async def list_charge_facts(conn: Connection, slug: CampaignSlug) -> list[ChargeFacts]:
    """Return what the close asked to charge; late support is not part of it."""
    rows = await conn.fetch(
        """
        SELECT supporter_id, pledge_ids, amount_cents, customer_id, payment_method_id,
               card_brand, card_last4, card_exp_month, card_exp_year
        FROM charges
        WHERE campaign = $1
          AND purpose = 'settlement'
        ORDER BY supporter_id
        LIMIT $2
        """,
        slug,
        ROWS_MAX,
    )
    return decode_rows(rows, ChargeFacts)

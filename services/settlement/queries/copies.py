"""SQL about what the ledger said: pledges and closings."""

from collections.abc import Sequence

import msgspec

from contracts.events.pledges import CampaignClosed, PledgeSnapshot
from contracts.ids import CampaignSlug, PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.plan import ChargeFacts, PledgeCopy
from services.settlement.domain.runs import Closing

ROWS_MAX = 500_000


async def save_copies(conn: Connection, pledges: Sequence[PledgeSnapshot]) -> set[PledgeId]:
    """Keep pledges as they stand; return those of which nothing as new was known."""
    rows = await conn.fetch(
        """
        INSERT INTO pledge_copies
            (pledge_id, campaign, supporter_id, revision, status, amount_cents, goal_cents,
             customer_id, payment_method_id, card_brand, card_last4, card_exp_month,
             card_exp_year, created_at, card_saved_at)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::bigint[],
                    $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::int[],
                    $13::int[], $14::timestamptz[], $15::timestamptz[])
        ON CONFLICT (pledge_id) DO UPDATE
        SET revision = excluded.revision, status = excluded.status,
            amount_cents = excluded.amount_cents, goal_cents = excluded.goal_cents,
            customer_id = excluded.customer_id, payment_method_id = excluded.payment_method_id,
            card_brand = excluded.card_brand, card_last4 = excluded.card_last4,
            card_exp_month = excluded.card_exp_month, card_exp_year = excluded.card_exp_year,
            card_saved_at = excluded.card_saved_at
        WHERE pledge_copies.revision < excluded.revision
        RETURNING pledge_id
        """,
        [each.pledge_id for each in pledges],
        [each.campaign for each in pledges],
        [each.supporter_id for each in pledges],
        [each.revision for each in pledges],
        [each.status for each in pledges],
        [each.price.total_cents for each in pledges],
        [each.price.goal_cents for each in pledges],
        [each.card.customer_id for each in pledges],
        [each.card.payment_method_id for each in pledges],
        [each.card.brand for each in pledges],
        [each.card.last4 for each in pledges],
        [each.card.exp_month for each in pledges],
        [each.card.exp_year for each in pledges],
        [each.created_at for each in pledges],
        [each.card_saved_at for each in pledges],
    )
    return {row["pledge_id"] for row in rows}


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

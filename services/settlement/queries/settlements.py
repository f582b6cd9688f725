"""SQL about whole settlements: counted, certified, and which orders they contain."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.settlement import Certificate
from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents
from services.chassis.storage.database import Connection, decode_rows

SETTLED_MAX = 20


class StripeSaid(msgspec.Struct, frozen=True):
    """Stripe's balance transactions of a settlement's charges; `different`: not our sum."""

    known: int
    known_cents: int
    different: int
    awaited: int
    awaited_cents: int
    duplicates: int


class OrderCharge(msgspec.Struct, frozen=True, kw_only=True):
    """The charge an order is in, with all orders that it pays for."""

    order_id: PledgeId
    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    status: str


async def read_stripe_sums(conn: Connection, slug: CampaignSlug) -> StripeSaid:
    """Compare what Stripe booked with what we charged; whoever paid twice is counted.

    That somebody paid twice no book of ours could show: Stripe's events name every success.
    """
    row = await conn.fetchrow(
        """
        WITH told AS (
            SELECT DISTINCT object_id AS intent_id,
                object #>> '{metadata,pool_charge}' AS charge_id
            FROM stripe_events
            WHERE stripe_type = 'payment_intent.succeeded'
              AND object #>> '{metadata,campaign}' = $1
              AND object #>> '{metadata,purpose}' = 'settlement'
        ), ours AS (
            SELECT amount_cents, gross_cents
            FROM charges
            LEFT JOIN fees ON fees.charge_id = charges.charge_id
                AND fees.currency = charges.currency
            WHERE campaign = $1
              AND purpose = 'settlement'
              AND status = 'succeeded'
        )
        SELECT count(gross_cents) AS known,
               coalesce(sum(gross_cents), 0)::bigint AS known_cents,
               count(*) FILTER (WHERE gross_cents <> amount_cents) AS different,
               count(*) FILTER (WHERE gross_cents IS NULL) AS awaited,
               coalesce(sum(amount_cents) FILTER (WHERE gross_cents IS NULL), 0)::bigint
                   AS awaited_cents,
               (SELECT count(*) - count(DISTINCT charge_id) FROM told) AS duplicates
        FROM ours
        """,
        slug,
    )
    return msgspec.convert(row, StripeSaid)


async def list_undecided(
    conn: Connection, slug: CampaignSlug, *, limit: int = 100
) -> list[ChargeId]:
    """Return what is open of a settlement, the longest waiting first."""
    rows = await conn.fetch(
        """
        SELECT charge_id
        FROM charges
        WHERE campaign = $1
          AND purpose = 'settlement'
          AND status NOT IN ('succeeded', 'lost')
        ORDER BY due_at, charge_id
        LIMIT $2
        """,
        slug,
        limit,
    )
    return [row["charge_id"] for row in rows]


async def list_finished(conn: Connection) -> list[CampaignSlug]:
    """Return funded campaigns without a certificate whose every pledge is paid or lost."""
    rows = await conn.fetch(
        """
        SELECT campaign
        FROM closings
        LEFT JOIN settlements USING (campaign)
        WHERE is_funded
          AND settlements.campaign IS NULL
          AND pledge_count <= (
              SELECT coalesce(sum(cardinality(pledge_ids)), 0)
              FROM charges
              WHERE charges.campaign = closings.campaign
                AND purpose = 'settlement'
          )
          AND NOT EXISTS (
              SELECT
              FROM charges
              WHERE charges.campaign = closings.campaign
                AND purpose = 'settlement'
                AND status NOT IN ('succeeded', 'lost')
          )
        ORDER BY campaign
        LIMIT $1
        """,
        SETTLED_MAX,
    )
    return [row["campaign"] for row in rows]


async def insert_settlement(
    conn: Connection, slug: CampaignSlug, certificate: Certificate
) -> datetime | None:
    """Keep the certificate, once; return the time. None: somebody gave it before."""
    settled_at: datetime | None = await conn.fetchval(
        """
        INSERT INTO settlements (campaign, settled_at, certificate)
        VALUES ($1, platform.now(), $2)
        ON CONFLICT DO NOTHING
        RETURNING settled_at
        """,
        slug,
        certificate,
    )
    return settled_at


async def find_settled_at(conn: Connection, slug: CampaignSlug) -> datetime | None:
    """Return when the campaign's certificate was given; None: not yet."""
    settled_at: datetime | None = await conn.fetchval(
        "SELECT settled_at FROM settlements WHERE campaign = $1", slug
    )
    return settled_at


async def list_order_charges(conn: Connection, order_ids: Sequence[PledgeId]) -> list[OrderCharge]:
    """Return the charge of each order that has one; an order has at most one."""
    rows = await conn.fetch(
        """
        SELECT copy.pledge_id AS order_id, charge_id, charges.campaign, charges.supporter_id,
               pledge_ids, charges.amount_cents, charges.status
        FROM pledge_copies AS copy
        JOIN charges ON charges.campaign = copy.campaign
            AND charges.supporter_id = copy.supporter_id
            AND copy.pledge_id = ANY(pledge_ids)
        WHERE copy.pledge_id = ANY($1)
        ORDER BY copy.pledge_id
        """,
        order_ids,
    )
    return decode_rows(rows, OrderCharge)


async def find_campaigns_of(
    conn: Connection, order_ids: Sequence[PledgeId]
) -> dict[PledgeId, tuple[CampaignSlug, bool]]:
    """Return the campaign of each known order, and whether it is closed."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, campaign, closings.campaign IS NOT NULL AS is_closed
        FROM pledge_copies
        LEFT JOIN closings USING (campaign)
        WHERE pledge_id = ANY($1)
        """,
        order_ids,
    )
    return {row["pledge_id"]: (row["campaign"], row["is_closed"]) for row in rows}

"""SQL about refunds: asked for, with room for each; never more than was charged."""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.money_back import Paid
from services.settlement.domain.refund_plan import PlannedRefund, Refundable, Wanted
from services.settlement.queries.looks import PAID

CHARGES_MAX = 100_000

REFUNDABLE = """
        WITH held AS (
            SELECT returns.charge_id, given_cents
            FROM returns
            JOIN charges USING (charge_id)
            WHERE campaign = $1
              AND status = 'succeeded'
              AND ($2::text IS NULL OR supporter_id = $2)
              AND ($3::text IS NULL OR $3 = ANY(pledge_ids))
              AND ($4 = '' OR (
                  given_cents < returns.amount_cents
                  AND NOT EXISTS (
                      SELECT FROM refunds
                      WHERE refunds.charge_id = returns.charge_id AND request_id = $4
                  )
                  AND NOT EXISTS (
                      SELECT FROM disputes
                      WHERE disputes.charge_id = returns.charge_id
                        AND kind = 'dispute'
                        AND disputes.status <> 'won'
                  )
              ))
            ORDER BY returns.charge_id
            LIMIT $5
            FOR UPDATE OF returns
        )
        SELECT held.charge_id, supporter_id, pledge_ids, charges.amount_cents, given_cents,
            (
                SELECT array_agg(copy.amount_cents ORDER BY place)
                FROM unnest(pledge_ids) WITH ORDINALITY AS named (pledge_id, place)
                LEFT JOIN pledge_copies AS copy USING (pledge_id)
            ) AS pledge_cents,
            (
                SELECT array_agg(coalesce((
                    SELECT sum(refunds.amount_cents)
                    FROM refunds
                    WHERE refunds.pledge_id = named.pledge_id
                      AND refunds.status NOT IN ('failed', 'refused')
                ), 0)::bigint ORDER BY place)
                FROM unnest(pledge_ids) WITH ORDINALITY AS named (pledge_id, place)
            ) AS pledge_given_cents,
            EXISTS (
                SELECT FROM disputes
                WHERE disputes.charge_id = held.charge_id
                  AND kind = 'dispute'
                  AND disputes.status <> 'won'
            ) AS is_disputed
        FROM held
        JOIN charges USING (charge_id)
        ORDER BY held.charge_id
"""


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for under a key."""

    request_id: str
    campaign: CampaignSlug
    supporter_id: SupporterId | None
    pledge_id: PledgeId | None
    amount_cents: int | None

    @property
    def wanted(self) -> Wanted:
        """Return it as it was asked for."""
        return Wanted(
            campaign=self.campaign,
            supporter_id=self.supporter_id,
            pledge_id=self.pledge_id,
            amount_cents=self.amount_cents,
        )


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many refunds of a campaign stand in one state, and how much that is."""

    status: str
    refunds: int
    cents: int


async def insert_request(conn: Connection, request_id: str, wanted: Wanted, reason: str) -> bool:
    """Write what is asked for; False when this key was used before."""
    done = await conn.fetchval(
        """
        INSERT INTO refund_requests
            (request_id, campaign, supporter_id, pledge_id, amount_cents, reason, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, platform.now())
        ON CONFLICT DO NOTHING
        RETURNING true
        """,
        request_id,
        wanted.campaign,
        wanted.supporter_id,
        wanted.pledge_id,
        wanted.amount_cents,
        reason,
    )
    return done is not None


async def find_request(conn: Connection, request_id: str) -> Requested:
    row = await conn.fetchrow(
        """
        SELECT request_id, campaign, supporter_id, pledge_id, amount_cents
        FROM refund_requests
        WHERE request_id = $1
        """,
        request_id,
    )
    return msgspec.convert(row, Requested)


async def list_planned(conn: Connection, request_id: str) -> list[PlannedRefund]:
    """Return the refunds that were written for a request."""
    rows = await conn.fetch(
        """
        SELECT refunds.charge_id AS "chargeId", supporter_id AS supporter,
            refunds.amount_cents AS amount,
            CASE WHEN refunds.pledge_id IS NULL THEN pledge_ids
                 ELSE ARRAY[refunds.pledge_id] END AS "orderIds"
        FROM refunds
        JOIN charges USING (charge_id)
        WHERE request_id = $1
        ORDER BY refunds.charge_id, number
        """,
        request_id,
    )
    return decode_rows(rows, PlannedRefund)


async def lock_refundable(
    conn: Connection, wanted: Wanted, *, besides: str = "", limit: int = CHARGES_MAX
) -> list[Refundable]:
    """Return the charges a request is about, their returns locked: nobody gives back meanwhile.

    Besides those a request has refunded before, where one is named.
    """
    await conn.execute(
        """
        INSERT INTO returns (charge_id, amount_cents)
        SELECT charge_id, amount_cents
        FROM charges
        WHERE campaign = $1
          AND status = 'succeeded'
          AND ($2::text IS NULL OR supporter_id = $2)
          AND ($3::text IS NULL OR $3 = ANY(pledge_ids))
        ON CONFLICT DO NOTHING
        """,
        wanted.campaign,
        wanted.supporter_id,
        wanted.pledge_id,
    )
    rows = await conn.fetch(
        REFUNDABLE,
        wanted.campaign,
        wanted.supporter_id,
        wanted.pledge_id,
        besides,
        limit,
    )
    return decode_rows(rows, Refundable)


async def find_paid(conn: Connection, charge_id: ChargeId) -> Paid:
    row = await conn.fetchrow(
        f"SELECT {PAID} FROM charges WHERE charge_id = $1",  # noqa: S608
        charge_id,
    )
    return msgspec.convert(row, Paid)


async def take_room(conn: Connection, paid: Paid, amount_cents: int) -> int | None:
    """Set so much of a charge apart for going back; return the refund's number.

    None when not so much is left.
    """
    number: int | None = await conn.fetchval(
        """
        INSERT INTO returns (charge_id, amount_cents, given_cents, refunds)
        VALUES ($1, $2, $3, 1)
        ON CONFLICT (charge_id) DO UPDATE
        SET given_cents = returns.given_cents + $3, refunds = returns.refunds + 1
        WHERE returns.given_cents + $3 <= returns.amount_cents
        RETURNING refunds
        """,
        paid.charge_id,
        paid.amount_cents,
        amount_cents,
    )
    return number


async def give_room(conn: Connection, charge_id: ChargeId, amount_cents: int) -> None:
    """What was set apart did not go back, or came back to us."""
    await conn.execute(
        "UPDATE returns SET given_cents = given_cents - $2 WHERE charge_id = $1",
        charge_id,
        amount_cents,
    )


async def insert_refund(
    conn: Connection,
    refund_id: str,
    paid: Paid,
    number: int,
    amount_cents: int,
    *,
    request_id: str,
    pledge_id: PledgeId | None,
    parameters: dict[str, Any],
) -> None:
    """Write the intention to give back."""
    await conn.execute(
        """
        INSERT INTO refunds
            (refund_id, charge_id, number, request_id, pledge_id, amount_cents, parameters,
             status, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'new', platform.now())
        """,
        refund_id,
        paid.charge_id,
        number,
        request_id,
        pledge_id,
        amount_cents,
        parameters,
    )


async def count(conn: Connection, slug: CampaignSlug) -> list[Count]:
    rows = await conn.fetch(
        """
        SELECT refunds.status, count(*) AS refunds, sum(refunds.amount_cents)::bigint AS cents
        FROM refunds
        JOIN charges USING (charge_id)
        WHERE campaign = $1
        GROUP BY refunds.status
        ORDER BY refunds.status
        """,
        slug,
    )
    return decode_rows(rows, Count)

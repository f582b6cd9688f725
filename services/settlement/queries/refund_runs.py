"""SQL about a campaign whose money goes back: everything open is fenced, then ended."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug, ChargeId
from services.chassis.database import Connection, decode_rows

OPEN = """
    charges.status <> 'lost'
    AND (
        charges.lease_until > clock_timestamp()
        OR charges.status NOT IN ('new', 'sending', 'declined', 'succeeded')
        OR EXISTS (
            SELECT FROM charge_attempts AS attempt
            WHERE attempt.charge_id = charges.charge_id
              AND attempt.state IN ('sending', 'unknown')
              AND attempt.sent_at IS NOT NULL
        )
        OR (
            charges.status <> 'succeeded'
            AND charges.payment_intent_id IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM cancelled_intents AS gone WHERE gone.charge_id = charges.charge_id
            )
        )
    )
"""
"""A charge that may still take money: somebody is at it, nobody knows, or it could be."""


class RefundRun(msgspec.Struct, frozen=True):
    """A campaign's refund."""

    campaign: CampaignSlug
    request_id: str
    ended_at: datetime | None


class OpenIntent(msgspec.Struct, frozen=True):
    """A PaymentIntent that must never succeed."""

    charge_id: ChargeId
    payment_intent_id: str


async def begin(conn: Connection, slug: CampaignSlug, request_id: str) -> bool:
    """Stop all attempts to charge a campaign, for good; False when that was done before."""
    done = await conn.fetchval(
        """
        INSERT INTO campaign_refunds (campaign, request_id, started_at)
        SELECT campaign, $2, platform.now()
        FROM closings
        WHERE campaign = $1
        ON CONFLICT DO NOTHING
        RETURNING true
        """,
        slug,
        request_id,
    )
    return done is not None


async def find(conn: Connection, slug: CampaignSlug) -> RefundRun | None:
    row = await conn.fetchrow(
        "SELECT campaign, request_id, ended_at FROM campaign_refunds WHERE campaign = $1", slug
    )
    return None if row is None else msgspec.convert(row, RefundRun)


async def list_unfinished(conn: Connection) -> list[RefundRun]:
    """Return runs with something to do: not ended, or somebody was charged late all the same."""
    rows = await conn.fetch(
        """
        SELECT campaign, request_id, ended_at
        FROM campaign_refunds AS run
        WHERE ended_at IS NULL
           OR EXISTS (
               SELECT FROM charges
               WHERE charges.campaign = run.campaign
                 AND charges.status = 'succeeded'
                 AND NOT EXISTS (
                     SELECT FROM returns
                     WHERE returns.charge_id = charges.charge_id
                       AND returns.refunds > 0
                 )
                 AND NOT EXISTS (
                     SELECT FROM disputes
                     WHERE disputes.charge_id = charges.charge_id
                       AND disputes.kind = 'dispute'
                       AND disputes.status <> 'won'
                 )
           )
        ORDER BY campaign
        LIMIT 100
        """
    )
    return decode_rows(rows, RefundRun)


async def fence(conn: Connection, slug: CampaignSlug) -> None:
    """Put every charge nobody holds out of reach: whoever is about to lease one finds it so.

    A lease that was taken by a statement older than the run is visible to the next statement.
    """
    await conn.execute(
        """
        UPDATE charges
        SET due_at = '9999-12-31T00:00Z', lease_token = lease_token + 1
        WHERE campaign = $1
          AND status IN ('new', 'sending')
          AND due_at < '9999-12-31T00:00Z'
          AND lease_until < clock_timestamp()
        """,
        slug,
    )


async def list_open_intents(
    conn: Connection, slug: CampaignSlug, *, limit: int
) -> list[OpenIntent]:
    """Return PaymentIntents on which nothing is under way and that could still succeed."""
    rows = await conn.fetch(
        """
        SELECT charge_id, payment_intent_id
        FROM charges
        WHERE campaign = $1
          AND status IN ('new', 'sending', 'declined')
          AND payment_intent_id IS NOT NULL
          AND lease_until < clock_timestamp()
          AND NOT EXISTS (
              SELECT FROM cancelled_intents AS gone WHERE gone.charge_id = charges.charge_id
          )
          AND NOT EXISTS (
              SELECT FROM charge_attempts AS attempt
              WHERE attempt.charge_id = charges.charge_id
                AND attempt.state = 'sending'
                AND attempt.sent_at IS NOT NULL
          )
        ORDER BY charge_id
        LIMIT $2
        """,
        slug,
        limit,
    )
    return decode_rows(rows, OpenIntent)


async def insert_cancelled(conn: Connection, intent: OpenIntent) -> None:
    await conn.execute(
        """
        INSERT INTO cancelled_intents (payment_intent_id, charge_id, cancelled_at)
        VALUES ($1, $2, platform.now())
        ON CONFLICT DO NOTHING
        """,
        intent.payment_intent_id,
        intent.charge_id,
    )


async def adopt_late(conn: Connection, intent: OpenIntent) -> None:
    """Have the janitor read back a charge that was paid while nobody here was at it."""
    await conn.execute(
        """
        WITH found AS (
            UPDATE charges
            SET status = 'unknown', due_at = clock_timestamp(),
                unknown_since = coalesce(unknown_since, clock_timestamp())
            WHERE charge_id = $1
              AND status = 'sending'
              AND lease_until < clock_timestamp()
            RETURNING charge_id
        )
        UPDATE charge_attempts
        SET state = 'unknown', unknown_because = 'paid_while_refunding'
        FROM found
        WHERE charge_attempts.charge_id = found.charge_id
          AND state = 'sending'
        """,
        intent.charge_id,
    )


async def count_open(conn: Connection, slug: CampaignSlug) -> int:
    """Return how many charges could still take money."""
    found: int = await conn.fetchval(
        f"SELECT count(*) FROM charges WHERE campaign = $1 AND {OPEN}",  # noqa: S608
        slug,
    )
    return found


async def count_undecided(conn: Connection, slug: CampaignSlug) -> int:
    """Return how many refunds of a campaign Stripe has not answered yet."""
    found: int = await conn.fetchval(
        """
        SELECT count(*)
        FROM refunds
        JOIN charges USING (charge_id)
        WHERE campaign = $1
          AND refunds.status IN ('new', 'sending')
        """,
        slug,
    )
    return found


async def end(conn: Connection, slug: CampaignSlug) -> bool:
    """Write that a run has ended; False when it had before."""
    done = await conn.fetchval(
        """
        UPDATE campaign_refunds
        SET ended_at = platform.now()
        WHERE campaign = $1
          AND ended_at IS NULL
        RETURNING true
        """,
        slug,
    )
    return done is not None

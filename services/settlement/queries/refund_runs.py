"""SQL about a campaign whose money goes back: everything open is fenced, then ended."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug, ChargeId
from services.chassis.storage.database import Connection, decode_rows


class RefundRun(msgspec.Struct, frozen=True):
    """A campaign's refund."""

    campaign: CampaignSlug
    request_id: str
    ended_at: datetime | None


class WithPerson(msgspec.Struct, frozen=True):
    """A charge its supporter may be confirming at the bank right now."""

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
    """Return runs with something to do: not ended, or somebody was asked or charged late."""
    rows = await conn.fetch(
        """
        SELECT campaign, request_id, ended_at
        FROM campaign_refunds AS run
        WHERE ended_at IS NULL
           OR EXISTS (
               SELECT FROM charges
               WHERE charges.campaign = run.campaign
                 AND charges.status NOT IN ('succeeded', 'lost')
           )
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


async def give_up_open(conn: Connection, slug: CampaignSlug) -> int:
    """End every charge nobody holds and nothing of which was sent; return how many.

    What ends is cancelled at Stripe and then lost, as when a recovery is over. Who leases
    one of them meanwhile finds it ending; who had leased it before, is seen by the next round.
    """
    ended: int = await conn.fetchval(
        """
        WITH ended AS (
            UPDATE charges
            SET status = 'ending', decided_at = NULL, next_attempt_at = NULL,
                next_reminder_at = NULL, due_at = clock_timestamp(),
                lease_token = lease_token + 1
            WHERE campaign = $1
              AND status IN ('new', 'sending', 'declined')
              AND lease_until < clock_timestamp()
              AND NOT EXISTS (
                  SELECT FROM charge_attempts AS sent
                  WHERE sent.charge_id = charges.charge_id
                    AND sent.state = 'sending'
                    AND sent.sent_at IS NOT NULL
              )
            RETURNING charge_id
        ), abandoned AS (
            UPDATE charge_attempts
            SET state = 'abandoned', decided_at = platform.now()
            FROM ended
            WHERE charge_attempts.charge_id = ended.charge_id
              AND charge_attempts.state = 'sending'
        )
        SELECT count(*) FROM ended
        """,
        slug,
    )
    return ended


async def list_with_person(conn: Connection, slug: CampaignSlug, *, limit: int) -> list[WithPerson]:
    """Return charges whose supporter may be at the bank: they must not get through any more."""
    rows = await conn.fetch(
        """
        SELECT charge_id, payment_intent_id
        FROM charges
        WHERE campaign = $1
          AND status = 'with_person'
          AND lease_until < clock_timestamp()
        ORDER BY charge_id
        LIMIT $2
        """,
        slug,
        limit,
    )
    return decode_rows(rows, WithPerson)


async def read_soon(conn: Connection, charge_id: ChargeId) -> None:
    """Have the janitor read a charge back now, whatever it came to."""
    await conn.execute(
        """
        UPDATE charges
        SET due_at = clock_timestamp()
        WHERE charge_id = $1
          AND status = 'with_person'
        """,
        charge_id,
    )


async def count_open(conn: Connection, slug: CampaignSlug) -> int:
    """Return how many charges could still take money."""
    found: int = await conn.fetchval(
        """
        SELECT count(*)
        FROM charges
        WHERE campaign = $1
          AND status NOT IN ('succeeded', 'lost')
        """,
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

"""SQL about charges and their attempts, on the way from new to decided.

Every write after the lease names its token: a process that slept through its lease
changes nothing any more.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.events.pledges import ChargeRequested
from contracts.ids import CampaignSlug, ChargeId
from contracts.money import Cents
from services.chassis.database import Connection
from services.settlement.charging import AttemptRow, ChargeRow, Declined

CHARGE = """
    charge_id, campaign, supporter_id, purpose, pledge_ids, amount_cents, currency,
    customer_id, payment_method_id, status, version, payment_intent_id, lease_token,
    postponed, checks, create_parameters, create_serial, create_keyed_at,
    is_create_key_spent,
    greatest(
        clock_timestamp() - create_keyed_at, platform.now() - create_keyed_on
    ) AS create_key_age
"""
"""The age of a key by whichever clock makes it older: too old only costs one reading."""


async def insert_charge(
    conn: Connection, charge_id: ChargeId, request: ChargeRequested, parameters: dict[str, Any]
) -> bool:
    """Add the one charge of a supporter for a purpose; tell whether it was new."""
    card = request.card
    done = await conn.fetchval(
        """
        INSERT INTO charges
            (charge_id, campaign, supporter_id, purpose, pledge_ids, amount_cents, currency,
             customer_id, payment_method_id, card_brand, card_last4, card_exp_month,
             card_exp_year, create_parameters, requested_at, create_keyed_at,
             create_keyed_on, due_at, queued_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, platform.now(),
                clock_timestamp(), platform.now(), clock_timestamp(), clock_timestamp())
        ON CONFLICT ON CONSTRAINT one_charge_per_purpose DO NOTHING
        RETURNING true
        """,
        charge_id,
        request.campaign,
        request.supporter_id,
        request.purpose,
        list(request.pledge_ids),
        request.amount_cents,
        request.currency,
        card.customer_id,
        card.payment_method_id,
        card.brand,
        card.last4,
        card.exp_month,
        card.exp_year,
        parameters,
    )
    return done is not None


async def find_asked(conn: Connection, request: ChargeRequested) -> tuple[Cents, str]:
    """Return the sum and currency already asked for under the same key."""
    row = await conn.fetchrow(
        """
        SELECT amount_cents, currency
        FROM charges
        WHERE campaign = $1
          AND supporter_id = $2
          AND purpose = $3
        """,
        request.campaign,
        request.supporter_id,
        request.purpose,
    )
    assert row is not None, "find_asked follows a conflict"
    return row["amount_cents"], row["currency"]


async def lease_due(
    conn: Connection, charge_id: ChargeId, lease: timedelta
) -> tuple[ChargeRow, datetime] | None:
    """Take a charge that is due and nobody's, with the platform's time; None: not now."""
    row = await conn.fetchrow(
        f"""
        UPDATE charges
        SET lease_until = clock_timestamp() + $2, lease_token = lease_token + 1
        WHERE charge_id = (
            SELECT charge_id
            FROM charges
            WHERE charge_id = $1
              AND status IN ('new', 'sending')
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
            FOR UPDATE SKIP LOCKED
        )
        RETURNING {CHARGE}, platform.now() AS now
        """,  # noqa: S608
        charge_id,
        lease,
    )
    return None if row is None else (msgspec.convert(row, ChargeRow), row["now"])


async def begin_attempt(
    conn: Connection, charge_id: ChargeId, parameters: dict[str, Any], *, now: datetime
) -> None:
    """Write the intention of a new attempt, and that the charge is being sent."""
    await conn.execute(
        """
        WITH started AS (
            UPDATE charges
            SET status = 'sending'
            WHERE charge_id = $1
              AND status = 'new'
            RETURNING charge_id
        )
        INSERT INTO charge_attempts (charge_id, attempt, state, confirm_parameters, begun_at)
        SELECT charge_id, 1, 'sending', $2, $3
        FROM started
        """,
        charge_id,
        parameters,
        now,
    )


async def find_attempt(conn: Connection, charge_id: ChargeId) -> AttemptRow:
    """Return the attempt in flight; a charge that is sending or unknown has one."""
    row = await conn.fetchrow(
        """
        SELECT attempt, confirm_parameters, key_serial, is_key_spent,
               sent_at IS NOT NULL AS was_sent,
               greatest(clock_timestamp() - keyed_at, platform.now() - keyed_on) AS key_age
        FROM charge_attempts
        WHERE charge_id = $1
          AND state IN ('sending', 'unknown')
        """,
        charge_id,
    )
    assert row is not None, f"{charge_id} has no attempt in flight"
    return msgspec.convert(row, AttemptRow)


async def renew_confirm_key(conn: Connection, charge_id: ChargeId) -> None:
    """Begin a new key for the attempt in flight; nothing is open under the old one."""
    await conn.execute(
        """
        UPDATE charge_attempts
        SET key_serial = key_serial + 1, keyed_at = NULL, keyed_on = NULL,
            is_key_spent = false
        WHERE charge_id = $1
          AND state = 'sending'
          AND sent_at IS NULL
        """,
        charge_id,
    )


async def renew_create_key(conn: Connection, charge_id: ChargeId, token: int) -> bool:
    """Begin a new key for the PaymentIntent; tell whether the lease still holds."""
    done = await conn.fetchval(
        """
        UPDATE charges
        SET create_serial = create_serial + 1, create_keyed_at = clock_timestamp(),
            create_keyed_on = platform.now(), is_create_key_spent = false
        WHERE charge_id = $1
          AND lease_token = $2
          AND payment_intent_id IS NULL
        RETURNING true
        """,
        charge_id,
        token,
    )
    return done is not None


async def save_intent(
    conn: Connection, charge_id: ChargeId, token: int, intent_id: str, lease: timedelta
) -> bool:
    """Keep the PaymentIntent's id and renew the lease; tell whether it still held."""
    done = await conn.fetchval(
        """
        UPDATE charges
        SET payment_intent_id = $3, lease_until = clock_timestamp() + $4
        WHERE charge_id = $1
          AND lease_token = $2
          AND status = 'sending'
          AND (payment_intent_id IS NULL OR payment_intent_id = $3)
        RETURNING true
        """,
        charge_id,
        token,
        intent_id,
        lease,
    )
    return done is not None


async def mark_sent(conn: Connection, charge_id: ChargeId) -> None:
    """Write that the confirmation is about to leave us, and since when its key is in use."""
    await conn.execute(
        """
        UPDATE charge_attempts
        SET sent_at = clock_timestamp(), keyed_at = coalesce(keyed_at, clock_timestamp()),
            keyed_on = coalesce(keyed_on, platform.now())
        WHERE charge_id = $1
          AND state = 'sending'
        """,
        charge_id,
    )


async def postpone(
    conn: Connection,
    charge_id: ChargeId,
    token: int,
    *,
    because: str,
    wait: timedelta,
    is_key_spent: bool,
) -> bool:
    """Give the charge back for later; tell whether the lease still held."""
    done = await conn.fetchval(
        """
        UPDATE charges
        SET due_at = clock_timestamp() + $4, lease_until = '-infinity',
            postponed = postponed + 1, postponed_because = $3,
            is_create_key_spent =
                is_create_key_spent OR ($5 AND payment_intent_id IS NULL)
        WHERE charge_id = $1
          AND lease_token = $2
          AND status = 'sending'
        RETURNING true
        """,
        charge_id,
        token,
        because,
        wait,
        is_key_spent,
    )
    return done is not None


async def mark_not_sent(conn: Connection, charge_id: ChargeId, *, is_key_spent: bool) -> None:
    """Write that the confirmation, if one was sent, surely did not happen."""
    await conn.execute(
        """
        UPDATE charge_attempts
        SET sent_at = NULL, is_key_spent = is_key_spent OR ($2 AND sent_at IS NOT NULL)
        WHERE charge_id = $1
          AND state = 'sending'
        """,
        charge_id,
        is_key_spent,
    )


async def mark_unknown(
    conn: Connection, charge_id: ChargeId, token: int, *, check_in: timedelta
) -> bool:
    """Hand the charge to the janitor; tell whether the lease still held."""
    done = await conn.fetchval(
        """
        UPDATE charges
        SET status = 'unknown', unknown_since = coalesce(unknown_since, clock_timestamp()),
            due_at = clock_timestamp() + $3, lease_until = '-infinity'
        WHERE charge_id = $1
          AND lease_token = $2
          AND status = 'sending'
        RETURNING true
        """,
        charge_id,
        token,
        check_in,
    )
    return done is not None


async def mark_attempt_unknown(
    conn: Connection, charge_id: ChargeId, *, because: str, is_key_spent: bool
) -> None:
    await conn.execute(
        """
        UPDATE charge_attempts
        SET state = 'unknown', unknown_because = $2, is_key_spent = is_key_spent OR $3
        WHERE charge_id = $1
          AND state = 'sending'
        """,
        charge_id,
        because,
        is_key_spent,
    )


async def save_success(
    conn: Connection, charge_id: ChargeId, token: int, stripe_charge_id: str
) -> tuple[int, datetime] | None:
    """Write the success; return the charge's new version and the time. None: lease lost."""
    row = await conn.fetchrow(
        """
        UPDATE charges
        SET status = 'succeeded', stripe_charge_id = $3, decided_at = platform.now(),
            version = version + 1, lease_until = '-infinity'
        WHERE charge_id = $1
          AND lease_token = $2
          AND status IN ('sending', 'unknown')
        RETURNING version, decided_at
        """,
        charge_id,
        token,
        stripe_charge_id,
    )
    return None if row is None else (row["version"], row["decided_at"])


async def save_decline(
    conn: Connection, charge_id: ChargeId, token: int
) -> tuple[int, datetime] | None:
    """Write the definite no; return the charge's new version and the time. None: lease lost."""
    row = await conn.fetchrow(
        """
        UPDATE charges
        SET status = 'declined', decided_at = platform.now(), version = version + 1,
            lease_until = '-infinity'
        WHERE charge_id = $1
          AND lease_token = $2
          AND status IN ('sending', 'unknown')
        RETURNING version, decided_at
        """,
        charge_id,
        token,
    )
    return None if row is None else (row["version"], row["decided_at"])


async def finish_attempt(
    conn: Connection, charge_id: ChargeId, decline: Declined | None, *, decided_at: datetime
) -> int:
    """End the attempt in flight with a success (None) or a decline; return its number."""
    attempt: int = await conn.fetchval(
        """
        UPDATE charge_attempts
        SET state = CASE WHEN $3::text IS NULL THEN 'succeeded' ELSE 'declined' END,
            decided_at = $2, code = $3, decline_code = $4, advice_code = $5,
            network_decline_code = $6, network_advice_code = $7, needs_authentication = $8
        WHERE charge_id = $1
          AND state IN ('sending', 'unknown')
        RETURNING attempt
        """,
        charge_id,
        decided_at,
        decline.code if decline else None,
        decline.decline_code if decline else None,
        decline.advice_code if decline else None,
        decline.network_decline_code if decline else None,
        decline.network_advice_code if decline else None,
        decline.needs_authentication if decline else False,
    )
    return attempt


async def bring_forward(conn: Connection, slug: CampaignSlug) -> int:
    """Make every undecided charge that nobody holds due now, and let it be queued again."""
    rows = await conn.fetch(
        """
        UPDATE charges
        SET due_at = least(due_at, clock_timestamp()), queued_at = '-infinity'
        WHERE campaign = $1
          AND status IN ('new', 'sending', 'unknown')
          AND lease_until < clock_timestamp()
        RETURNING 1
        """,
        slug,
    )
    return len(rows)


async def platform_now(conn: Connection) -> datetime:
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now

"""SQL that writes what became of an attempt. Each names the lease's token.

A process that slept through its lease finds its token gone and changes nothing.
"""

from datetime import datetime, timedelta

from contracts.ids import ChargeId
from services.chassis.database import Connection
from services.settlement.charging import Declined


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

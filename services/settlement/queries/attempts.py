"""SQL about tries at a charge.

What moves a charge and its try together is one statement, and stands with the charge.
"""

from datetime import datetime
from typing import Any

import msgspec

from contracts.ids import ChargeId
from contracts.recovery import DeclineClass
from services.chassis.storage.database import Connection
from services.settlement.domain.charging import AttemptRow, Declined
from services.settlement.domain.recovery import AttemptKind
from services.settlement.queries.charges import ATTEMPT


async def insert_attempt(
    conn: Connection,
    charge_id: ChargeId,
    kind: AttemptKind,
    parameters: dict[str, Any],
    *,
    state: str,
) -> None:
    """Write a further attempt of a charge; at most one is in flight (unique index)."""
    await conn.execute(
        """
        INSERT INTO charge_attempts
            (charge_id, attempt, kind, state, confirm_parameters, begun_at, decided_at)
        SELECT $1, coalesce(max(attempt), 0) + 1, $2, $3, $4, platform.now(),
               CASE WHEN $3 = 'succeeded' THEN platform.now() END
        FROM charge_attempts
        WHERE charge_id = $1
        """,
        charge_id,
        kind,
        state,
        parameters,
    )


async def find_attempt(conn: Connection, charge_id: ChargeId) -> AttemptRow:
    """Return the attempt in flight; a charge that is sending or unknown has one."""
    row = await conn.fetchrow(
        f"""
        SELECT {ATTEMPT}
        FROM charge_attempts AS in_flight
        WHERE charge_id = $1
          AND state IN ('sending', 'unknown')
        """,  # noqa: S608
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


class FinishedAttempt(msgspec.Struct, frozen=True):
    """An attempt that ended, and how many of the charge's were ours alone, this one included."""

    attempt: int
    kind: AttemptKind
    automatic: int


async def decline_attempt(
    conn: Connection,
    charge_id: ChargeId,
    decline: Declined,
    *,
    because: DeclineClass,
    decided_at: datetime,
) -> FinishedAttempt | None:
    """End the attempt in flight with a decline, all of its reasons kept; None: there is none."""
    row = await conn.fetchrow(
        """
        UPDATE charge_attempts AS finished
        SET state = 'declined', decided_at = $2, code = $3, decline_code = $4,
            advice_code = $5, network_decline_code = $6, network_advice_code = $7,
            needs_authentication = $8, because = $9, error_type = $10
        WHERE charge_id = $1
          AND state IN ('sending', 'unknown')
        RETURNING attempt, kind, (
            SELECT count(*)
            FROM charge_attempts AS other
            WHERE other.charge_id = $1
              AND other.kind IN ('first', 'automatic', 'renewed')
        ) AS automatic
        """,
        charge_id,
        decided_at,
        decline.code,
        decline.decline_code,
        decline.advice_code,
        decline.network_decline_code,
        decline.network_advice_code,
        decline.needs_authentication,
        because,
        decline.error_type,
    )
    return None if row is None else msgspec.convert(row, FinishedAttempt)


async def resume_attempt(conn: Connection, charge_id: ChargeId) -> None:
    """Write that the confirmation did not happen. Whoever takes it next sees to its key."""
    await conn.execute(
        """
        UPDATE charge_attempts
        SET state = 'sending', sent_at = NULL
        WHERE charge_id = $1
          AND state = 'unknown'
        """,
        charge_id,
    )


async def abandon_attempt(conn: Connection, charge_id: ChargeId) -> None:
    """End the attempt in flight as one that came to nothing."""
    await conn.execute(
        """
        UPDATE charge_attempts
        SET state = 'abandoned', decided_at = platform.now()
        WHERE charge_id = $1
          AND state IN ('sending', 'unknown')
        """,
        charge_id,
    )

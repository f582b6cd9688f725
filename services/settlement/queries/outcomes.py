"""SQL that writes what became of an attempt. Each names the lease's token.

A process that slept through its lease finds its token gone and changes nothing.
"""

from datetime import datetime, timedelta

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.ids import CampaignSlug, ChargeId
from contracts.recovery import DeclineClass
from services.chassis.storage.database import Connection

PLATFORM = PlatformDefinition(version=0)
"""What holds until the first platform.yml is heard of."""


class DeclinedCharge(msgspec.Struct, frozen=True):
    """A charge as its decline left it; all times are business time."""

    version: int
    decided_at: datetime
    first_declined_at: datetime
    recovery_ends_at: datetime
    has_new_card: bool


class Window(msgspec.Struct, frozen=True):
    """The platform's time and zone, and how many of its days a recovery lasts."""

    now: datetime
    zone: str
    days: int


class SavedSuccess(msgspec.Struct, frozen=True):
    """A charge as its success left it, and whether an attempt of ours was in flight."""

    version: int
    decided_at: datetime
    had_attempt: bool


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


async def save_success(
    conn: Connection, charge_id: ChargeId, token: int, stripe_charge_id: str
) -> SavedSuccess | None:
    """Write the success, and end the attempt in flight with it. None: lease lost."""
    row = await conn.fetchrow(
        """
        WITH saved AS (
            UPDATE charges
            SET status = 'succeeded', stripe_charge_id = $3, decided_at = platform.now(),
                version = version + 1, lease_until = '-infinity', next_attempt_at = NULL,
                next_reminder_at = NULL
            WHERE charge_id = $1
              AND lease_token = $2
              AND status IN ('sending', 'unknown', 'with_person', 'ending')
            RETURNING charge_id, version, decided_at
        ), finished AS (
            UPDATE charge_attempts
            SET state = 'succeeded', decided_at = saved.decided_at
            FROM saved
            WHERE charge_attempts.charge_id = saved.charge_id
              AND state IN ('sending', 'unknown')
            RETURNING attempt
        )
        SELECT version, decided_at, EXISTS (SELECT FROM finished) AS had_attempt
        FROM saved
        """,
        charge_id,
        token,
        stripe_charge_id,
    )
    return None if row is None else msgspec.convert(row, SavedSuccess)


async def read_window(conn: Connection, slug: CampaignSlug) -> Window:
    """Return the platform's time and zone, and how many days a recovery lasts."""
    row = await conn.fetchrow(
        """
        SELECT platform.now() AS now,
               coalesce((SELECT timezone FROM campaigns WHERE slug = $1), $2) AS zone,
               coalesce((SELECT recovery_window_days FROM platform_rules), $3) AS days
        """,
        slug,
        PLATFORM.timezone,
        PLATFORM.recovery_window_days,
    )
    return msgspec.convert(row, Window)


async def save_decline(
    conn: Connection,
    charge_id: ChargeId,
    token: int,
    *,
    because: DeclineClass,
    known_error: str,
    now: datetime,
    ends_at: datetime,
) -> DeclinedCharge | None:
    """Write the definite no, and open the recovery at the first one. None: lease lost.

    A charge that never got its PaymentIntent makes it anew under another key. `ends_at`
    is that of a recovery which begins now.
    """
    row = await conn.fetchrow(
        """
        UPDATE charges
        SET status = 'declined', decided_at = $5, version = version + 1,
            lease_until = '-infinity', person_until = NULL, unknown_since = NULL, checks = 0,
            because = $3, known_errors = array_append(known_errors, $4),
            is_create_key_spent = is_create_key_spent OR payment_intent_id IS NULL,
            first_declined_at = coalesce(first_declined_at, $5),
            recovery_ends_at = coalesce(recovery_ends_at, $6)
        WHERE charge_id = $1
          AND lease_token = $2
          AND status IN ('sending', 'unknown', 'with_person')
        RETURNING version, decided_at, first_declined_at, recovery_ends_at, has_new_card
        """,
        charge_id,
        token,
        because,
        known_error,
        now,
        ends_at,
    )
    return None if row is None else msgspec.convert(row, DeclinedCharge)


async def set_calendar(
    conn: Connection,
    charge_id: ChargeId,
    *,
    next_attempt_at: datetime | None,
    next_reminder_at: datetime | None,
) -> None:
    """Set when a declined charge is tried again, and when its supporter is reminded.

    A reminder whose day came during a try of ours is still due after it.
    """
    await conn.execute(
        """
        UPDATE charges
        SET next_attempt_at = $2, next_reminder_at = coalesce(next_reminder_at, $3)
        WHERE charge_id = $1
          AND status = 'declined'
        """,
        charge_id,
        next_attempt_at,
        next_reminder_at,
    )

"""SQL about charges and their attempts: asked for, leased, begun, about to be sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.events.pledges import ChargeRequested
from contracts.ids import CampaignSlug, ChargeId
from contracts.money import Cents
from services.chassis.storage.database import Connection
from services.settlement.domain.charging import AttemptRow, ChargeRow, Work

CHARGE = """
    charge_id, campaign, supporter_id, purpose, pledge_ids, amount_cents, currency,
    customer_id, payment_method_id, status, version, payment_intent_id, lease_token,
    postponed, checks, create_parameters, create_serial,
    least(create_keyed_at, create_keyed_on) AS create_keyed_at, is_create_key_spent,
    greatest(
        clock_timestamp() - create_keyed_at, platform.now() - create_keyed_on
    ) AS create_key_age,
    known_errors, coalesce(person_until < clock_timestamp(), false) AS is_person_gone
"""
"""The age of a key by whichever clock makes it older: too old only costs one reading.

So with the instant since when it is in use: Stripe is searched from there.
"""

BEFORE_THE_BACKUP = timedelta(days=1)
REMEMBERED_FOR = timedelta(days=90)
"""How long after a restore a new charge may be one that Stripe has already, and since when."""

ATTEMPT = """
    attempt, kind, confirm_parameters, key_serial, is_key_spent,
    sent_at IS NOT NULL AS was_sent,
    greatest(clock_timestamp() - keyed_at, platform.now() - keyed_on) AS key_age
"""

IN_FLIGHT = """
    charge_id, attempt, kind, confirm_parameters, key_serial, is_key_spent, sent_at, keyed_at,
    keyed_on
"""
"""What `ATTEMPT` is read from."""


class NewCharge(msgspec.Struct, frozen=True):
    """A charge to be written, what it was asked for by, and what its PaymentIntent is made with."""

    charge_id: ChargeId
    request: ChargeRequested
    parameters: dict[str, Any]


async def insert_charges(conn: Connection, new: Sequence[NewCharge]) -> set[ChargeId]:
    """Add the one charge of each supporter for a purpose; return which of these were new.

    On a platform that was restored each is looked for at Stripe before it is created.
    """
    rows = await conn.fetch(
        """
        INSERT INTO charges
            (charge_id, campaign, supporter_id, purpose, amount_cents, currency, customer_id,
             payment_method_id, card_brand, card_last4, card_exp_month, card_exp_year,
             pledge_ids, create_parameters, requested_at, create_keyed_at, create_keyed_on,
             is_create_key_spent, due_at, queued_at, card_saved_at)
        SELECT charge_id, campaign, supporter_id, purpose, amount_cents, currency, customer_id,
               payment_method_id, card_brand, card_last4, card_exp_month, card_exp_year,
               pledges.ids, create_parameters, platform.now(),
               coalesce(restored.looked_for_since, clock_timestamp()), platform.now(),
               restored.looked_for_since IS NOT NULL, clock_timestamp(), clock_timestamp(),
               coalesce(asked.card_saved_at, (
                   SELECT max(coalesce(card_saved_at, created_at))
                   FROM pledge_copies AS copy
                   WHERE copy.pledge_id = ANY(pledges.ids)
                     AND copy.payment_method_id = asked.payment_method_id
               ))
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                    $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::int[],
                    $13::text[], $14::jsonb[], $15::timestamptz[]) WITH ORDINALITY
            AS asked (charge_id, campaign, supporter_id, purpose, amount_cents, currency,
                      customer_id, payment_method_id, card_brand, card_last4, card_exp_month,
                      card_exp_year, pledge_ids, create_parameters, card_saved_at, place)
        CROSS JOIN LATERAL (
            SELECT array(SELECT jsonb_array_elements_text(asked.pledge_ids::jsonb)) AS ids
        ) AS pledges
        LEFT JOIN (
            SELECT backed_up_at - $16::interval AS looked_for_since
            FROM platform.recovery
            WHERE restored_at > clock_timestamp() - $17::interval
        ) AS restored ON true
        ORDER BY place
        ON CONFLICT ON CONSTRAINT one_charge_per_purpose DO NOTHING
        RETURNING charge_id
        """,
        *_columns(new),
        BEFORE_THE_BACKUP,
        REMEMBERED_FOR,
    )
    return {row["charge_id"] for row in rows}


def _columns(new: Sequence[NewCharge]) -> tuple[list[Any], ...]:
    """Return new charges as arrays, one for each column."""
    asked = [each.request for each in new]
    return (
        [each.charge_id for each in new],
        [each.campaign for each in asked],
        [each.supporter_id for each in asked],
        [each.purpose for each in asked],
        [each.amount_cents for each in asked],
        [each.currency for each in asked],
        [each.card.customer_id for each in asked],
        [each.card.payment_method_id for each in asked],
        [each.card.brand for each in asked],
        [each.card.last4 for each in asked],
        [each.card.exp_month for each in asked],
        [each.card.exp_year for each in asked],
        # As text: a list of lists would be taken for an array of two dimensions.
        [msgspec.json.encode(each.pledge_ids).decode() for each in asked],
        [each.parameters for each in new],
        [each.card_saved_at for each in asked],
    )


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
    conn: Connection, charge_id: ChargeId, lease: timedelta, always: dict[str, Any]
) -> Work | None:
    """Take a charge that is due and nobody's, with its attempt; None: not now.

    A new charge's first attempt is begun with its card and with what is `always` sent.
    """
    row = await conn.fetchrow(
        f"""
        WITH due AS (
            SELECT charge_id, status
            FROM charges
            WHERE charge_id = $1
              AND status IN ('new', 'sending')
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
              AND NOT stands_still(campaign)
            FOR UPDATE SKIP LOCKED
        ), leased AS (
            UPDATE charges
            SET lease_until = clock_timestamp() + $2, lease_token = lease_token + 1,
                status = 'sending'
            WHERE charge_id = (SELECT charge_id FROM due)
            RETURNING {CHARGE}
        ), begun AS (
            INSERT INTO charge_attempts (charge_id, attempt, state, confirm_parameters, begun_at)
            SELECT charge_id, 1, 'sending',
                   $3::jsonb || jsonb_build_object('payment_method', payment_method_id),
                   platform.now()
            FROM leased
            WHERE (SELECT status FROM due) = 'new'
            RETURNING {IN_FLIGHT}
        ), in_flight AS (
            TABLE begun
            UNION ALL
            SELECT {IN_FLIGHT} FROM charge_attempts
            WHERE charge_id = (SELECT charge_id FROM due)
              AND state IN ('sending', 'unknown')
        )
        SELECT leased.*, {ATTEMPT}
        FROM leased
        JOIN in_flight USING (charge_id)
        """,  # noqa: S608
        charge_id,
        lease,
        always,
    )
    if row is None:
        return None
    return Work(msgspec.convert(row, ChargeRow), msgspec.convert(row, AttemptRow))


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


async def begin_confirm(
    conn: Connection, charge_id: ChargeId, token: int, intent_id: str, lease: timedelta
) -> bool:
    """Keep the PaymentIntent's id, and that its confirmation is about to leave us.

    Renews the lease and writes since when the attempt's key is in use; tells whether the
    lease still held.
    """
    done = await conn.fetchval(
        """
        WITH held AS (
            UPDATE charges
            SET payment_intent_id = $3, lease_until = clock_timestamp() + $4
            WHERE charge_id = $1
              AND lease_token = $2
              AND status = 'sending'
              AND (payment_intent_id IS NULL OR payment_intent_id = $3)
            RETURNING charge_id
        ), sent AS (
            UPDATE charge_attempts
            SET sent_at = clock_timestamp(), keyed_at = coalesce(keyed_at, clock_timestamp()),
                keyed_on = coalesce(keyed_on, platform.now())
            FROM held
            WHERE charge_attempts.charge_id = held.charge_id
              AND state = 'sending'
        )
        SELECT true
        FROM held
        """,
        charge_id,
        token,
        intent_id,
        lease,
    )
    return done is not None


async def bring_forward(conn: Connection, slug: CampaignSlug) -> None:
    """Make every undecided charge that nobody holds due now, and let it be queued again."""
    await conn.execute(
        """
        UPDATE charges
        SET due_at = least(due_at, clock_timestamp()), queued_at = '-infinity'
        WHERE campaign = $1
          AND status IN ('new', 'sending', 'unknown')
          AND lease_until < clock_timestamp()
        """,
        slug,
    )


async def bring_forward_these(conn: Connection, charge_ids: Sequence[ChargeId]) -> None:
    """Make these charges due now, those that are undecided and nobody holds."""
    await conn.execute(
        """
        UPDATE charges
        SET due_at = least(due_at, clock_timestamp()), queued_at = '-infinity'
        WHERE charge_id = ANY($1)
          AND status IN ('new', 'sending', 'unknown')
          AND lease_until < clock_timestamp()
        """,
        charge_ids,
    )


async def platform_now(conn: Connection) -> datetime:
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now

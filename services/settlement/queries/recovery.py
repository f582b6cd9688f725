"""SQL about charges that were declined: tried again, with another card, at the bank, ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.events.pledges import PledgeSnapshot
from contracts.events.settlement import LostBecause
from contracts.ids import CampaignSlug, ChargeId, SupporterId
from contracts.recovery import DeclineClass
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.charging import ChargeRow
from services.settlement.queries.charges import CHARGE


class Retry(msgspec.Struct, frozen=True):
    """A declined charge that is sent again, with this card."""

    charge_id: ChargeId
    campaign: CampaignSlug
    version: int
    payment_method_id: str


class Offered(msgspec.Struct, frozen=True):
    """A charge that has another card, or new data of its card."""

    charge_id: ChargeId
    status: str
    because: DeclineClass | None
    automatic: int
    by_person: int


class Loss(msgspec.Struct, frozen=True):
    """A charge that is lost, as of a version of it."""

    version: int
    decided_at: datetime
    lost_because: LostBecause


class Reminder(msgspec.Struct, frozen=True):
    """A supporter whose reminder is due; times are business time."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str
    version: int
    because: DeclineClass
    first_declined_at: datetime
    recovery_ends_at: datetime
    next_attempt_at: datetime | None
    reminders: int
    now: datetime


async def start_retries(
    conn: Connection, *, limit: int, charge_id: ChargeId | None = None
) -> list[Retry]:
    """Send again what is due by its calendar, or this one now. Only while its window is open."""
    rows = await conn.fetch(
        """
        UPDATE charges
        SET status = 'sending', decided_at = NULL, has_new_card = false, next_attempt_at = NULL,
            due_at = clock_timestamp(), queued_at = clock_timestamp(), version = version + 1
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE status = 'declined'
              AND recovery_ends_at > platform.now()
              AND NOT stands_still(campaign)
              AND CASE WHEN $1::text IS NULL THEN next_attempt_at <= platform.now()
                       ELSE charge_id = $1 END
            ORDER BY next_attempt_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING charge_id, campaign, version, payment_method_id
        """,
        charge_id,
        limit,
    )
    return decode_rows(rows, Retry)


async def take_card(conn: Connection, pledge: PledgeSnapshot, *, is_other: bool) -> Offered | None:
    """Give a pledge's charge its newest card, or its card's new data; None: no change.

    Another card counts only if it was saved after the one the charge has.
    """
    card = pledge.card
    rows = await conn.fetch(
        """
        UPDATE charges
        SET payment_method_id = $4, card_brand = $5, card_last4 = $6, card_exp_month = $7,
            card_exp_year = $8, card_saved_at = $9,
            has_new_card = has_new_card OR ($10 AND status <> 'new')
        WHERE campaign = $1
          AND supporter_id = $2
          AND $3 = ANY(pledge_ids)
          AND customer_id = $11
          AND status IN ('new', 'sending', 'unknown', 'declined', 'with_person')
          AND CASE
              WHEN $10 THEN payment_method_id <> $4
                  AND coalesce(card_saved_at, '-infinity') < $9
              ELSE payment_method_id = $4
                  AND (card_brand, card_last4, card_exp_month, card_exp_year)
                      IS DISTINCT FROM ($5, $6, $7::integer, $8::integer)
          END
        RETURNING charge_id, status, because, (
            SELECT count(*)
            FROM charge_attempts AS made
            WHERE made.charge_id = charges.charge_id
              AND made.kind IN ('first', 'automatic', 'renewed')
        ) AS automatic, (
            SELECT count(*)
            FROM charge_attempts AS made
            WHERE made.charge_id = charges.charge_id
              AND made.kind IN ('card', 'person')
              AND made.state = 'declined'
        ) AS by_person
        """,
        pledge.campaign,
        pledge.supporter_id,
        pledge.pledge_id,
        card.payment_method_id,
        card.brand,
        card.last4,
        card.exp_month,
        card.exp_year,
        pledge.card_saved_at or pledge.created_at,
        is_other,
        card.customer_id,
    )
    return next(iter(decode_rows(rows, Offered)), None)


async def take_newer_copies(conn: Connection, charge_ids: Sequence[ChargeId]) -> None:
    """Give new charges the cards that were saved while their requests were under way, if any."""
    await conn.execute(
        """
        UPDATE charges
        SET payment_method_id = newest.payment_method_id, card_brand = newest.card_brand,
            card_last4 = newest.card_last4, card_exp_month = newest.card_exp_month,
            card_exp_year = newest.card_exp_year, card_saved_at = newest.card_saved_at
        FROM (
            SELECT DISTINCT ON (asked.charge_id) asked.charge_id, copy.payment_method_id,
                   copy.card_brand, copy.card_last4, copy.card_exp_month, copy.card_exp_year,
                   copy.card_saved_at
            FROM charges AS asked
            JOIN pledge_copies AS copy ON copy.pledge_id = ANY(asked.pledge_ids)
            WHERE asked.charge_id = ANY($1)
              AND copy.customer_id = asked.customer_id
            ORDER BY asked.charge_id, copy.card_saved_at DESC NULLS LAST
        ) AS newest
        WHERE charges.charge_id = newest.charge_id
          AND charges.status = 'new'
          AND newest.card_saved_at > charges.card_saved_at
        """,
        charge_ids,
    )


async def take_reminders(conn: Connection, *, limit: int) -> list[Reminder]:
    """Return whose reminder is due, each once: who was away over several gets one."""
    rows = await conn.fetch(
        """
        UPDATE charges
        SET next_reminder_at = NULL, reminders = reminders + 1, version = version + 1
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE status = 'declined'
              AND next_reminder_at <= platform.now()
              AND recovery_ends_at > platform.now()
              AND NOT stands_still(campaign)
            ORDER BY next_reminder_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING charge_id, campaign, supporter_id, purpose, version, because,
                  first_declined_at, recovery_ends_at, next_attempt_at, reminders,
                  platform.now() AS now
        """,
        limit,
    )
    return decode_rows(rows, Reminder)


async def lease_ending(conn: Connection, lease: timedelta, *, limit: int) -> list[ChargeRow]:
    """Take charges whose window is over: nothing may be tried with them any more.

    Also those whose cancellation got no answer, or died on its way.
    """
    rows = await conn.fetch(
        f"""
        UPDATE charges
        SET status = 'ending', decided_at = NULL, next_attempt_at = NULL,
            next_reminder_at = NULL, lease_until = clock_timestamp() + $1,
            lease_token = lease_token + 1, due_at = clock_timestamp() + interval '15 seconds'
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE (status = 'declined' AND recovery_ends_at <= platform.now()
                   OR status = 'ending' AND due_at <= clock_timestamp())
              AND lease_until < clock_timestamp()
              AND NOT EXISTS (SELECT FROM pauses WHERE is_paused)
            ORDER BY recovery_ends_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING {CHARGE}
        """,  # noqa: S608
        lease,
        limit,
    )
    return decode_rows(rows, ChargeRow)


async def save_loss(
    conn: Connection, charge_id: ChargeId, token: int, because: LostBecause
) -> Loss | None:
    """Write that the charge is lost. None: the lease was lost."""
    row = await conn.fetchrow(
        """
        UPDATE charges
        SET status = 'lost', decided_at = platform.now(), version = version + 1,
            lease_until = '-infinity', person_until = NULL, next_attempt_at = NULL,
            next_reminder_at = NULL,
            lost_because = CASE
                WHEN EXISTS (
                    SELECT FROM campaign_refunds
                    WHERE campaign_refunds.campaign = charges.campaign
                ) THEN 'refunded'
                WHEN because = 'impossible' THEN 'impossible'
                ELSE $3
            END
        WHERE charge_id = $1
          AND lease_token = $2
          AND status IN ('ending', 'unknown', 'with_person')
        RETURNING version, decided_at, lost_because
        """,
        charge_id,
        token,
        because,
    )
    return None if row is None else msgspec.convert(row, Loss)

"""SQL about a person who confirms a charge at the bank, on the page of their pledge."""

from datetime import datetime, timedelta

import msgspec

from contracts.events.pledges import PledgeSnapshot
from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from contracts.money import Cents
from contracts.recovery import DeclineClass
from services.chassis.storage.database import Connection, decode_rows


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """The charge a pledge is in, as its holder may know it. Times are business time."""

    charge_id: ChargeId
    campaign: CampaignSlug
    supporter_id: SupporterId
    pledge_ids: tuple[PledgeId, ...]
    amount_cents: Cents
    currency: str
    status: str
    payment_intent_id: str | None
    payment_method_id: str
    card_brand: str
    card_last4: str
    because: DeclineClass | None
    recovery_ends_at: datetime | None
    next_attempt_at: datetime | None
    by_person: int
    now: datetime


async def find_supporter(conn: Connection, pledge_id: PledgeId) -> tuple[SupporterId, str] | None:
    """Return whose pledge it is and to which campaign, if we know it."""
    row = await conn.fetchrow(
        "SELECT supporter_id, campaign FROM pledge_copies WHERE pledge_id = $1", pledge_id
    )
    return None if row is None else (row["supporter_id"], row["campaign"])


async def find_owed(
    conn: Connection, campaign: str, supporter_id: SupporterId, pledge_id: PledgeId
) -> Owed | None:
    """Return the charge a pledge is in; None: nothing was asked for it yet."""
    rows = await conn.fetch(
        """
        SELECT charge_id, campaign, supporter_id, pledge_ids, amount_cents, currency, status,
               payment_intent_id, payment_method_id, card_brand, card_last4, because,
               recovery_ends_at, next_attempt_at, platform.now() AS now, (
                   SELECT count(*)
                   FROM charge_attempts AS made
                   WHERE made.charge_id = charges.charge_id
                     AND made.kind IN ('card', 'person')
                     AND made.state = 'declined'
               ) AS by_person
        FROM charges
        WHERE campaign = $1
          AND supporter_id = $2
          AND $3 = ANY(pledge_ids)
        """,
        campaign,
        supporter_id,
        pledge_id,
    )
    return next(iter(decode_rows(rows, Owed)), None)


async def find_of_other_customer(conn: Connection, pledge: PledgeSnapshot) -> ChargeId | None:
    """Return the open charge of a pledge that its newest card cannot pay, being of another
    customer at Stripe."""
    charge_id: ChargeId | None = await conn.fetchval(
        """
        SELECT charge_id
        FROM charges
        WHERE campaign = $1
          AND supporter_id = $2
          AND $3 = ANY(pledge_ids)
          AND customer_id <> $4
          AND coalesce(card_saved_at, '-infinity') < $5
          AND status IN ('new', 'sending', 'unknown', 'declined', 'with_person')
        """,
        pledge.campaign,
        pledge.supporter_id,
        pledge.pledge_id,
        pledge.card.customer_id,
        pledge.card_saved_at or pledge.created_at,
    )
    return charge_id


async def hold_for_person(
    conn: Connection, charge_id: ChargeId, *, lasts: timedelta, check_in: timedelta
) -> str | None:
    """Leave a declined charge to the person for a while; return the status it had.

    None: its window is over, or something else is under way. Asked again it lasts anew,
    while the window is open: who asks for ever must not keep it open.
    """
    before: str | None = await conn.fetchval(
        """
        WITH held AS MATERIALIZED (
            SELECT charge_id, status
            FROM charges
            WHERE charge_id = $1
              AND status IN ('declined', 'with_person')
              AND recovery_ends_at > platform.now()
            FOR UPDATE
        )
        UPDATE charges
        SET status = 'with_person', decided_at = NULL, checks = 0,
            person_until = clock_timestamp() + $2, due_at = clock_timestamp() + $3
        FROM held
        WHERE charges.charge_id = held.charge_id
        RETURNING held.status
        """,
        charge_id,
        lasts,
        check_in,
    )
    return before


async def give_back(conn: Connection, charge_id: ChargeId, token: int) -> bool | None:
    """Make a charge declined again whose person never answered the bank.

    Nothing happened, so nothing is told. Tells whether another card came meanwhile; None:
    the lease was lost.
    """
    has_new_card: bool | None = await conn.fetchval(
        """
        UPDATE charges
        SET status = 'declined', decided_at = platform.now(), person_until = NULL,
            lease_until = '-infinity'
        WHERE charge_id = $1
          AND lease_token = $2
          AND status = 'with_person'
        RETURNING has_new_card
        """,
        charge_id,
        token,
    )
    return has_new_card

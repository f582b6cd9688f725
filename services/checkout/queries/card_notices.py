"""SQL about cards that will not last until they are charged, and who was told of it."""

from datetime import datetime

import msgspec

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.database import Connection, decode_rows


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign whose supporters are to be told, so many days before its deadline."""

    campaign: CampaignSlug
    deadline_at: datetime
    days_left: int


class FadingCard(msgspec.Struct, frozen=True, kw_only=True):
    """The card one supporter will be charged with, which will not last."""

    supporter_id: SupporterId
    email: str
    language: str
    pledge_ids: tuple[PledgeId, ...]
    card: Card
    is_unusable: bool


async def list_due_rounds(conn: Connection, days: list[int]) -> list[Round]:
    """Return the rounds whose day has come and that were not made.

    Who missed the seventh day, because nothing ran, is told on the second alone.
    """
    rows = await conn.fetch(
        """
        SELECT campaign, due.deadline_at, due.days_left
        FROM (
            SELECT slug AS campaign, deadline_at, min(days_left) AS days_left
            FROM campaigns
            CROSS JOIN unnest($1::integer[]) AS day (days_left)
            WHERE drained_at IS NULL
              AND deadline_at > platform.now()
              AND deadline_at - days_left * interval '1 day' <= platform.now()
            GROUP BY slug, deadline_at
        ) AS due
        LEFT JOIN card_rounds AS made USING (campaign, deadline_at, days_left)
        WHERE made.campaign IS NULL
        ORDER BY due.deadline_at, campaign
        LIMIT 100
        """,
        days,
    )
    return decode_rows(rows, Round)


async def take_fading(
    conn: Connection,
    due: Round,
    *,
    saved_before: datetime,
    needed_until: datetime,
    zone: str,
    limit: int,
) -> list[FadingCard]:
    """Note the next supporters as told, and return them with their card.

    One card per supporter, the newest, which is the one that will be charged. Who saved it
    since the day came was told at that moment.
    """
    rows = await conn.fetch(
        """
        WITH newest AS (
            SELECT DISTINCT ON (supporter_id) supporter_id, payment_method_id, used_since
            FROM card_uses
            WHERE campaign = $1
              AND ended_as IS NULL
            ORDER BY supporter_id, used_since DESC, payment_method_id
        ), fading AS (
            SELECT newest.supporter_id, email, language, payment_method_id, customer_id, brand,
                last4, exp_month, exp_year, fingerprint, unusable_because
            FROM newest
            JOIN cards USING (payment_method_id)
            WHERE used_since < $4
              AND (
                  unusable_because IS NOT NULL
                  OR (
                      exp_month BETWEEN 1 AND 12
                      AND exp_year * 12 + exp_month
                          < extract(year FROM $5 AT TIME ZONE $6) * 12
                              + extract(month FROM $5 AT TIME ZONE $6)
                  )
              )
              AND NOT EXISTS (
                  SELECT 1
                  FROM card_notices AS told
                  WHERE told.campaign = $1
                    AND told.deadline_at = $2
                    AND told.days_left = $3
                    AND told.supporter_id = newest.supporter_id
              )
            ORDER BY newest.supporter_id
            LIMIT $7
        ), told AS (
            INSERT INTO card_notices (campaign, deadline_at, days_left, supporter_id)
            SELECT $1, $2, $3, supporter_id
            FROM fading
            ON CONFLICT DO NOTHING
            RETURNING supporter_id
        )
        SELECT supporter_id, email, language, unusable_because IS NOT NULL AS is_unusable,
            jsonb_build_object(
                'customer_id', customer_id,
                'payment_method_id', payment_method_id,
                'brand', brand,
                'last4', last4,
                'exp_month', exp_month,
                'exp_year', exp_year,
                'fingerprint', fingerprint
            ) AS card,
            (
                SELECT array_agg(DISTINCT pledge_id ORDER BY pledge_id)
                FROM card_uses
                WHERE card_uses.campaign = $1
                  AND card_uses.supporter_id = told.supporter_id
                  AND card_uses.ended_as IS NULL
            ) AS pledge_ids
        FROM told
        JOIN fading USING (supporter_id)
        ORDER BY supporter_id
        """,
        due.campaign,
        due.deadline_at,
        due.days_left,
        saved_before,
        needed_until,
        zone,
        limit,
    )
    return decode_rows(rows, FadingCard)


async def finish_round(conn: Connection, due: Round) -> None:
    """Note that everybody of this round was told."""
    await conn.execute(
        """
        INSERT INTO card_rounds (campaign, deadline_at, days_left)
        VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """,
        due.campaign,
        due.deadline_at,
        due.days_left,
    )

"""SQL about cards that will not last until they are charged, and who was told of it."""

from datetime import datetime

import msgspec

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows


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


async def note_fading(
    conn: Connection, due: Round, *, needed_until: datetime, zone: str, limit: int
) -> list[SupporterId]:
    """Note the next supporters whose card will not last as told; return who they are.

    One card per supporter, the newest, which is the one that will be charged. Who saved it
    since the day came was told at that moment.
    """
    rows = await conn.fetch(
        """
        INSERT INTO card_notices (campaign, deadline_at, days_left, supporter_id)
        SELECT $1, $2, $3, supporter_id
        FROM (
            SELECT DISTINCT ON (supporter_id) supporter_id, payment_method_id, used_since
            FROM card_uses
            WHERE campaign = $1
              AND ended_as IS NULL
            ORDER BY supporter_id, used_since DESC, payment_method_id
        ) AS newest
        JOIN cards USING (supporter_id, payment_method_id)
        WHERE used_since < $2::timestamptz - $3::integer * interval '1 day'
          AND (
              unusable_because IS NOT NULL
              OR (exp_month BETWEEN 1 AND 12
                  AND exp_year * 12 + exp_month
                      < extract(year FROM $4::timestamptz AT TIME ZONE $5) * 12
                          + extract(month FROM $4::timestamptz AT TIME ZONE $5))
          )
          AND NOT EXISTS (
              SELECT 1
              FROM card_notices AS told
              WHERE (told.campaign, told.deadline_at, told.days_left, told.supporter_id)
                  = ($1, $2, $3, newest.supporter_id)
          )
        ORDER BY supporter_id
        LIMIT $6
        ON CONFLICT DO NOTHING
        RETURNING supporter_id
        """,
        due.campaign,
        due.deadline_at,
        due.days_left,
        needed_until,
        zone,
        limit,
    )
    return [row["supporter_id"] for row in rows]


async def list_fading(
    conn: Connection, campaign: CampaignSlug, supporters: list[SupporterId]
) -> list[FadingCard]:
    """Return the newest card of each of these supporters, and all it will be charged for."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT ON (supporter_id)
            supporter_id, email, language, unusable_because IS NOT NULL AS is_unusable,
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
                FROM card_uses AS paid
                WHERE paid.campaign = $1
                  AND paid.supporter_id = card_uses.supporter_id
                  AND paid.ended_as IS NULL
            ) AS pledge_ids
        FROM card_uses
        JOIN cards USING (supporter_id, payment_method_id)
        WHERE campaign = $1
          AND supporter_id = ANY($2)
          AND ended_as IS NULL
        ORDER BY supporter_id, used_since DESC, payment_method_id
        """,
        campaign,
        supporters,
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

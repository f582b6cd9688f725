"""SQL about saved cards: what each is kept for, and what Stripe tells about it later."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, OrderId, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.cards import EndedAs, KeptCard, UnusableBecause


class KeptFor(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge for which a card is in use, and since when."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    supporter_id: SupporterId
    used_since: datetime


async def insert_cards(conn: Connection, kept: Sequence[KeptCard]) -> None:
    """Record cards with what they are for. One recorded before stays as it is."""
    cards = [each.card for each in kept]
    uses = [(each, use) for each in kept for use in each.uses]
    await conn.execute(
        """
        WITH kept AS (
            INSERT INTO cards
                (payment_method_id, customer_id, supporter_id, email, language, brand, last4,
                 exp_month, exp_year, fingerprint, saved_at)
            SELECT *
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                        $7::text[], $8::integer[], $9::integer[], $10::text[],
                        $11::timestamptz[])
            ON CONFLICT DO NOTHING
        )
        INSERT INTO card_uses
            (payment_method_id, used_since, supporter_id, pledge_id, order_id, campaign, ended_as)
        SELECT *
        FROM unnest($12::text[], $13::timestamptz[], $14::text[], $15::text[], $16::text[],
                    $17::text[], $18::text[])
        ON CONFLICT DO NOTHING
        """,
        [each.payment_method_id for each in cards],
        [each.customer_id for each in cards],
        [each.owner.supporter_id for each in kept],
        [each.owner.email for each in kept],
        [each.owner.language for each in kept],
        [each.brand for each in cards],
        [each.last4 for each in cards],
        [each.exp_month for each in cards],
        [each.exp_year for each in cards],
        [each.fingerprint for each in cards],
        [each.saved_at for each in kept],
        [each.card.payment_method_id for each, _ in uses],
        [each.saved_at for each, _ in uses],
        [each.owner.supporter_id for each, _ in uses],
        [use.pledge_id for _, use in uses],
        [use.order_id for _, use in uses],
        [use.campaign for _, use in uses],
        [use.ended_as for _, use in uses],
    )


async def end_uses(
    conn: Connection, pledge_ids: Sequence[PledgeId], ended_as: EndedAs
) -> list[str]:
    """End every use of these pledges; return the cards that nobody needs any more.

    The first end stays: what is told twice, or late, changes nothing.
    """
    rows = await conn.fetch(
        """
        WITH ended AS (
            UPDATE card_uses
            SET ended_as = $2
            WHERE pledge_id = ANY($1)
              AND ended_as IS NULL
            RETURNING payment_method_id, pledge_id
        )
        SELECT DISTINCT payment_method_id
        FROM ended
        WHERE NOT EXISTS (
            SELECT 1
            FROM card_uses AS other
            WHERE other.payment_method_id = ended.payment_method_id
              AND other.ended_as IS NULL
              AND other.pledge_id <> ALL($1)
        )
        ORDER BY payment_method_id
        """,
        pledge_ids,
        ended_as,
    )
    return [row["payment_method_id"] for row in rows]


async def list_ends(conn: Connection, pledge_id: PledgeId) -> list[EndedAs | None]:
    """Return how the uses of a pledge's cards ended; None for one that goes on."""
    rows = await conn.fetch(
        "SELECT DISTINCT ended_as FROM card_uses WHERE pledge_id = $1", pledge_id
    )
    return [row["ended_as"] for row in rows]


async def list_orders(conn: Connection, pledge_ids: Sequence[PledgeId]) -> list[OrderId]:
    """Return the orders of pledges, in the order in which their rows are locked."""
    rows = await conn.fetch(
        "SELECT DISTINCT order_id FROM card_uses WHERE pledge_id = ANY($1) ORDER BY order_id",
        pledge_ids,
    )
    return [row["order_id"] for row in rows]


async def find_card_of_order(conn: Connection, order_id: OrderId) -> Card | None:
    """Return the newest card an order's pledges will be charged to."""
    rows = await conn.fetch(
        """
        SELECT customer_id, payment_method_id, brand, last4, exp_month, exp_year, fingerprint
        FROM cards
        JOIN card_uses USING (payment_method_id)
        WHERE order_id = $1
          AND ended_as IS NULL
        ORDER BY used_since DESC, payment_method_id
        LIMIT 1
        """,
        order_id,
    )
    return next(iter(decode_rows(rows, Card)), None)


async def find_customer_in_use(
    conn: Connection, supporter_id: SupporterId, campaign: CampaignSlug
) -> str | None:
    """Return the customer of the card that a supporter's pledges to a campaign are charged to.

    None when there is no such card, or its customer is gone at Stripe.
    """
    customer_id: str | None = await conn.fetchval(
        """
        SELECT CASE WHEN unusable_because = 'customer_deleted' THEN NULL ELSE customer_id END
        FROM card_uses
        JOIN cards USING (payment_method_id)
        WHERE card_uses.campaign = $1
          AND card_uses.supporter_id = $2
          AND ended_as IS NULL
        ORDER BY used_since DESC, pledge_id DESC
        LIMIT 1
        """,
        campaign,
        supporter_id,
    )
    return customer_id


async def find_card_of_update(conn: Connection, update_id: str) -> Card | None:
    """Return the card that an update saved."""
    rows = await conn.fetch(
        """
        SELECT customer_id, payment_method_id, brand, last4, exp_month, exp_year, fingerprint
        FROM card_updates
        JOIN cards USING (payment_method_id)
        WHERE update_id = $1
        """,
        update_id,
    )
    return next(iter(decode_rows(rows, Card)), None)


async def refresh_card(
    conn: Connection, card: Card, *, told_at: datetime
) -> tuple[Card, list[KeptFor]] | None:
    """Take over new data of a card; None when it is unknown, the same, or older news.

    Returns the card as it is now, and what it is kept for.
    """
    row = await conn.fetchrow(
        """
        UPDATE cards
        SET brand = $2, last4 = $3, exp_month = $4, exp_year = $5, fingerprint = $6, told_at = $7
        WHERE payment_method_id = $1
          AND told_at <= $7
          AND (brand, last4, exp_month, exp_year, fingerprint)
              IS DISTINCT FROM ($2, $3, $4, $5, $6)
        RETURNING customer_id, payment_method_id, brand, last4, exp_month, exp_year, fingerprint
        """,
        card.payment_method_id,
        card.brand,
        card.last4,
        card.exp_month,
        card.exp_year,
        card.fingerprint,
        told_at,
    )
    if row is None:
        return None
    rows = await conn.fetch(
        """
        SELECT pledge_id, order_id, campaign, supporter_id, used_since
        FROM card_uses
        WHERE payment_method_id = $1
          AND ended_as IS NULL
        ORDER BY pledge_id
        """,
        card.payment_method_id,
    )
    return msgspec.convert(row, Card), decode_rows(rows, KeptFor)


async def mark_unusable(
    conn: Connection,
    because: UnusableBecause,
    *,
    payment_method_id: str = "",
    customer_id: str = "",
) -> int:
    """Note that Stripe will not charge a card, or any of a customer, any more."""
    status = await conn.execute(
        """
        UPDATE cards
        SET unusable_because = $1
        WHERE (payment_method_id = $2 OR customer_id = $3)
          AND unusable_because IS NULL
        """,
        because,
        payment_method_id,
        customer_id,
    )
    return int(status.split()[-1])


async def next_version(conn: Connection, pledge_id: PledgeId) -> int:
    """Return the number of the next announcement about a pledge's card."""
    version: int = await conn.fetchval(
        """
        INSERT INTO card_versions AS known (pledge_id, version)
        VALUES ($1, 1)
        ON CONFLICT (pledge_id) DO UPDATE
        SET version = known.version + 1
        RETURNING version
        """,
        pledge_id,
    )
    return version


async def count_in_use(conn: Connection) -> tuple[int, int]:
    """Return how many cards pledges wait for, and how many of them Stripe will not charge."""
    row = await conn.fetchrow(
        """
        SELECT count(DISTINCT payment_method_id) AS in_use,
               count(DISTINCT payment_method_id) FILTER (WHERE unusable_because IS NOT NULL)
                   AS unusable
        FROM card_uses
        JOIN cards USING (payment_method_id)
        WHERE ended_as IS NULL
        """
    )
    assert row is not None
    return row["in_use"], row["unusable"]

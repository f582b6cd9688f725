"""SQL about cards that replace others: one setup session each, saved at most once."""

from datetime import datetime

from contracts.api.checkout import OtherCard
from contracts.ids import PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.cards import CardUpdate, UiMode, UpdateStatus

LOOK_SECONDS = 120
LOOK_AGAIN_SECONDS = 60


async def insert_update(conn: Connection, update: CardUpdate) -> None:
    await conn.execute(
        """
        INSERT INTO card_updates
            (update_id, pledge_id, order_id, campaign, supporter_id, email, language, ui_mode,
             status, created_at, look_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + interval '1 minute')
        """,
        update.update_id,
        update.pledge_id,
        update.order_id,
        update.campaign,
        update.supporter_id,
        update.email,
        update.language,
        update.ui_mode,
        update.status,
        update.created_at,
    )


async def find_update(conn: Connection, update_id: str) -> CardUpdate | None:
    rows = await conn.fetch(
        """
        SELECT update_id, pledge_id, order_id, campaign, supporter_id, email, language, ui_mode,
               status, created_at, session_id
        FROM card_updates
        WHERE update_id = $1
        """,
        update_id,
    )
    return next(iter(decode_rows(rows, CardUpdate)), None)


async def find_by_session(conn: Connection, session_id: str) -> CardUpdate | None:
    rows = await conn.fetch(
        """
        SELECT update_id, pledge_id, order_id, campaign, supporter_id, email, language, ui_mode,
               status, created_at, session_id
        FROM card_updates
        WHERE session_id = $1
        """,
        session_id,
    )
    return next(iter(decode_rows(rows, CardUpdate)), None)


async def find_open(
    conn: Connection, pledge_id: PledgeId, ui_mode: UiMode, *, since: datetime
) -> CardUpdate | None:
    """Return the newest open update of a pledge that still has a while to live."""
    rows = await conn.fetch(
        """
        SELECT update_id, pledge_id, order_id, campaign, supporter_id, email, language, ui_mode,
               status, created_at, session_id
        FROM card_updates
        WHERE pledge_id = $1
          AND ui_mode = $2
          AND status = 'open'
          AND created_at > $3
        ORDER BY created_at DESC
        LIMIT 1
        """,
        pledge_id,
        ui_mode,
        since,
    )
    return next(iter(decode_rows(rows, CardUpdate)), None)


async def mark_open(conn: Connection, update_id: str, session_id: str) -> bool:
    """Record the session; False when the update was given up meanwhile."""
    opened = await conn.fetchval(
        """
        UPDATE card_updates
        SET status = 'open',
            session_id = $2,
            look_at = clock_timestamp() + make_interval(secs => $3)
        WHERE update_id = $1
          AND status = 'opening'
        RETURNING update_id
        """,
        update_id,
        session_id,
        LOOK_SECONDS,
    )
    return opened is not None


async def mark_saved(
    conn: Connection, update_id: str, session_id: str, payment_method_id: str, saved_at: datetime
) -> bool:
    """Note the card that was saved, once; False when it was noted before."""
    saved = await conn.fetchval(
        """
        UPDATE card_updates
        SET status = 'saved',
            session_id = $2,
            payment_method_id = $3,
            saved_at = $4
        WHERE update_id = $1
          AND status <> 'saved'
        RETURNING update_id
        """,
        update_id,
        session_id,
        payment_method_id,
        saved_at,
    )
    return saved is not None


async def mark_over(conn: Connection, update_id: str) -> None:
    """Note that no card was saved and none will be."""
    await conn.execute(
        """
        UPDATE card_updates
        SET status = 'over'
        WHERE update_id = $1
          AND status IN ('opening', 'open')
        """,
        update_id,
    )


async def take_due(conn: Connection, limit: int) -> list[tuple[str, UpdateStatus]]:
    """Return updates nobody spoke about for a while, and look again in a minute."""
    rows = await conn.fetch(
        """
        UPDATE card_updates
        SET look_at = clock_timestamp() + make_interval(secs => $2)
        WHERE update_id IN (
            SELECT update_id
            FROM card_updates
            WHERE status IN ('opening', 'open')
              AND look_at <= clock_timestamp()
            ORDER BY look_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING update_id, status
        """,
        limit,
        LOOK_AGAIN_SECONDS,
    )
    return [(row["update_id"], row["status"]) for row in rows]


async def list_others(conn: Connection, pledge_id: PledgeId, limit: int = 20) -> list[OtherCard]:
    """Return the cards of further pledges that a new card of this one will pay for.

    All of a supporter's pledges to a campaign are charged together, with the newest card.
    """
    rows = await conn.fetch(
        """
        WITH newest AS (
            SELECT DISTINCT ON (other.pledge_id) other.pledge_id, other.payment_method_id
            FROM card_uses AS asked
            JOIN card_uses AS other USING (campaign, supporter_id)
            WHERE asked.pledge_id = $1
              AND other.pledge_id <> $1
              AND other.ended_as IS NULL
            ORDER BY other.pledge_id, other.used_since DESC, other.payment_method_id
        )
        SELECT brand, last4, count(*) AS pledges
        FROM newest
        JOIN cards USING (payment_method_id)
        GROUP BY brand, last4
        ORDER BY brand, last4
        LIMIT $2
        """,
        pledge_id,
        limit,
    )
    return decode_rows(rows, OtherCard)


async def list_awaited(conn: Connection, session_ids: list[str]) -> set[str]:
    """Return those of these sessions in which somebody may still save a card."""
    rows = await conn.fetch(
        """
        SELECT session_id
        FROM orders
        WHERE session_id = ANY($1)
          AND status = 'open'
        UNION ALL
        SELECT session_id
        FROM card_updates
        WHERE session_id = ANY($1)
          AND status = 'open'
        """,
        session_ids,
    )
    return {row["session_id"] for row in rows}

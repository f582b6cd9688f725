"""SQL about what became of each campaign in an order."""

from collections.abc import Sequence

from contracts.ids import CampaignSlug, OrderId
from services.chassis.database import Connection, decode_rows
from services.checkout.orders import CampaignShare, ShareKey


async def list_shares(conn: Connection, order_id: OrderId) -> list[CampaignShare]:
    rows = await conn.fetch(
        """
        SELECT campaign, state, reason
        FROM order_campaigns
        WHERE order_id = $1
        ORDER BY campaign
        """,
        order_id,
    )
    return decode_rows(rows, CampaignShare)


async def mark_completed(conn: Connection, shares: Sequence[ShareKey]) -> None:
    await conn.execute(
        """
        UPDATE order_campaigns AS known
        SET state = 'completed',
            is_counted = true
        FROM unnest($1::text[], $2::text[]) AS shares (order_id, campaign)
        WHERE known.order_id = shares.order_id
          AND known.campaign = shares.campaign
        """,
        [each.order_id for each in shares],
        [each.campaign for each in shares],
    )


async def mark_persisted(conn: Connection, order_id: OrderId, campaign: CampaignSlug) -> None:
    await conn.execute(
        """
        UPDATE order_campaigns
        SET state = 'persisted'
        WHERE order_id = $1
          AND campaign = $2
          AND state = 'completed'
        """,
        order_id,
        campaign,
    )


async def mark_refused(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug, reason: str
) -> None:
    await conn.execute(
        """
        UPDATE order_campaigns
        SET state = 'refused',
            reason = $3
        WHERE order_id = $1
          AND campaign = $2
          AND state <> 'refused'
        """,
        order_id,
        campaign,
        reason,
    )


async def list_counted(conn: Connection, campaign: CampaignSlug) -> list[OrderId]:
    """Return every order whose `checkout.completed` contains the campaign.

    Without a limit: the drain's hash is over all of them.
    """
    rows = await conn.fetch(
        """
        SELECT order_id
        FROM order_campaigns
        WHERE campaign = $1
          AND is_counted
        ORDER BY order_id
        """,
        campaign,
    )
    return [row["order_id"] for row in rows]

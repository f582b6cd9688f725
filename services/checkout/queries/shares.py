"""SQL about what became of each campaign in an order."""

from collections.abc import Sequence

from contracts.ids import CampaignSlug, OrderId
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import CampaignShare, ShareKey


async def list_shares(conn: Connection, order_id: OrderId) -> list[CampaignShare]:
    return (await list_shares_of(conn, [order_id])).get(order_id, [])


async def list_shares_of(
    conn: Connection, order_ids: Sequence[OrderId]
) -> dict[OrderId, list[CampaignShare]]:
    rows = await conn.fetch(
        """
        SELECT order_id, campaign, state, reason
        FROM order_campaigns
        WHERE order_id = ANY($1)
        ORDER BY order_id, campaign
        """,
        order_ids,
    )
    found: dict[OrderId, list[CampaignShare]] = {}
    for row in rows:
        share = CampaignShare(campaign=row["campaign"], state=row["state"], reason=row["reason"])
        found.setdefault(row["order_id"], []).append(share)
    return found


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


async def mark_persisted(conn: Connection, shares: Sequence[ShareKey]) -> None:
    await conn.execute(
        """
        UPDATE order_campaigns AS known
        SET state = 'persisted'
        FROM unnest($1::text[], $2::text[]) AS shares (order_id, campaign)
        WHERE known.order_id = shares.order_id
          AND known.campaign = shares.campaign
          AND known.state = 'completed'
        """,
        [each.order_id for each in shares],
        [each.campaign for each in shares],
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

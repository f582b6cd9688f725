"""Say how much is left, whenever it changed."""

from collections.abc import Iterable
from datetime import datetime

from contracts.events.checkout import StockChanged
from contracts.ids import CampaignSlug
from services.chassis import outbox
from services.chassis.database import Connection
from services.checkout.queries import stock


async def announce_stock(
    conn: Connection, campaigns: Iterable[CampaignSlug], *, now: datetime, always: bool = False
) -> None:
    """Queue the stock of these campaigns as it is in this transaction.

    A campaign without limited tiers has nothing to say, unless it had some a moment ago
    (`always`). The version's row is locked first, so a higher version always knows what
    a lower one knew.
    """
    for campaign in sorted(set(campaigns)):
        if not always and not await stock.list_stock(conn, campaign):
            continue
        version = await stock.next_version(conn, campaign)
        event = StockChanged(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            campaign=campaign,
            version=version,
            tiers=await stock.list_stock(conn, campaign),
        )
        await outbox.append(
            conn, event, key=campaign, aggregate=f"stock:{campaign}", version=version
        )

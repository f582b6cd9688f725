"""Say how much is left, whenever it changed."""

from collections.abc import Iterable
from datetime import datetime

from contracts.events.checkout import AddOnStockChanged, StockChanged
from contracts.ids import CampaignSlug
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.checkout.domain.stock import PLATFORM_SHELF, Levels
from services.checkout.queries import stock

PLATFORM = "platform"


async def announce_stock(
    conn: Connection, shelves: Iterable[str], *, now: datetime, always: bool = False
) -> None:
    """Queue the stock of these shelves as it is in this transaction.

    A shelf without limits has nothing to say, unless it had some a moment ago (`always`).
    The version's row is locked first, so a higher version always knows what a lower one
    knew.
    """
    for shelf in sorted(set(shelves)):
        if not always and not await stock.list_levels(conn, shelf):
            continue
        version = await stock.next_version(conn, shelf)
        event = _event(shelf, await stock.list_levels(conn, shelf), version, now)
        key = PLATFORM if shelf == PLATFORM_SHELF else shelf
        await outbox.append(conn, event, key=key, aggregate=f"stock:{shelf}", version=version)


def _event(
    shelf: str, levels: Levels, version: int, now: datetime
) -> StockChanged | AddOnStockChanged:
    if shelf == PLATFORM_SHELF:
        return AddOnStockChanged(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            version=version,
            add_ons=levels.add_ons,
        )
    return StockChanged(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=CampaignSlug(shelf),
        version=version,
        tiers=levels.tiers,
        add_ons=levels.add_ons,
    )

"""Events in: stock, totals, closings and the calendar become one row per campaign."""

from typing import Any

from contracts.events.checkout import AddOnStockChanged, StockChanged
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.events.settlement import CampaignWentLive, DeadlinePassed, SettlementSettled
from contracts.streams import consumer
from services.chassis.events.handling import Handler
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Connection
from services.site import handlers
from services.site.live.announcing import Announcer


def listeners(announcer: Announcer) -> list[Listener]:
    """Return what site listens to."""

    def then_tell(handle: Handler) -> Handler:
        async def heard(conn: Connection, event: Any) -> None:
            await handle(conn, event)
            announcer.note(event.campaign)

        return heard

    return [
        Listener(
            consumer("site-stock"),
            {
                StockChanged: then_tell(handlers.hear_stock),
                AddOnStockChanged: handlers.hear_add_on_stock,
            },
        ),
        Listener(
            consumer("site-totals"),
            {
                TotalsChanged: then_tell(handlers.hear_totals),
                CampaignClosed: then_tell(handlers.hear_closing),
            },
        ),
        Listener(
            consumer("site-calendar"),
            {
                CampaignWentLive: then_tell(handlers.hear_start),
                DeadlinePassed: then_tell(handlers.hear_deadline),
                SettlementSettled: then_tell(handlers.hear_settled),
            },
        ),
    ]

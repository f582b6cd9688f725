"""What people ask about one order, and about what is left of a stock."""

from contracts.api.checkout import CardWarning, Summary
from contracts.ids import ORDER_PATTERN, CampaignSlug, OrderId, is_slug
from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import Connection
from services.checkout.domain.answers import (
    AddOnInventory,
    Inventory,
    inventory_of,
    left_of,
    summary_of,
)
from services.checkout.domain.orders import Order
from services.checkout.domain.stock import PLATFORM_SHELF
from services.checkout.handlers.care_for_cards import warn_about
from services.checkout.handlers.complete_sessions import find_or_refuse_order
from services.checkout.queries import campaigns, cards, shares, stock


async def summarise(conn: Connection, order_id: str) -> Summary:
    """Return what the success page shows to whoever knows the order's id."""
    order = await find_or_refuse_order(conn, order_id_of(order_id))
    return summary_of(
        order,
        shares=await shares.list_shares(conn, order.order_id),
        titles=await campaigns.titles(conn, [pledge.campaign for pledge in order.pledges]),
        card_warning=await find_card_warning(conn, order),
    )


async def inventory(conn: Connection, slug: str) -> Inventory:
    """Return the stock of a campaign's limited tiers and add-ons."""
    campaign = CampaignSlug(slug)
    known = await campaigns.titles(conn, [campaign]) if is_slug(slug) else {}
    if not known:
        raise NotFound("campaign_not_found", "There is no such campaign.")
    version = await stock.find_version(conn, campaign)
    return inventory_of(slug, await stock.list_levels(conn, campaign), version)


async def add_on_inventory(conn: Connection) -> AddOnInventory:
    """Return the stock of the platform's own limited products."""
    platform = await campaigns.platform(conn)
    version = await stock.find_version(conn, PLATFORM_SHELF)
    levels = await stock.list_levels(conn, PLATFORM_SHELF)
    return AddOnInventory(
        add_ons=left_of(levels.add_ons),
        low_stock_threshold=platform.add_ons_low_stock,
        version=version,
    )


def order_id_of(text: str) -> OrderId:
    """Return an order's id, or refuse what cannot be one."""
    if not ORDER_PATTERN.fullmatch(text):
        raise InputRefused(
            "invalid_order_id", "That is no order.", fields={"orderId": "not an order id"}
        )
    return OrderId(text)


async def find_card_warning(conn: Connection, order: Order) -> CardWarning | None:
    """Return what is to be said at once about the card an order saved."""
    if order.status not in ("completed", "persisted"):
        return None
    card = await cards.find_card_of_order(conn, order.order_id)
    return await warn_about(conn, card, [pledge.campaign for pledge in order.pledges])

"""Let the holder of a link give their pledge another card: it must stand here and be unpaid."""

from datetime import datetime

import msgspec

from contracts import magic_link
from contracts.ids import OrderId
from contracts.magic_link import Keys, MagicLink, no_such_pledge
from contracts.pricing import PricedPledge
from services.chassis.storage.database import Connection
from services.checkout.domain.cards import require_chargeable
from services.checkout.domain.orders import Order
from services.checkout.queries import campaigns, cards, link_generations, orders, shares


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge as its link's holder may have another card for it."""

    order: Order
    pledge: PricedPledge
    link: MagicLink
    now: datetime


async def find_asked(conn: Connection, token: str, keys: Keys) -> Asked:
    """Return the pledge a link is for, or refuse: it must stand here and be unpaid."""
    asked = await find_holder(conn, token, keys)
    require_chargeable(await cards.list_ends(conn, asked.pledge.pledge_id))
    return asked


async def find_holder(conn: Connection, token: str, keys: Keys) -> Asked:
    """Return the pledge a link is for, or refuse: whether it can be charged is not asked."""
    now = await campaigns.now(conn)
    link = magic_link.open_token(token, keys, now=now)
    order = await _order_of(conn, link)
    named = [each for each in order.pledges if each.pledge_id == link.pledge_id]
    states = {
        share.campaign: share.state for share in await shares.list_shares(conn, order.order_id)
    }
    if not named or states.get(named[0].campaign) not in ("completed", "persisted"):
        raise no_such_pledge()
    (pledge,) = named
    assert order.supporter_id is not None, "an order with pledges has a supporter"
    magic_link.require_holder(
        link,
        supporter=order.supporter_id,
        campaign=pledge.campaign,
        generation=await link_generations.find_generation(conn, order.supporter_id),
    )
    return Asked(order=order, pledge=pledge, link=link, now=now)


async def _order_of(conn: Connection, link: MagicLink) -> Order:
    """Return the order of a pledge: its id is the order's own, or begins with it."""
    whole = OrderId(link.pledge_id)
    bundle = OrderId(link.pledge_id.removesuffix(f"-{link.campaign_slug}"))
    for order_id in dict.fromkeys((whole, bundle)):
        order = await orders.find_order(conn, order_id)
        if order is not None:
            return order
    raise no_such_pledge()

"""Let the holder of a link give their pledge another card: it must stand here and be unpaid."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts import magic_link
from contracts.ids import ORDER_PATTERN, OrderId, canonical_email
from contracts.magic_link import MagicLink
from contracts.pricing import PricedPledge
from contracts.refusals import InputRefused, NotFound, NotYours
from services.chassis.database import Connection
from services.checkout.cards import require_chargeable
from services.checkout.orders import Order
from services.checkout.queries import campaigns, cards, link_generations, orders, shares

Keys = Mapping[str, bytes]


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
    if not token:
        raise InputRefused(
            "missing_token", "The link is incomplete.", fields={"token": "is missing"}
        )
    now = await campaigns.now(conn)
    link = magic_link.verify(token, keys, now=now, scope=magic_link.PLEDGE_SCOPE)
    order = await _order_of(conn, link)
    held = [each for each in order.pledges if each.pledge_id == link.order_id]
    states = {
        share.campaign: share.state for share in await shares.list_shares(conn, order.order_id)
    }
    if not held or states.get(held[0].campaign) not in ("completed", "persisted"):
        raise no_such_pledge()
    (pledge,) = held
    assert order.supporter_id is not None, "an order with pledges has a supporter"
    generation = await link_generations.find_generation(conn, order.supporter_id)
    magic_link.require_generation(link, generation)
    if not _is_theirs(order, link) or link.campaign_slug != pledge.campaign:
        raise NotYours("not_yours", "This link is for another pledge.")
    return Asked(order=order, pledge=pledge, link=link, now=now)


async def _order_of(conn: Connection, link: MagicLink) -> Order:
    """Return the order of a pledge: its id is the order's own, or begins with it."""
    if not ORDER_PATTERN.fullmatch(link.order_id):
        raise no_such_pledge()
    whole = OrderId(link.order_id)
    bundle = OrderId(link.order_id.removesuffix(f"-{link.campaign_slug}"))
    for order_id in dict.fromkeys((whole, bundle)):
        order = await orders.find_order(conn, order_id)
        if order is not None:
            return order
    raise no_such_pledge()


def _is_theirs(order: Order, link: MagicLink) -> bool:
    try:
        return canonical_email(link.email) == order.email
    except ValueError:
        return False


def no_such_pledge() -> NotFound:
    """Return the refusal for a valid link whose pledge is not here."""
    return NotFound("not_found", "There is no such pledge.")

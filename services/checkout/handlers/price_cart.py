"""Price a cart by the campaigns as they stand, with or without holding their doors."""

from datetime import datetime

import msgspec

from contracts.ids import OrderId, is_slug, new_order_id
from contracts.pricing import PricedPledge
from contracts.refusals import InputRefused
from services.chassis.database import Connection
from services.checkout.add_ons import place
from services.checkout.answers import Quote, quote_of
from services.checkout.bodies import CartBody, require_address
from services.checkout.cart import understand
from services.checkout.pricing import price_cart, tip_percent_of
from services.checkout.queries import campaigns


class PricedCart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart with its prices, and the instant and languages they were decided by."""

    pledges: tuple[PricedPledge, ...]
    languages: tuple[str, ...]
    now: datetime


async def quote_cart(conn: Connection, body: CartBody) -> Quote:
    """Return what the cart costs. Asks no stock: the asker may hold the last units itself."""
    priced = await priced_cart(conn, body, order_id=new_order_id(), is_held=False)
    return quote_of(priced.pledges)


async def priced_cart(
    conn: Connection, body: CartBody, *, order_id: OrderId, is_held: bool
) -> PricedCart:
    """Return the cart priced, or refuse.

    With `is_held` the campaigns stay as they are until the caller commits.
    """
    if body.campaign_slug and not is_slug(body.campaign_slug):
        raise InputRefused(
            "invalid_slug", "No campaign has such a name.", fields={"campaignSlug": "not a slug"}
        )
    require_address(body.shipping_address, "shippingAddress", is_posted_to=False)
    require_address(body.billing_address, "billingAddress", is_posted_to=False)
    cart = understand(body.items)
    read = campaigns.lock_campaigns if is_held else campaigns.find_campaigns
    known = await read(conn, list(cart.by_campaign))
    # Held only for whom it sells something: else every start would queue at one row.
    platform = await campaigns.platform(conn, is_held=is_held and bool(cart.add_ons))
    pledges = price_cart(
        place(cart, known, platform, anchor=body.bundle_add_on_anchor_campaign_slug),
        known,
        order_id=order_id,
        platform=platform,
        tip_percent=tip_percent_of(body.tip_percent, platform),
    )
    return PricedCart(
        pledges=pledges,
        languages=platform.languages,
        now=max(campaign.now for campaign in known.values()),
    )

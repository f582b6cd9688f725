"""Price a cart with what the carrier says, who is asked outside every transaction."""

import msgspec

from contracts.api.checkout import Quote
from contracts.ids import new_order_id
from services.chassis.storage.database import Pool, transaction
from services.checkout.domain.bodies import CartBody
from services.checkout.domain.pricing import least_sure, total_of
from services.checkout.domain.quotes import options_of, quote_of, shipment_of
from services.checkout.domain.shipping import Delivery
from services.checkout.handlers.price_cart import PricedCart, delivery_of, priced_cart
from services.checkout.handlers.quote_parts import ShippingQuote
from services.checkout.usps_gateway import USPSGateway

# A quote may wait for the carrier; a start must not become slow, and mostly finds the
# answer remembered.
QUOTE_SECONDS = 6.0
START_SECONDS = 1.5


async def quote_cart(pool: Pool, carrier: USPSGateway, body: CartBody) -> Quote:
    """Return what the cart costs. Asks no stock: the asker may hold the last units itself."""
    priced = await cart_with_postage(pool, carrier, body, within_seconds=QUOTE_SECONDS)
    return quote_of(priced.pledges)


async def delivery_at_start(pool: Pool, carrier: USPSGateway, body: CartBody) -> Delivery:
    """Return where and how a cart goes, with what the carrier says about it.

    The read it takes is saved where nothing could be asked.
    """
    delivery = delivery_of(body, has_carrier=carrier.is_configured)
    if delivery.destination is None or not carrier.is_configured:
        return delivery
    priced = await cart_with_postage(pool, carrier, body, within_seconds=START_SECONDS)
    return priced.delivery


async def cart_with_postage(
    pool: Pool, carrier: USPSGateway, body: CartBody, *, within_seconds: float
) -> PricedCart:
    """Return the cart at prices that know the carrier's answers, or refuse."""
    delivery = delivery_of(body, has_carrier=carrier.is_configured)
    async with transaction(pool) as conn:
        priced = await priced_cart(
            conn, body, order_id=new_order_id(), is_locked=False, delivery=delivery
        )
    requests = priced.rate_requests
    if not requests:
        return priced
    postage = await carrier.quote(requests, priced.platform.carrier, within_seconds=within_seconds)
    return priced.with_delivery(msgspec.structs.replace(delivery, postage=postage))


async def quote_shipping(pool: Pool, carrier: USPSGateway, body: CartBody) -> ShippingQuote:
    """Return what posting the cart's parcels costs, and how else they could be posted."""
    priced = await cart_with_postage(pool, carrier, body, within_seconds=QUOTE_SECONDS)
    parcels = [parcel for pledge in priced.pledges for parcel in pledge.price.shipments]
    state = least_sure(parcel.state for parcel in parcels)
    if parcels and body.shipping_address is None:
        # Even where one rate holds everywhere: nobody can say that we post there.
        state = "needs_input"
    return ShippingQuote(
        total_shipping_cents=total_of(priced.pledges).shipping_cents,
        state=state,
        states={"shipping": state},
        options=options_of(priced.pledges),
        quotes=tuple(shipment_of(parcel) for parcel in parcels),
        currency=priced.pledges[0].currency,
    )

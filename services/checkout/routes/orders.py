"""Edge: carts and orders, for people."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from contracts.api.checkout import Quote, Started, Summary
from services.chassis.storage.database import transaction
from services.chassis.web.crowd import LANE, PATIENT
from services.chassis.web.errors import FRESH, PRIVATE
from services.checkout.domain.answers import AddOnInventory, Ended, Inventory, OrderStatus
from services.checkout.domain.bodies import CartBody, OrderBody, TaxBody
from services.checkout.handlers import show_orders
from services.checkout.handlers.quote_parts import ShippingQuote, TaxQuote, quote_tax
from services.checkout.routes.dependencies import (
    CarrierDependency,
    CheckoutDependency,
    Client,
    PoolDependency,
    StoppingDependency,
    StripeDependency,
)
from services.checkout.steps import ask_about_order
from services.checkout.steps.price_with_carrier import quote_cart, quote_shipping
from services.checkout.steps.start_checkout import start_checkout


@post("/checkout-intent/start", status_code=200)
async def start(
    data: JSONBody[CartBody],
    checkout: CheckoutDependency,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
    client: Client = "",
) -> Response[Started]:
    answer = await start_checkout(checkout, data, idempotency_key, client)
    return Response(answer, headers=PRIVATE)


@post("/quote", status_code=200)
async def quote(
    data: JSONBody[CartBody], pool: PoolDependency, carrier: CarrierDependency
) -> Response[Quote]:
    return Response(await quote_cart(pool, carrier, data), headers=PRIVATE)


@post("/shipping/quote", status_code=200)
async def shipping_quote(
    data: JSONBody[CartBody], pool: PoolDependency, carrier: CarrierDependency
) -> Response[ShippingQuote]:
    return Response(await quote_shipping(pool, carrier, data), headers=PRIVATE)


@post("/tax/quote", status_code=200)
async def tax_quote(data: JSONBody[TaxBody], pool: PoolDependency) -> Response[TaxQuote]:
    async with transaction(pool) as conn:
        quoted = await quote_tax(conn, data)
    return Response(quoted, headers=PRIVATE)


@post("/checkout-intent/complete", status_code=200)
async def complete(
    data: JSONBody[OrderBody], pool: PoolDependency, stripe: StripeDependency
) -> Response[Ended]:
    return Response(await ask_about_order.complete(pool, stripe, data), headers=PRIVATE)


@post("/checkout-intent/abandon", status_code=200)
async def abandon(
    data: JSONBody[OrderBody], pool: PoolDependency, stripe: StripeDependency
) -> Response[Ended]:
    return Response(await ask_about_order.abandon(pool, stripe, data), headers=PRIVATE)


@get("/checkout-intent/status/{order_id:str}", opt={LANE: PATIENT})
async def status(
    order_id: FromPath[str],
    pool: PoolDependency,
    stopping: StoppingDependency,
    wait: FromQuery[float] = 0.0,
) -> Response[OrderStatus]:
    answer = await ask_about_order.wait_for_status(pool, order_id, wait, stopping)
    return Response(answer, headers=PRIVATE)


@get("/checkout-intent/summary")
async def summary(
    pool: PoolDependency, order_id: Annotated[str, QueryParameter(name="orderId")]
) -> Response[Summary]:
    async with transaction(pool) as conn:
        answer = await show_orders.summarise(conn, order_id)
    return Response(answer, headers=PRIVATE)


@get("/inventory/{slug:str}")
async def inventory(slug: FromPath[str], pool: PoolDependency) -> Response[Inventory]:
    async with transaction(pool) as conn:
        answer = await show_orders.inventory(conn, slug)
    return Response(answer, headers=FRESH)


@get("/add-ons/inventory")
async def add_on_inventory(pool: PoolDependency) -> Response[AddOnInventory]:
    async with transaction(pool) as conn:
        answer = await show_orders.add_on_inventory(conn)
    return Response(answer, headers=FRESH)


ROUTES = [
    *(start, quote, shipping_quote, tax_quote, complete, abandon, status, summary),
    *(inventory, add_on_inventory),
]

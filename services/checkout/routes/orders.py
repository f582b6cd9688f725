"""The edge: HTTP in, handler, HTTP out."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import (
    FromPath,
    FromQuery,
    HeaderParameter,
    JSONBody,
    QueryParameter,
    SkipValidation,
)

from contracts.magic_link import Keys
from services.chassis import crash
from services.chassis.bell import Bell
from services.chassis.crowd import LANE, PATIENT
from services.chassis.database import Pool, transaction
from services.chassis.guards import Guard
from services.checkout.domain.answers import (
    AddOnInventory,
    Ended,
    Inventory,
    OrderStatus,
    Recount,
    Recovered,
    Started,
    StockChange,
    Summary,
)
from services.checkout.domain.bodies import (
    CartBody,
    CompleteCardBody,
    OrderBody,
    RecoverBody,
    StartCardBody,
    StockBody,
    TaxBody,
)
from services.checkout.domain.card_answers import CardUpdated, CardUpdateStarted
from services.checkout.domain.quotes import Quote
from services.checkout.handlers import show_orders
from services.checkout.handlers.change_stock import change_stock
from services.checkout.handlers.quote_parts import ShippingQuote, TaxQuote, quote_tax
from services.checkout.handlers.recount_stock import recount_stock
from services.checkout.settings import Settings
from services.checkout.steps import ask_about_order, change_card, store_event
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.price_with_carrier import quote_cart, quote_shipping
from services.checkout.steps.recover_checkout import recover
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import USPSGateway

PRIVATE = {"Cache-Control": "private, no-store"}
FRESH = {"Cache-Control": "no-cache"}
WEBHOOK_BYTES_MAX = 256 * 1024

PoolDependency = NamedDependency[SkipValidation[Pool]]
StripeDependency = NamedDependency[SkipValidation[StripeGateway]]
CarrierDependency = NamedDependency[SkipValidation[USPSGateway]]
StoppingDependency = NamedDependency[SkipValidation[asyncio.Event]]
CheckoutDependency = NamedDependency[SkipValidation[Checkout]]
# Who asks, as the gateway saw it. Nobody else can set it.
Client = Annotated[str, HeaderParameter(name="x-pool-client")]


@post("/checkout-intent/start", status_code=200)
async def start(
    data: JSONBody[CartBody],
    checkout: CheckoutDependency,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
    client: Client = "",
) -> Response[Started]:
    answer = await start_checkout(checkout, data, idempotency_key, client)
    return Response(answer, headers=PRIVATE)


@post("/pledge/payment-method/start", status_code=200)
async def start_card_update(
    data: JSONBody[StartCardBody],
    checkout: CheckoutDependency,
    link_keys: NamedDependency[SkipValidation[Keys]],
    client: Client = "",
) -> Response[CardUpdateStarted]:
    answer = await change_card.start_update(checkout, data, link_keys, client)
    return Response(answer, headers=PRIVATE)


@post("/pledge/payment-method/complete", status_code=200)
async def complete_card_update(
    data: JSONBody[CompleteCardBody],
    checkout: CheckoutDependency,
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> Response[CardUpdated]:
    answer = await change_card.complete_update(checkout, data, link_keys)
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


@post("/webhooks/stripe", status_code=200, request_max_body_size=WEBHOOK_BYTES_MAX)
async def stripe_webhook(
    request: Request[Any, Any, Any],
    pool: PoolDependency,
    settings: NamedDependency[SkipValidation[Settings]],
    stripe_bell: NamedDependency[SkipValidation[Bell]],
) -> Response[dict[str, bool]]:
    raw = await request.body()
    signature = request.headers.get("stripe-signature", "")
    is_new = await store_event.store_delivery(pool, raw, signature, settings=settings)
    crash.point("checkout.webhook_stored")
    if is_new:
        stripe_bell.ring()
    return Response({"received": True}, headers=PRIVATE)


def admin_routes(guard: Guard) -> list[HTTPRouteHandler]:
    """Return the operators' routes behind their guard."""

    @post("/admin/recover-checkout", status_code=200, guards=[guard])
    async def recover_checkout(
        data: JSONBody[RecoverBody],
        pool: PoolDependency,
        stripe: StripeDependency,
        carrier: CarrierDependency,
    ) -> Response[Recovered]:
        return Response(await recover(pool, stripe, data, carrier), headers=PRIVATE)

    @post("/admin/inventory", status_code=200, guards=[guard])
    async def inventory_by_hand(
        data: JSONBody[StockBody], pool: PoolDependency
    ) -> Response[StockChange]:
        async with transaction(pool) as conn:
            changed = await change_stock(conn, data)
        return Response(changed, headers=PRIVATE)

    @post("/inventory/{slug:str}/recalculate", status_code=200, guards=[guard])
    async def recalculate_inventory(slug: FromPath[str], pool: PoolDependency) -> Response[Recount]:
        async with transaction(pool) as conn:
            recounted = await recount_stock(conn, slug)
        return Response(recounted, headers=PRIVATE)

    return [recover_checkout, inventory_by_hand, recalculate_inventory]


ROUTES = [
    *(start, quote, shipping_quote, tax_quote, complete, abandon, status, summary),
    *(inventory, add_on_inventory, stripe_webhook, start_card_update, complete_card_update),
]

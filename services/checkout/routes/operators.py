"""Edge: what operators ask of checkout. The guard stands before it."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from contracts.api.operations import WebhookState
from services.chassis.storage.database import transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import Guard
from services.checkout.domain.answers import LostCheckouts, Recount, Recovered, StockChange
from services.checkout.domain.bodies import LostBody, RecoverBody, StockBody
from services.checkout.handlers.change_stock import change_stock
from services.checkout.handlers.recount_stock import recount_stock
from services.checkout.queries import stripe_events
from services.checkout.routes.dependencies import (
    CarrierDependency,
    PoolDependency,
    StripeDependency,
)
from services.checkout.steps.recover_checkout import recover
from services.checkout.steps.recover_lost import recover_lost


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

    @post("/admin/recover-lost-checkouts", status_code=200, guards=[guard])
    async def recover_lost_checkouts(
        data: JSONBody[LostBody],
        pool: PoolDependency,
        stripe: StripeDependency,
        carrier: CarrierDependency,
    ) -> Response[LostCheckouts]:
        return Response(await recover_lost(pool, stripe, carrier, data), headers=PRIVATE)

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

    return [
        *(recover_checkout, recover_lost_checkouts),
        *(inventory_by_hand, recalculate_inventory),
    ]


def watched_routes(guard: Guard) -> list[HTTPRouteHandler]:
    """Return what the dashboard asks, through site alone."""

    @get("/internal/webhooks", guards=[guard], response_headers=PRIVATE)
    async def webhooks(pool: PoolDependency) -> WebhookState:
        async with transaction(pool) as conn:
            return await stripe_events.count_told(conn)

    return [webhooks]

"""Edge: what Stripe tells us."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.chassis.events.bell import Bell
from services.chassis.process import crash
from services.chassis.web.errors import PRIVATE
from services.checkout.routes.dependencies import PoolDependency
from services.checkout.settings import Settings
from services.checkout.steps import store_event

WEBHOOK_BYTES_MAX = 256 * 1024


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

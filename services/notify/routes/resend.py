"""Edge: what Resend tells us of mails, signed."""

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from contracts.refusals import Unavailable
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.notify.handlers.hear_resend import hear_resend
from services.notify.resend_gateway import heard


def webhook_route(secret: Secret) -> HTTPRouteHandler:
    """Return the route that believes nothing without Resend's signature."""

    @post("/webhooks/resend", status_code=200)
    async def resend_webhook(
        request: Request[Any, Any, Any], pool: NamedDependency[SkipValidation[Pool]]
    ) -> dict[str, bool]:
        if not secret:
            raise Unavailable("webhook_not_configured", "No webhook secret is configured here.")
        event = heard(await request.body(), request.headers, secret.reveal())
        async with transaction(pool) as conn:
            await hear_resend(conn, request.headers["svix-id"], event)
        return {"received": True}

    return resend_webhook

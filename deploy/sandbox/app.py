"""Composition root: settings to one world, the vendors' APIs, our own pages, the loops."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from deploy.sandbox import (
    bank,
    browser,
    control,
    frames,
    hosted,
    inbox,
    pages,
    resend_webhooks,
    ticker,
    turnstile,
    usps_routes,
    vendors,
    webhooks,
)
from deploy.sandbox.completion import SessionOver
from deploy.sandbox.platform_clock import PlatformClock
from deploy.sandbox.resend_api import ResendAPI
from deploy.sandbox.settings import Settings
from deploy.sandbox.store import Store
from deploy.sandbox.stripe_api.api import StripeAPI
from deploy.sandbox.stripe_api.errors import Refusal
from deploy.sandbox.transport import SilenceMiddleware
from deploy.sandbox.usps_api import USPSAPI
from deploy.sandbox.web import Bad, Web, json_response
from deploy.sandbox.world import World

BODY_BYTES_MAX = 10_000_000
RESTART_SECONDS = 1

log = logging.getLogger(__name__)


@get(["/livez", "/readyz"])
async def alive() -> dict[str, str]:
    return {"status": "ok"}


ROUTES: list[Any] = [
    alive,
    *vendors.HANDLERS,
    *usps_routes.HANDLERS,
    *turnstile.HANDLERS,
    *control.HANDLERS,
    *bank.HANDLERS,
    *inbox.HANDLERS,
    *browser.HANDLERS,
    *frames.HANDLERS,
    *hosted.HANDLERS,
    *pages.HANDLERS,
]


def build(settings: Settings) -> Any:
    """Return the ASGI application; its loops run from its startup to its shutdown."""
    stopping = asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        world = World(settings, Store(settings.state))
        platform_clock = PlatformClock(world)
        app.state.world = world
        app.state.platform_clock = platform_clock
        app.state.stripe = StripeAPI(world)
        resend = ResendAPI(world)
        app.state.resend = resend
        app.state.usps = USPSAPI(world)
        loops = [
            asyncio.create_task(kept_up(loop))
            for loop in (
                lambda: webhooks.deliver_for_ever(world),
                lambda: resend_webhooks.tell_for_ever(world),
                lambda: ticker.tick_for_ever(world, resend),
                lambda: ticker.do_chores_for_ever(world),
                platform_clock.keep_for_ever,
            )
        ]
        try:
            yield
        finally:
            await _end(loops)
            world.store.close()

    lifespans: list[Callable[[Litestar], AbstractAsyncContextManager[None]]] = [lifespan]
    app = Litestar(
        route_handlers=ROUTES,
        lifespan=lifespans,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        state=State(),
        exception_handlers=EXCEPTION_HANDLERS,
    )
    app.state.stopping = stopping
    return SilenceMiddleware(app, stopping)


async def kept_up(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a loop for ever: a mistake of ours in one round must not silence it."""
    while True:
        try:
            await loop()
            return
        except Exception:
            log.exception("a loop of the sandbox failed and starts again")
            await asyncio.sleep(RESTART_SECONDS)


async def _end(loops: list[asyncio.Task[None]]) -> None:
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


def _refused(_: Web, refusal: Refusal) -> Response[bytes]:
    return json_response({"error": refusal.error}, status=refusal.status)


def _over(_: Web, over: SessionOver) -> Response[bytes]:
    error = {
        "type": "invalid_request_error",
        "code": f"checkout_session_{over.status}",
        "message": over.message,
    }
    return json_response({"error": error}, status=409)


def _bad(_: Web, bad: Bad) -> Response[bytes]:
    return json_response(bad.body, status=bad.status)


def _bug(request: Web, bug: Exception) -> Response[bytes]:
    """Answer for our own mistake in Stripe's shape, which the SDK can read, and log it."""
    if isinstance(bug, HTTPException):
        return json_response({"error": {"message": bug.detail}}, status=bug.status_code)
    log.error("a request failed: %s", request.scope["path"], exc_info=bug)
    error = {"type": "api_error", "message": "The sandbox itself failed; its log says why."}
    return json_response({"error": error}, status=500)


EXCEPTION_HANDLERS: Any = {Refusal: _refused, SessionOver: _over, Bad: _bad, Exception: _bug}

"""What it takes to bring somebody to a card step: the pool, the vendors, and a turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.refusals import Unavailable
from services.chassis.storage.database import Pool
from services.chassis.web.challenge import Challenge
from services.checkout.domain.orders import UiMode
from services.checkout.handlers.guard_cards import client_key, limits_of
from services.checkout.settings import Settings
from services.checkout.steps.require_few_failures import require_few_failures
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import NO_CARRIER, USPSGateway

# With Stripe's 9 and the carrier's 1.5 it stays below the 15 seconds a browser is given.
QUEUE_SECONDS = 4.0
HANDS = 10


class Checkout:
    """What a start needs besides the request."""

    def __init__(
        self,
        pool: Pool,
        stripe: StripeGateway,
        settings: Settings,
        carrier: USPSGateway = NO_CARRIER,
    ) -> None:
        self.pool = pool
        self.stripe = stripe
        self.carrier = carrier
        self.settings = settings
        self.challenge = Challenge(
            site_key=settings.turnstile_site_key,
            secret=settings.turnstile_secret,
            base=settings.turnstile_base,
        )
        self.limits = limits_of(settings)
        self._hands = asyncio.Semaphore(HANDS)

    def ui_mode(self, wanted: UiMode | None) -> UiMode:
        """Return where the card step is: on our own page, if it can be and is wanted."""
        can_be_ours = bool(self.settings.stripe_publishable_key)
        return "custom" if can_be_ours and wanted != "hosted" else "hosted"

    async def admit(self, client: str, token: str | None) -> str:
        """Let an address start unless too many cards failed there; return its digest."""
        key = client_key(client, self.settings)
        await require_few_failures(
            self.pool, self.challenge, self.limits, client_key=key, token=token
        )
        return key

    @asynccontextmanager
    async def in_turn(self) -> AsyncIterator[None]:
        """Queue: a premiere comes one after the other and leaves connections to the rest."""
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._hands.acquire()
        except TimeoutError as exc:
            raise busy() from exc
        try:
            yield
        finally:
            self._hands.release()


def busy() -> Unavailable:
    """Return the refusal of somebody who waited too long for a turn."""
    return Unavailable("busy", "We are busy for a moment. Nothing was changed: try again.")

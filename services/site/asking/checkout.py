"""Asking checkout for what pages show: prices, starts, and what became of an order."""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.api.checkout import CardUpdateStarted, Quote, Started, Summary
from services.site.asking.asker import Asker, Caller, read
from services.site.cart.answers import Refused

QUOTE_SECONDS = 10.0
START_SECONDS = 15.0
LOOK_SECONDS = 5.0
ABANDON_SECONDS = 10.0


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout that was started, and the answer as checkout gave it."""

    started: Started
    raw: bytes


class Checkout(Asker):
    """The service behind the cart, as pages need it."""

    async def quote(self, body: Mapping[str, Any], caller: Caller) -> Quote | Refused:
        """Return what a cart costs, or why it cannot be priced."""
        answer = await self.ask("POST", "/quote", caller, body=body, seconds=QUOTE_SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, Quote)

    async def start(self, body: Mapping[str, Any], caller: Caller, *, key: str) -> Opened | Refused:
        """Start a checkout, once per key, or return why not."""
        headers = {"idempotency-key": key} if key else {}
        answer = await self.ask(
            "POST",
            "/checkout-intent/start",
            caller,
            body=body,
            seconds=START_SECONDS,
            headers=headers,
        )
        if isinstance(answer, Refused):
            return answer
        started = read(answer, Started)
        if isinstance(started, Refused):
            return started
        return Opened(started=started, raw=answer.body)

    async def abandon(self, order_id: str, caller: Caller) -> None:
        """Give back what an order holds. When that fails its session ends by itself."""
        body = {"orderId": order_id}
        await self.ask(
            "POST", "/checkout-intent/abandon", caller, body=body, seconds=ABANDON_SECONDS
        )

    async def card_page(self, token: str, caller: Caller) -> str | Refused:
        """Return where another card is entered on Stripe's own page."""
        body = {"token": token, "checkoutUiMode": "hosted"}
        path = "/pledge/payment-method/start"
        answer = await self.ask("POST", path, caller, body=body, seconds=START_SECONDS)
        if isinstance(answer, Refused):
            return answer
        found = read(answer, CardUpdateStarted)
        return found if isinstance(found, Refused) else found.url or ""

    async def receipt(self, order_id: str, caller: Caller) -> Summary | Refused:
        """Return an order as whoever knows its id may see it."""
        path = f"/checkout-intent/summary?orderId={order_id}"
        answer = await self.ask("GET", path, caller, seconds=LOOK_SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, Summary)

"""Stripe's own word on what happened: its events, and the webhooks that bring them."""

import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from stripe import WebhookSignature

from deploy.chaos.crowd import CALL_SECONDS, FAULTS
from deploy.chaos.experiment import Play
from deploy.local.layout import read_json

COMPLETED = "checkout.session.completed"
PAGE = 100


@dataclass(frozen=True)
class Event:
    """One event, as Stripe lists it."""

    order_id: str
    created: int
    raw: bytes


class Vendor:
    """What can be asked of Stripe, and sent in its name."""

    def __init__(self, play: Play) -> None:
        self._play = play
        kept = read_json(play.stage.data.file("secrets.json"))
        self._key, self._secret = str(kept["STRIPE_SECRET_KEY"]), str(kept["STRIPE_WEBHOOK_SECRET"])

    async def completions(self) -> dict[str, Event]:
        """Return the event of every saved card, by its order."""
        found: dict[str, Event] = {}
        path, after = f"/v1/events?type={COMPLETED}&limit={PAGE}", ""
        while True:
            status, page = await self._play.crowd.patiently(
                "GET",
                path + after,
                headers={"Authorization": f"Bearer {self._key}"},
                is_sandbox=True,
            )
            assert status == 200, page
            for each in page["data"]:
                order_id = each["data"]["object"]["metadata"]["orderId"]
                found[order_id] = Event(order_id, each["created"], msgspec.json.encode(each))
            if not page["has_more"]:
                return found
            after = f"&starting_after={page['data'][-1]['id']}"

    async def deliver(self, event: Event) -> tuple[int, float]:
        """Send a webhook as Stripe does; return the status, 0 for none, and the seconds."""
        text = event.raw.decode()
        headers: dict[str, Any] = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": WebhookSignature.generate_signature_header(text, self._secret),
        }
        began = time.monotonic()
        try:
            async with self._play.crowd.http.post(
                f"{self._play.stage.site}/webhooks/stripe",
                data=event.raw,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            ) as answer:
                await answer.read()
                status = answer.status
        except FAULTS:
            status = 0
        return status, time.monotonic() - began

"""Delivering Stripe's events ourselves: at our pace, signed as Stripe signs them."""

import json
import time
from typing import Any

import aiohttp
from stripe import WebhookSignature

from deploy.chaos.stage import Stage
from deploy.local.layout import read_json

COMPLETED = "checkout.session.completed"
PAGE = 100


class Webhooks:
    """Reads what the sandbox did not deliver, and delivers it."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession) -> None:
        document = stage.document
        kept = read_json(stage.data.file("secrets.json"))
        self._http = http
        self._to = f"{document['site']}/webhooks/stripe"
        self._events = f"{document['sandbox']}/v1/events"
        self._secret = str(kept["STRIPE_WEBHOOK_SECRET"])
        self._key = {"Authorization": f"Bearer {kept['STRIPE_SECRET_KEY']}"}

    async def undelivered(self, session_ids: set[str]) -> list[bytes]:
        """Return the events that tell of these sessions' completion, as Stripe would send them."""
        found: dict[str, bytes] = {}
        after: dict[str, str] = {}
        while len(found) < len(session_ids):
            query = {"type": COMPLETED, "limit": str(PAGE), **after}
            async with self._http.get(self._events, params=query, headers=self._key) as answer:
                page = await answer.json()
            for event in page["data"]:
                session_id = event["data"]["object"]["id"]
                if session_id in session_ids:
                    found[session_id] = json.dumps(event).encode()
            assert page["has_more"] or len(found) == len(session_ids), "an event is missing"
            after = {"starting_after": page["data"][-1]["id"]}
        return list(found.values())

    async def deliver(self, body: bytes) -> float:
        """Deliver one event; return how long the answer took, in seconds."""
        signature = WebhookSignature.generate_signature_header(
            body.decode(), self._secret, int(time.time())
        )
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        began = time.perf_counter()
        async with self._http.post(self._to, data=body, headers=headers) as answer:
            said: Any = await answer.read()
            assert answer.status == 200, said
        return time.perf_counter() - began

"""What Stripe's webhooks bring: events about sessions, signed, and told to the service."""

import secrets
import time
from typing import Any

import msgspec
from stripe import WebhookSignature

from services.checkout.settings import Settings
from services.checkout.steps.apply_stripe import Applying, Round
from services.checkout.steps.store_event import store_delivery
from tests.checkout.floor import Floor
from tests.checkout.sandbox import WEBHOOK_SECRET

APPLY_SECONDS = 60


def an_event(session: dict[str, Any], kind: str = "completed", **facts: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(6)}",
        "object": "event",
        "type": f"checkout.session.{kind}",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": session},
        **facts,
    }


def a_session(order_id: str, session_id: str) -> dict[str, Any]:
    return {"id": session_id, "mode": "setup", "metadata": {"orderId": order_id}}


def signed(raw: bytes, *, secret: str = WEBHOOK_SECRET, age_seconds: int = 0) -> str:
    at = int(time.time()) - age_seconds
    header: str = WebhookSignature.generate_signature_header(raw.decode(), secret, timestamp=at)
    return header


async def apply_due(applying: Applying) -> int:
    """Apply what Stripe told us and is due now, to the end; return how many events that was."""
    round_ = Round(applying)
    count = await round_.take()
    await round_.gather(APPLY_SECONDS)
    assert round_.is_idle
    return count


async def tell(
    floor: Floor, settings: Settings, event: dict[str, Any], signature: str | None = None
) -> bool:
    raw = msgspec.json.encode(event)
    given = signed(raw) if signature is None else signature
    return await store_delivery(floor.pool, raw, given, settings=settings)

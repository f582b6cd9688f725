"""The service as a process: bus, webhooks, clock, and the official SDK against the sandbox."""

import asyncio
from typing import Any

import asyncpg
import msgspec

from contracts.events.checkout import CheckoutCompleted
from tests.checkout.running import Running, wait_until
from tests.checkout.samples import (
    a_campaign,
    a_slug,
    a_tier,
    an_email,
    published,
)


def publish(running: Running, **facts: Any) -> str:
    """Put a campaign into force and wait until it can be pledged to."""
    definition = a_campaign(a_slug(), **facts)
    asyncio.run(running.publish(published(definition), key=definition.slug))
    wait_until(
        lambda: running.http.get(f"/inventory/{definition.slug}").status_code == 200,
        what="the campaign is heard",
    )
    return definition.slug


def test_a_pledge_goes_from_start_to_persisted(running: Running) -> None:
    slug, email = publish(running, tiers=(a_tier(limit_total=2),)), an_email()

    started = running.start(f"{slug}__frame", email=email, expectedAmount=5_644)
    session = started.json()
    reserved = running.inventory(slug)["frame"]
    running.sandbox.save_card(session["sessionId"], email).raise_for_status()
    wait_until(lambda: running.status(session["orderId"], wait=2) == "completed", what="webhook")
    event = completed_event(running, session["orderId"])

    assert started.status_code == 200, started.text
    assert started.headers["cache-control"] == "private, no-store"
    assert session["checkoutUiMode"] == "custom"
    assert session["totals"]["amount"] == 5_644
    assert reserved == {"limit": 2, "claimed": 0, "reserved": 1, "remaining": 1}
    assert running.inventory(slug)["frame"]["claimed"] == 1
    assert (event.email, event.card.brand, event.card.last4) == (email, "visa", "4242")


def completed_event(running: Running, order_id: str) -> CheckoutCompleted:
    """Return the one checkout.completed of an order."""
    rows = outbox(running, "checkout.completed", order_id)
    assert len(rows) == 1
    return msgspec.json.decode(rows[0], type=CheckoutCompleted)


def outbox(running: Running, event_type: str, key: str) -> list[bytes]:
    """Return what was said about one key."""

    async def read() -> list[bytes]:
        conn = await asyncpg.connect(running.database.owner_url)
        rows = await conn.fetch(
            "SELECT payload FROM checkout.outbox WHERE event_type = $1 AND subject = $2",
            event_type,
            f"{event_type}.{key}",
        )
        await conn.close()
        return [bytes(row["payload"]) for row in rows]

    return asyncio.run(read())

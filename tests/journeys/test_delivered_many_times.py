"""Whatever the bus, Stripe or a browser repeats, there is one pledge and one mail."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx
import nats
import pytest
import stripe

from deploy.local.layout import DataDir, read_json
from tests.support.platform import Platform, a_slug, an_email, eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def test_the_raw_event_published_five_times_makes_one_pledge_and_one_mail(
    platform: Platform, stack: Stack
) -> None:
    slug, email = platform.publish(a_slug("echo")), an_email("noor")
    order = platform.pledge(slug, email=email)["orderId"]
    platform.mail(email, "Pledge confirmed | ")
    subject, payload, message_id = asyncio.run(_outbox_row(stack, order))

    async def publish_again() -> None:
        client = await nats.connect(stack.nats_url)
        for number in range(5):
            headers = {"Nats-Msg-Id": message_id} if number < 2 else None
            await client.jetstream().publish(subject, payload, headers=headers)
        await client.close()

    asyncio.run(publish_again())
    after = platform.pledge(slug, email=an_email("later"))

    # The later pledge went through the same consumer, so the copies were heard before it.
    eventually(lambda: platform.live(slug)["stats"]["pledgeCount"] == 2, what="both counted")
    assert after["orderId"] != order
    assert platform.live(slug)["stats"]["pledgedAmount"] == 10_000
    assert len(platform.mails(email, "Pledge confirmed | ")) == 1
    platform.assert_in_sync(slug)


def test_the_webhook_five_times_at_once_with_complete_makes_one_pledge(
    platform: Platform, stack: Stack
) -> None:
    slug, email = platform.publish(a_slug("chorus")), an_email("ines")
    platform.sandbox.post("/sandbox/faults", json={"drop_webhooks": True}).raise_for_status()
    try:
        session = platform.start(slug, email=email).json()
        platform.save_card(session["sessionId"], email=email).raise_for_status()
        raw = _completed_event(stack, session["sessionId"])
    finally:
        platform.sandbox.post("/sandbox/faults", json={"reset": True}).raise_for_status()
    headers = _signed(stack, raw)

    def deliver(number: int) -> int:
        with httpx.Client(base_url=platform.stack.site, timeout=20) as http:
            if number < 5:
                return http.post("/webhooks/stripe", content=raw, headers=headers).status_code
            body = {"orderId": session["orderId"], "sessionId": session["sessionId"]}
            origin = {"Origin": platform.stack.site}
            return http.post("/checkout-intent/complete", json=body, headers=origin).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(deliver, range(6)))
    platform.wait_persisted(session["orderId"])
    platform.mail(email, "Pledge confirmed | ")
    eventually(lambda: platform.live(slug)["stats"]["pledgeCount"] == 1, what="counted")

    assert statuses == [200] * 6
    assert platform.live(slug)["stats"]["pledgedAmount"] == 5_000
    assert len(platform.mails(email, "Pledge confirmed | ")) == 1
    platform.assert_in_sync(slug)


async def _outbox_row(stack: Stack, order: str) -> tuple[str, bytes, str]:
    conn = await asyncpg.connect(stack.database_url("checkout"))
    try:
        row = await conn.fetchrow(
            "SELECT subject, payload, event_id FROM checkout.outbox WHERE subject = $1",
            f"checkout.completed.{order}",
        )
    finally:
        await conn.close()
    assert row is not None
    return row["subject"], bytes(row["payload"]), row["event_id"]


def _completed_event(stack: Stack, session_id: str) -> bytes:
    """Return Stripe's event about a session, as bytes that can be signed."""
    key = _secret(stack, "STRIPE_SECRET_KEY")
    answer = httpx.get(
        f"{stack.sandbox}/v1/events",
        params={"type": "checkout.session.completed", "limit": 100},
        headers={"Authorization": f"Bearer {key}"},
    )
    events = answer.json()["data"]
    event = next(each for each in events if each["data"]["object"]["id"] == session_id)
    return json.dumps(event).encode()


def _signed(stack: Stack, raw: bytes) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(
        raw.decode(), _secret(stack, "STRIPE_WEBHOOK_SECRET")
    )
    return {"Stripe-Signature": header, "Content-Type": "application/json"}


def _secret(stack: Stack, name: str) -> str:
    return str(read_json(DataDir(stack.data).file("secrets.json"))[name])

"""Whatever the bus, Stripe or a browser repeats, there is one pledge and one mail."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import nats
import pytest

from tests.support.platform import Platform, RunningStack, a_slug, an_email, eventually

pytestmark = pytest.mark.stack


class BusStack(RunningStack):
    """A stack whose bus can be spoken to directly."""

    nats_url: str

    def database_url(self, service: str) -> str:
        """Return a URL that may read that service's tables."""
        raise NotImplementedError


def test_the_raw_event_published_five_times_makes_one_pledge_and_one_mail(
    platform: Platform, stack: BusStack
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
    platform: Platform,
) -> None:
    slug, email = platform.publish(a_slug("chorus")), an_email("ines")
    platform.sandbox.post("/sandbox/faults", json={"drop_webhooks": True}).raise_for_status()
    try:
        session = platform.start(slug, email=email).json()
        platform.save_card(session["sessionId"], email=email).raise_for_status()
        event = _completed_event(platform, session["sessionId"])
    finally:
        platform.sandbox.post("/sandbox/faults", json={"reset": True}).raise_for_status()
    raw, headers = _signed(platform, event["id"])

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
    assert len(platform.mails(email)) == 1
    platform.assert_in_sync(slug)


async def _outbox_row(stack: BusStack, order: str) -> tuple[str, bytes, str]:
    import asyncpg

    conn = await asyncpg.connect(stack.database_url("checkout"))
    try:
        row = await conn.fetchrow(
            "SELECT subject, payload, event_id FROM checkout.outbox "
            "WHERE event_type = 'checkout.completed' AND subject = $1",
            f"checkout.completed.{order}",
        )
    finally:
        await conn.close()
    assert row is not None
    return row["subject"], bytes(row["payload"]), row["event_id"]


def _completed_event(platform: Platform, session_id: str) -> dict[str, Any]:
    events = platform.sandbox.get(
        "/v1/events",
        params={"type": "checkout.session.completed", "limit": 100},
        headers={"Authorization": f"Bearer {_stripe_key(platform)}"},
    ).json()["data"]
    return next(each for each in events if each["data"]["object"]["id"] == session_id)


def _signed(platform: Platform, event_id: str) -> tuple[bytes, dict[str, str]]:
    raise NotImplementedError(event_id)


def _stripe_key(platform: Platform) -> str:
    raise NotImplementedError(platform)

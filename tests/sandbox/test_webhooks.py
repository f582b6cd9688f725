"""Webhooks: signed with the secret, tried again, and wrong in every way that can be ordered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from aiohttp import web

from deploy.sandbox.settings import load
from deploy.sandbox.webhooks import GIVE_UP_SECONDS, RETRY_SECONDS, conclude
from tests.sandbox.conftest import WEBHOOK_SECRET, Sandbox, eventually, serving, settings


class Listener:
    """A service that hears webhooks and answers what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Any] = []
        self.statuses: list[int] = []

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.heard]

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        event = stripe.Webhook.construct_event(
            body, request.headers["Stripe-Signature"], WEBHOOK_SECRET
        )
        self.heard.append(event)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def has_heard(self, count: int) -> None:
        async def heard() -> int:
            return len(self.heard)

        await eventually(heard, lambda number: number >= count)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    app = web.Application()
    app.router.add_post("/webhooks/stripe", listening.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    listening.url = f"http://{host}:{port}/webhooks/stripe"
    yield listening
    await runner.cleanup()


@asynccontextmanager
async def telling(
    listener: Listener, state: str = "", enabled: tuple[str, ...] = ()
) -> AsyncIterator[Sandbox]:
    told = {"stripe_webhook_url": listener.url, "stripe_webhook_events": enabled}
    async with serving(settings(**told, state=state)) as sandbox:
        yield sandbox


async def test_every_event_is_delivered_signed(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        customer = await sandbox.customer()
        await sandbox.complete((await sandbox.session(customer=customer)).id)
        await listener.has_heard(5)
        waiting = await eventually(
            lambda: sandbox.v1.events.list_async({"delivery_success": False}),
            lambda page: not page.data,
        )
        listed = (await sandbox.v1.events.list_async()).data

    assert {event.id for event in listener.heard} == {event.id for event in listed}
    assert "checkout.session.completed" in listener.types
    assert {event.pending_webhooks for event in listed} == {0}
    assert waiting.data == []


async def test_a_type_that_is_not_enabled_is_listed_and_not_delivered(listener: Listener) -> None:
    async with telling(listener, enabled=("checkout.session.completed",)) as sandbox:
        customer = await sandbox.customer()
        for _ in range(2):
            await sandbox.complete((await sandbox.session(customer=customer)).id)
        await listener.has_heard(2)
        waiting = await eventually(
            lambda: sandbox.v1.events.list_async({"delivery_success": False}),
            lambda page: not page.data,
        )
        listed = await sandbox.event_types()

    assert listener.types == ["checkout.session.completed"] * 2
    assert "setup_intent.succeeded" in listed
    assert waiting.data == []


def test_the_enabled_types_are_read_as_a_list() -> None:
    both = load({"STRIPE_WEBHOOK_EVENTS": "charge.updated,refund.failed"})

    assert both.stripe_webhook_events == ("charge.updated", "refund.failed")
    assert load({}).stripe_webhook_events == ()


async def test_the_signature_is_of_real_time_however_far_the_clock_is_moved(
    listener: Listener,
) -> None:
    async with telling(listener) as sandbox:
        await sandbox.move_clock(advance="P365D")
        await sandbox.customer()
        # The listener verifies with the SDK's tolerance of five minutes.
        await listener.has_heard(1)


async def test_what_is_not_answered_with_2xx_comes_again(listener: Listener) -> None:
    listener.statuses = [503]
    async with telling(listener) as sandbox:
        await sandbox.customer()
        await listener.has_heard(1)
        unsuccessful = await sandbox.v1.events.list_async({"delivery_success": False})
        await listener.has_heard(2)

    assert [event.type for event in unsuccessful.data] == ["customer.created"]
    assert unsuccessful.data[0].pending_webhooks == 1
    assert listener.heard[0].id == listener.heard[1].id


def test_retries_slow_down_and_end_after_three_days() -> None:
    delivery = {"last_status": 500, "attempts": 0, "planned_at": 0.0, "state": "pending"}
    now, waits = 0.0, []
    while delivery["state"] == "pending":
        delivery["attempts"] += 1  # type: ignore[operator]
        next_at = conclude(delivery, now=now)
        waits.append((next_at or now) - now)
        now = next_at or now

    assert waits[: len(RETRY_SECONDS)] == list(RETRY_SECONDS)
    assert delivery["state"] == "given_up"
    assert GIVE_UP_SECONDS - 3_600 <= now <= GIVE_UP_SECONDS


async def test_dropped_webhooks_never_come_and_stay_listed(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        await sandbox.faults(drop_webhooks=True)
        await sandbox.customer()
        await sandbox.faults(drop_webhooks=False)
        await sandbox.customer("bo@example.org")
        await listener.has_heard(1)
        missing = await sandbox.v1.events.list_async({"delivery_success": False})
        everything = await sandbox.event_types()

    assert [event.data.object.email for event in listener.heard] == ["bo@example.org"]
    assert [event.data.object.email for event in missing.data] == ["ana@example.org"]
    assert everything == ["customer.created", "customer.created"]


async def test_duplicates_are_delivered_twice(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        await sandbox.faults(duplicate_webhooks=True)
        await sandbox.customer()
        await listener.has_heard(2)

    assert listener.heard[0].id == listener.heard[1].id


async def test_reordered_webhooks_come_in_another_order(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        await sandbox.faults(reorder_webhooks=True)
        session = await sandbox.session(customer_creation="always")
        await listener.has_heard(1)
        await sandbox.complete(session.id, email="ana@example.org")
        await listener.has_heard(5)
        happened = await sandbox.event_types()

    assert listener.types[1:] == list(reversed(happened[1:]))


async def test_a_delay_holds_webhooks_back(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        await sandbox.faults(webhook_delay_ms=300)
        before = asyncio.get_running_loop().time()
        await sandbox.customer()
        await listener.has_heard(1)

    assert asyncio.get_running_loop().time() - before >= 0.3


async def test_a_restart_delivers_what_was_left(listener: Listener, tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite")
    async with telling(listener, state) as sandbox:
        await sandbox.faults(webhook_delay_ms=600_000)
        await sandbox.customer()
    unheard = len(listener.heard)

    # Another life, in which the time for it has come.
    _due_now(state)
    async with telling(listener, state):
        await listener.has_heard(1)

    assert unheard == 0


def _due_now(state: str) -> None:
    import sqlite3

    import msgspec

    with sqlite3.connect(state) as db:
        ((body,),) = db.execute("SELECT body FROM objects WHERE kind = 'delivery'").fetchall()
        delivery = {**msgspec.json.decode(body), "due_at": 0}
        db.execute(
            "UPDATE objects SET body = ? WHERE kind = 'delivery'", (msgspec.json.encode(delivery),)
        )
    db.close()

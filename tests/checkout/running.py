"""Checkout as a process, and what tests do with it."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import nats

from contracts.events.base import Event
from contracts.ids import OrderId
from contracts.quoting import QuoteAnswer, QuoteRevision
from contracts.subjects import QUOTE, subject
from deploy.local.ports import free_port
from services.chassis.storage.database import open_pool
from services.checkout.domain.orders import Order
from services.checkout.queries import orders
from tests.checkout.samples import a_campaign, a_slug, published
from tests.checkout.sandbox import (
    GATEWAY_SECRET,
    STRIPE_KEY,
    WEBHOOK_SECRET,
    Forwarder,
    Sandbox,
    running_sandbox,
    wait_until,
)
from tests.support.stack import Database

ADMIN_SECRET = "admin-secret-of-these-tests-0123456789"
INTENT_SECRET = "intent-secret-of-these-tests-0123456789"
MAGIC_LINK_SECRET = "magic-link-secret-of-these-tests-0123456789"
SITE_BASE = "http://127.0.0.1:8000"


class Running:
    """The service as the gateway meets it."""

    def __init__(
        self,
        sandbox: Sandbox,
        url: str,
        database: Database,
        nats_url: str,
        spawn: "Callable[[], subprocess.Popen[bytes]]",
    ) -> None:
        self.sandbox = sandbox
        self.url = url
        self.database = database
        self.nats_url = nats_url
        self.spawn = spawn
        self.process = spawn()
        self.http = httpx.Client(
            base_url=url, timeout=30, headers={"x-pool-gateway": GATEWAY_SECRET}
        )

    def start(self, *items: Any, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        wanted = [{"id": item} if isinstance(item, str) else item for item in items]
        return self.http.post(
            "/checkout-intent/start",
            json={"items": wanted, "tipPercent": 5, **body},
            headers=headers,
        )

    def status(self, order_id: str, wait: float = 0) -> str:
        answer = self.http.get(f"/checkout-intent/status/{order_id}", params={"wait": wait})
        return str(answer.raise_for_status().json()["status"])

    def inventory(self, slug: str) -> dict[str, Any]:
        answer = self.http.get(f"/inventory/{slug}").raise_for_status()
        tiers: dict[str, Any] = answer.json()["tiers"]
        return tiers

    def restart(self, number: int) -> int:
        """End the process with a signal, start another; return how the first one ended."""
        self.process.send_signal(number)
        ended = self.process.wait(timeout=40)
        self.process = self.spawn()
        wait_until(lambda: _is_ready(self.http), what="checkout is ready again")
        return ended

    def execute(self, statement: str) -> None:
        """Do what only the owner of the database may."""
        asyncio.run(_execute(self.database.owner_url, statement))

    async def publish(self, *events: Event, key: str) -> None:
        """Say on the bus what other services would."""
        client = await nats.connect(self.nats_url)
        for event in events:
            await client.jetstream().publish(subject(type(event), key), msgspec.json.encode(event))
        await client.close()

    async def ask(self, asked: QuoteRevision, *, times: int = 1) -> list[QuoteAnswer]:
        """Ask what the ledger would, as often as told, all at once."""
        client = await nats.connect(self.nats_url)
        question = msgspec.json.encode(asked)
        asking = (client.request(QUOTE, question, timeout=10) for _ in range(times))
        answers = [
            msgspec.json.decode(answer.data, type=QuoteAnswer)
            for answer in await asyncio.gather(*asking)
        ]
        await client.close()
        return answers


@contextlib.contextmanager
def running_checkout(database: Database, nats_url: str, log: Path) -> Iterator[Running]:
    """Run the service in all its roles, with a sandbox that calls it back."""
    forwarder = Forwarder()
    forwarder.port_behind = free_port()
    with running_sandbox(forwarder.url, database.owner_url) as sandbox:
        environ = service_environ(database, nats_url, sandbox.url)
        environ["LISTEN_PORT"] = str(forwarder.port_behind)
        url = f"http://127.0.0.1:{forwarder.port_behind}"

        def spawn() -> "subprocess.Popen[bytes]":
            with log.open("ab") as output:
                argv = [sys.executable, "-m", "services.checkout", "all"]
                return subprocess.Popen(argv, env=environ, stdout=output, stderr=output)

        running = Running(sandbox, url, database, nats_url, spawn)
        try:
            wait_until(lambda: _is_ready(running.http), what="checkout is ready")
            yield running
        finally:
            running.process.terminate()
            running.process.wait(timeout=40)
            running.http.close()
    forwarder.close()


def service_environ(database: Database, nats_url: str, stripe_url: str) -> dict[str, str]:
    """Return the environment the service starts in."""
    return {
        **os.environ,
        "DATABASE_URL": database.url("checkout"),
        "MIGRATION_DATABASE_URL": database.owner_url,
        "NATS_URL": nats_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_SECRET": GATEWAY_SECRET,
        "SITE_BASE": SITE_BASE,
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe_url,
        "USPS_CLIENT_ID": "usps_sandbox",
        "USPS_CLIENT_SECRET": "usps_sandbox_secret",
        "USPS_API_BASE": stripe_url,
        "CHECKOUT_INTENT_SECRET": INTENT_SECRET,
        "ADMIN_SECRET": ADMIN_SECRET,
        "MAGIC_LINK_SECRET": MAGIC_LINK_SECRET,
    }


def publish(running: Running, **facts: Any) -> str:
    """Put a campaign into force and wait until it can be pledged to."""
    definition = a_campaign(a_slug(), **facts)
    asyncio.run(running.publish(published(definition), key=definition.slug))
    wait_until(
        lambda: running.http.get(f"/inventory/{definition.slug}").status_code == 200,
        what="the campaign is heard",
    )
    return definition.slug


def pledge(running: Running, *items: str, **body: Any) -> Order:
    """Go from start to completed."""
    session = running.start(*items, **body).raise_for_status().json()
    running.sandbox.save_card(session["sessionId"]).raise_for_status()
    wait_for(running, session["orderId"], "completed")
    return order_of(running, session["orderId"])


def wait_for(running: Running, order_id: str, status: str) -> None:
    """Wait, as the browser does, until the order stands there."""
    wait_until(lambda: running.status(order_id, 2) == status, what=f"{order_id} {status}")


def order_of(running: Running, order_id: str) -> Order:
    async def read() -> Order:
        pool = await open_pool(running.database.url("checkout"), schema="checkout")
        async with pool.acquire() as conn:
            order = await orders.find_order(conn, OrderId(order_id))
        await pool.close()
        assert order is not None
        return order

    return asyncio.run(read())


def said(running: Running, kind: Any, key: str) -> list[Any]:
    """Return the events of one type under one key."""
    event_type = kind.__struct_config__.tag

    async def read() -> list[Any]:
        conn = await asyncpg.connect(running.database.owner_url)
        rows = await conn.fetch(
            "SELECT payload FROM checkout.outbox WHERE subject = $1", f"{event_type}.{key}"
        )
        await conn.close()
        return [msgspec.json.decode(row["payload"], type=kind) for row in rows]

    return asyncio.run(read())


async def _execute(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url)
    await conn.execute(statement)
    await conn.close()


def _is_ready(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        answer = client.get("/readyz")
        return answer.status_code == 200 and answer.json()["degraded"] == []
    return False

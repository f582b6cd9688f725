"""Checkout as a process, Stripe's sandbox beside it, and the gateway's one header."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import nats

from contracts.events.base import Event
from contracts.subjects import subject
from tests.support.stack import Database

T = TypeVar("T")

STRIPE_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_sandbox"
GATEWAY_SECRET = "gateway-secret-of-these-tests-0123456789"
ADMIN_SECRET = "admin-secret-of-these-tests-0123456789"
INTENT_SECRET = "intent-secret-of-these-tests-0123456789"
SITE_BASE = "http://127.0.0.1:8000"


class Forwarder:
    """What the gateway does for a webhook: adds its header and passes the bytes on."""

    def __init__(self) -> None:
        self.port_behind = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/stripe"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forwarder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status = forwarder.forward(raw, self.headers.get("Stripe-Signature", ""))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def forward(self, raw: bytes, signature: str) -> int:
        behind = http.client.HTTPConnection("127.0.0.1", self.port_behind, timeout=10)
        try:
            headers = {
                "Content-Type": "application/json",
                "Stripe-Signature": signature,
                "x-pool-gateway": GATEWAY_SECRET,
            }
            behind.request("POST", "/webhooks/stripe", raw, headers)
            return behind.getresponse().status
        except OSError:
            return 502
        finally:
            behind.close()


class Sandbox:
    """Stripe's side: cards, faults, the clock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(
            base_url=url, timeout=30, headers={"Authorization": f"Bearer {STRIPE_KEY}"}
        )

    def faults(self, **faults: Any) -> None:
        self.http.post("/sandbox/faults", json=faults).raise_for_status()

    def advance(self, duration: str) -> None:
        self.http.post("/sandbox/clock", json={"advance": duration}).raise_for_status()

    def save_card(self, session_id: str, email: str = "noor@halfmoon.example") -> httpx.Response:
        return self.http.post(
            f"/sandbox/checkout-sessions/{session_id}/complete",
            json={
                "card": "4242424242424242",
                "email": email,
                "name": "Noor Valdecasas",
                "address": {"country": "US", "postalCode": "87101"},
            },
        )

    def session(self, session_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/checkout/sessions/{session_id}").raise_for_status()
        session: dict[str, Any] = answer.json()
        return session


class Running:
    """The service as the gateway meets it."""

    def __init__(
        self, sandbox: Sandbox, url: str, database: Database, nats_url: str, environ: dict[str, str]
    ) -> None:
        self.sandbox = sandbox
        self.url = url
        self.database = database
        self.nats_url = nats_url
        self.environ = environ
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

    async def publish(self, *events: Event, key: str) -> None:
        """Say on the bus what other services would."""
        client = await nats.connect(self.nats_url)
        for event in events:
            await client.jetstream().publish(subject(type(event), key), msgspec.json.encode(event))
        await client.close()


@contextlib.contextmanager
def running_sandbox(webhook_url: str = "", database_url: str = "") -> Iterator[Sandbox]:
    """Run a sandbox that remembers nothing afterwards."""
    port = _free_port()
    environ = {
        **os.environ,
        "LISTEN_PORT": str(port),
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_WEBHOOK_URL": webhook_url,
        "SANDBOX_DATABASE_URL": database_url,
    }
    with _process([sys.executable, "-m", "deploy.sandbox"], environ, Path(os.devnull)):
        sandbox = Sandbox(f"http://127.0.0.1:{port}")
        wait_until(lambda: _answers(sandbox.http, "/livez"), what="the sandbox answers")
        yield sandbox
        sandbox.http.close()


@contextlib.contextmanager
def running_checkout(database: Database, nats_url: str, log: Path) -> Iterator[Running]:
    """Run the service in all its roles, with a sandbox that calls it back."""
    forwarder = Forwarder()
    forwarder.port_behind = _free_port()
    with running_sandbox(forwarder.url, database.owner_url) as sandbox:
        environ = service_environ(database, nats_url, sandbox.url)
        environ["LISTEN_PORT"] = str(forwarder.port_behind)
        with _process([sys.executable, "-m", "services.checkout", "all"], environ, log):
            url = f"http://127.0.0.1:{forwarder.port_behind}"
            running = Running(sandbox, url, database, nats_url, environ)
            wait_until(lambda: _is_ready(running.http), what="checkout is ready")
            yield running
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
        "CHECKOUT_INTENT_SECRET": INTENT_SECRET,
        "ADMIN_SECRET": ADMIN_SECRET,
    }


def wait_until(probe: Callable[[], T], *, seconds: float = 20.0, what: str = "") -> T:
    """Return the first true answer of `probe`."""
    limit = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return answer


def _is_ready(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        answer = client.get("/readyz")
        return answer.status_code == 200 and answer.json()["degraded"] == []
    return False


def _answers(client: httpx.Client, path: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return client.get(path).status_code == 200
    return False


@contextlib.contextmanager
def _process(argv: list[str], environ: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(argv, env=environ, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=40)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

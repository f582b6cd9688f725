"""Stripe's sandbox as a process, and the one thing the gateway does for its webhooks."""

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import httpx

from deploy.local.ports import free_port

T = TypeVar("T")

STRIPE_KEY = "sk_test_sandbox"
GOOD = "4242424242424242"
DECLINED = "4000000000000002"
WEBHOOK_SECRET = "whsec_sandbox"
GATEWAY_SECRET = "gateway-secret-of-these-tests-0123456789"


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

    def save_card(
        self, session_id: str, email: str = "noor@halfmoon.example", **typed: Any
    ) -> httpx.Response:
        return self.http.post(
            f"/sandbox/checkout-sessions/{session_id}/complete",
            json={
                "card": GOOD,
                "email": email,
                "name": "Noor Valdecasas",
                "address": {"country": "US", "postalCode": "87101"},
                **typed,
            },
        )

    def payment_method(self, method_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/payment_methods/{method_id}").raise_for_status()
        method: dict[str, Any] = answer.json()
        return method

    def requests(self) -> list[dict[str, Any]]:
        """Return what Stripe's API was asked lately, oldest first."""
        answer = self.http.get("/sandbox/requests.json").raise_for_status()
        asked: list[dict[str, Any]] = answer.json()
        return asked

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.http.get("/livez").status_code == 200
        return False

    def session(self, session_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/checkout/sessions/{session_id}").raise_for_status()
        session: dict[str, Any] = answer.json()
        return session


@contextlib.contextmanager
def running_sandbox(webhook_url: str = "", database_url: str = "") -> Iterator[Sandbox]:
    """Run a sandbox that remembers nothing afterwards."""
    port = free_port()
    environ = {
        **os.environ,
        "LISTEN_PORT": str(port),
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_WEBHOOK_URL": webhook_url,
        "SANDBOX_DATABASE_URL": database_url,
    }
    argv = [sys.executable, "-m", "deploy.sandbox"]
    process = subprocess.Popen(argv, env=environ, stderr=subprocess.DEVNULL)
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    try:
        wait_until(sandbox.answers, what="the sandbox answers")
        yield sandbox
    finally:
        sandbox.http.close()
        process.terminate()
        process.wait(timeout=40)


def wait_until(probe: Callable[[], T], *, seconds: float = 20.0, what: str = "") -> T:
    """Return the first true answer of `probe`."""
    limit = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return answer

"""The sandbox as a process, and what tests do with it."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from contracts.events.checkout import Card

KEY = "sk_test_sandbox"
GOOD = "pm_card_visa"
DECLINED = "pm_card_chargeCustomerFail"
NEEDS_PERSON = "pm_card_authenticationRequired"
DECLINED_NUMBER = "4000000000000341"


class Sandbox:
    """Stripe's side of a test."""

    def __init__(self, url: str, process: "subprocess.Popen[bytes]") -> None:
        self.url = url
        self.process = process
        self.http = httpx.Client(
            base_url=url, timeout=30, headers={"Authorization": f"Bearer {KEY}"}
        )

    def reset(self) -> None:
        """End every fault, whatever the test did."""
        self._post("/sandbox/faults", json={"reset": True})

    def faults(self, **faults: Any) -> None:
        """Switch faults on."""
        self._post("/sandbox/faults", json=faults)

    def advance(self, duration: str) -> None:
        """Move the sandbox's own clock, by which it forgets idempotency keys."""
        self._post("/sandbox/clock", json={"advance": duration})

    def saved_card(self, magic: str = GOOD) -> Card:
        """Return a card saved for a new customer, as checkout would have done."""
        email = f"{secrets.token_hex(4)}@halfmoon.example"
        customer = self._post("/v1/customers", data={"email": email})["id"]
        attached = self._post(f"/v1/payment_methods/{magic}/attach", data={"customer": customer})
        card = attached["card"]
        return Card(
            customer_id=customer,
            payment_method_id=attached["id"],
            brand=card["brand"],
            last4=card["last4"],
            exp_month=card["exp_month"],
            exp_year=card["exp_year"],
        )

    def another_card(self, card: Card, magic: str = GOOD) -> Card:
        """Return a further card of the same customer."""
        path = f"/v1/payment_methods/{magic}/attach"
        attached = self._post(path, data={"customer": card.customer_id})
        return msgspec.structs.replace(
            card, payment_method_id=attached["id"], last4=attached["card"]["last4"]
        )

    def confirm_in_browser(self, secret: str, method: str) -> str:
        """Do what Stripe.js does with a client secret; return the PaymentIntent's status."""
        answer = self._post(
            "/elements/confirm-payment", json={"clientSecret": secret, "paymentMethod": method}
        )
        return str(answer["paymentIntent"]["status"])

    def answer_bank(self, intent_id: str, *, succeed: bool) -> str:
        """Pass or fail 3-D Secure as the person would."""
        path = f"/sandbox/payment-intents/{intent_id}/authenticate"
        return str(self._post(path, json={"succeed": succeed})["status"])

    def intents(self, campaign: str) -> list[dict[str, Any]]:
        """Return every PaymentIntent of a campaign."""
        answer = self.http.get("/sandbox/payment-intents.json").raise_for_status()
        return [each for each in answer.json() if each["metadata"].get("campaign") == campaign]

    def charged(self, campaign: str) -> list[int]:
        """Return what was taken for a campaign, one figure for each success."""
        return [
            intent["amount"] for intent in self.intents(campaign) if intent["status"] == "succeeded"
        ]

    def events(self) -> list[dict[str, Any]]:
        """Return everything Stripe has said, the newest first."""
        found: list[dict[str, Any]] = []
        query: dict[str, str] = {"limit": "100"}
        while True:
            page = self.http.get("/v1/events", params=query).raise_for_status().json()
            found += page["data"]
            if not page["has_more"]:
                return found
            query["starting_after"] = page["data"][-1]["id"]

    def requests(self) -> list[dict[str, Any]]:
        """Return what Stripe's API was asked lately, oldest first."""
        answer: list[dict[str, Any]] = self.http.get("/sandbox/requests.json").json()
        return answer

    def pause(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def _post(self, path: str, **content: Any) -> Any:
        answer = self.http.post(path, **content)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


@contextlib.contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    """Run a sandbox that remembers nothing afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "LISTEN_PORT": str(port), "STRIPE_SECRET_KEY": KEY}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.sandbox"], env=environ, stdout=-3, stderr=-3
    )
    sandbox = Sandbox(f"http://127.0.0.1:{port}", process)
    try:
        _wait(sandbox)
        yield sandbox
    finally:
        sandbox.http.close()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(timeout=15)


def _wait(sandbox: Sandbox) -> None:
    limit = time.monotonic() + 20
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if sandbox.http.get("/livez").status_code == 200:
                return
        assert time.monotonic() < limit, "the sandbox did not start"
        time.sleep(0.05)

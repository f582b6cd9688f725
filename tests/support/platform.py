"""The running platform as a person meets it: pages, cards, mails and the calendar."""

import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx

from tests.support.campaigns import AddOnText, campaign_file, platform_file

T = TypeVar("T")

GOOD_CARD = "4242424242424242"
DECLINED_LATER = "4000000000000341"
DISPUTED_CARD = "4000000000000259"
MANAGE_LINK = re.compile(r"https?://[^\s\"'<>]+/manage/\?t=([A-Za-z0-9_.-]+)")


class RunningStack(Protocol):
    """What this module needs of a started platform."""

    site: str
    sandbox: str
    admin_secret: str
    campaigns_dir: Path


def eventually(probe: Callable[[], T | None], *, seconds: float = 20.0, what: str = "") -> T:
    """Return the first true answer of `probe`; fail with what was last seen."""
    limit = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds} s: {what or probe!r} (last: {answer!r})")
        time.sleep(0.05)


class Platform:
    """A visitor, an operator and the calendar, over HTTP only."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.http = httpx.Client(base_url=stack.site, timeout=20, headers={"Origin": stack.site})
        self.sandbox = httpx.Client(base_url=stack.sandbox, timeout=20)
        self.admin = {"Authorization": f"Bearer {stack.admin_secret}"}

    def close(self) -> None:
        """Give the sockets back."""
        self.http.close()
        self.sandbox.close()

    # The calendar

    def now(self) -> datetime:
        """Return the platform's time."""
        return datetime.fromisoformat(self.sandbox.get("/sandbox/clock").json()["now"])

    def advance(self, days: int) -> None:
        """Move the platform's clock by whole days."""
        self.sandbox.post("/sandbox/clock", json={"advance": f"P{days}D"}).raise_for_status()

    # Campaigns

    def publish(self, slug: str, **facts: Any) -> str:
        """Write a campaign, publish it, and wait until it can be pledged to."""
        text = campaign_file(slug, now=self.now(), **facts)
        (self.stack.campaigns_dir / f"{slug}.md").write_text(text, encoding="utf-8")
        answer = self.http.post("/admin/rebuild", json={}, headers=self.admin)
        answer.raise_for_status()
        assert slug in answer.json()["published"], answer.text
        eventually(lambda: self.http.get(f"/inventory/{slug}").status_code == 200, what=slug)
        return slug

    def sell(self, *add_ons: AddOnText) -> None:
        """Have the platform sell products of its own, and wait until they can be had."""
        path = self.stack.campaigns_dir / "platform.yml"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        rest = text.partition("\nadd_ons:")[0].rstrip() + "\n"
        path.write_text(rest + platform_file(add_ons), encoding="utf-8")
        self.http.post("/admin/rebuild", json={}, headers=self.admin).raise_for_status()
        names = {each.id for each in add_ons}
        eventually(
            lambda: names <= set(self.http.get("/add-ons/inventory").json()["addOns"]),
            what=f"{names} on sale",
        )

    def live(self, slug: str) -> dict[str, Any]:
        """Return the public snapshot."""
        answer = self.http.get(f"/live/{slug}")
        answer.raise_for_status()
        snapshot: dict[str, Any] = answer.json()
        return snapshot

    # Pledging

    def start(self, slug: str, *, email: str, tier: str = "frame", **more: Any) -> httpx.Response:
        """Start a checkout for one tier."""
        quantity = more.pop("quantity", 1)
        headers = {"Idempotency-Key": more.pop("key", secrets.token_hex(12))}
        body = {
            "campaignSlug": slug,
            "items": [{"id": f"{slug}__{tier}", "quantity": quantity}],
            "email": email,
            "tipPercent": 5,
            **more,
        }
        return self.http.post("/checkout-intent/start", json=body, headers=headers)

    def save_card(self, session_id: str, *, email: str, card: str = GOOD_CARD) -> httpx.Response:
        """Type a card into Stripe's element, as a person would."""
        return self.sandbox.post(
            f"/sandbox/checkout-sessions/{session_id}/complete",
            json={
                "card": card,
                "email": email,
                "name": "Noor Valdecasas",
                "address": {"country": "US", "postalCode": "87101"},
            },
        )

    def pledge(
        self, slug: str, *, email: str, card: str = GOOD_CARD, **more: Any
    ) -> dict[str, Any]:
        """Pledge from start to persisted; return the answer of the start."""
        started = self.start(slug, email=email, **more)
        assert started.status_code == 200, started.text
        session: dict[str, Any] = started.json()
        saved = self.save_card(session["sessionId"], email=email, card=card)
        assert saved.status_code == 200, saved.text
        self.wait_persisted(session["orderId"])
        return session

    def wait_persisted(self, order_id: str) -> None:
        """Wait, as the browser does, until the pledge is in the ledger."""
        eventually(
            lambda: self.http.get(f"/checkout-intent/status/{order_id}?wait=5").json()["persisted"],
            what=f"{order_id} persisted",
        )

    # The inbox

    def mails(self, to: str, subject: str = "") -> list[dict[str, Any]]:
        """Return what this person received, newest first."""
        answer = self.sandbox.get("/inbox.json", params={"to": to, "subject": subject})
        mails: list[dict[str, Any]] = answer.json()
        return [mail for mail in mails if subject in mail["subject"]]

    def mail(self, to: str, subject: str) -> dict[str, Any]:
        """Wait for the one mail with that subject."""
        mails = eventually(lambda: self.mails(to, subject), what=f"mail {subject!r} to {to}")
        assert len(mails) == 1, [mail["subject"] for mail in mails]
        return mails[0]

    def token(self, mail: dict[str, Any]) -> str:
        """Return the key in a mail's manage link."""
        found = MANAGE_LINK.search(mail["text"])
        assert found, mail["text"]
        return found[1]

    def record(self, token: str) -> dict[str, Any]:
        """Return the pledge behind a link."""
        answer = self.http.get("/pledge", params={"token": token})
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    # After the deadline

    def close_campaign(self, slug: str, *, days: int = 3) -> dict[str, Any]:
        """Move past the deadline and wait for the final count."""
        self.advance(days)
        return eventually(
            lambda: (live := self.live(slug))["campaign"]["effectiveState"] == "post" and live,
            seconds=40,
            what=f"{slug} closed",
        )

    def charges(self, slug: str) -> list[dict[str, Any]]:
        """Return every PaymentIntent Stripe has for a campaign."""
        everything = self.sandbox.get("/sandbox/payment-intents.json").json()
        return [each for each in everything if each["metadata"].get("campaign") == slug]

    def wait_settled(self, slug: str) -> dict[str, Any]:
        """Wait until no charge of the campaign is undecided; return the run."""

        def settled() -> dict[str, Any] | None:
            run = self.http.get(f"/admin/settlements/{slug}", headers=self.admin).json()
            # Until its calendar has fired it is a plan, which counts nothing as done.
            decided = sum(run.get(name, 0) for name in ("succeeded", "failed", "lost"))
            return run if run.get("planned") and decided == run["planned"] else None

        return eventually(settled, seconds=40, what=f"{slug} settled")

    def as_operator(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask an operator's route; it must say yes."""
        answer = self.http.post(path, json=body, headers=self.admin)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def wait_refunded(self, slug: str) -> dict[str, Any]:
        """Wait until a campaign has given back what it took; return how that stands."""

        def ended() -> dict[str, Any] | None:
            state = self.http.get(f"/admin/refunds/{slug}", headers=self.admin).json()
            return state if state["hasEnded"] else None

        return eventually(ended, seconds=40, what=f"{slug} gave everything back")

    def assert_in_sync(self, slug: str) -> None:
        """History, pledges and totals must agree."""
        answer = self.http.post(f"/stats/{slug}/check", json={}, headers=self.admin)
        assert answer.status_code == 200, answer.text
        assert answer.json()["inSync"], answer.text


def a_slug(name: str) -> str:
    """Return a campaign name nobody else uses."""
    return f"{name}-{secrets.token_hex(3)}"


def an_email(name: str) -> str:
    """Return an address nobody else uses."""
    return f"{name}.{secrets.token_hex(3)}@halfmoon.example"


__all__ = [
    "DECLINED_LATER",
    "DISPUTED_CARD",
    "GOOD_CARD",
    "Platform",
    "a_slug",
    "an_email",
    "eventually",
]

"""People in front of the platform: they pledge at a rate, as patiently as a browser is.

What fails is tried again with the same key, as our pages do; what they have in the end counts.
"""

import asyncio
import random
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from deploy.chaos.content import campaign_file
from deploy.chaos.stage import NotInTime, Stage, until

GOOD_CARD = "4242424242424242"
DECLINED_LATER = "4000000000000341"
MANAGE_LINK = re.compile(r"/manage/\?t=([A-Za-z0-9_.-]+)")
CALL_SECONDS = 20.0
PAUSE_SECONDS = (0.2, 0.5, 1.0, 2.0)
STATUS_WAIT_SECONDS = 5
AGAIN = (429, 502, 503, 504)
FAULTS = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass
class Pledge:
    """What one person did, and how it went."""

    slug: str
    email: str
    order_id: str = ""
    session_id: str = ""
    is_saved: bool = False
    is_persisted: bool = False
    refusal: str = ""
    seconds: float = 0.0


@dataclass
class Calls:
    """What was answered, and how long each call took, by the name of its route."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, status: int, seconds: float) -> None:
        """Note one answer; status 0 is none."""
        self.statuses[name, status] += 1
        self.slowest[name] = max(self.slowest.get(name, 0.0), seconds)

    def count(self, *, at_least: int) -> int:
        """Return how many answers had such a status or a higher one."""
        return sum(n for (_, status), n in self.statuses.items() if status >= at_least)


class Crowd:
    """Visitors, an operator and the calendar, over HTTP only."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession, *, seed: int = 0) -> None:
        self.stage = stage
        self.calls = Calls()
        self.random = random.Random(seed)
        self.http = http
        document = stage.document
        self._site, self._sandbox = document["site"], document["sandbox"]
        self.admin = {"Authorization": f"Bearer {document['admin_secret']}"}

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        name: str = "",
        is_sandbox: bool = False,
    ) -> tuple[int, Any]:
        """Make one call; return its status and JSON, or status 0 when nobody answered."""
        base = self._sandbox if is_sandbox else self._site
        name = name or path.partition("?")[0]
        began = time.monotonic()
        status, answer = 0, None
        try:
            async with self.http.request(
                method,
                base + path,
                json=body,
                headers={"Origin": self._site, **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            ) as response:
                status = response.status
                if response.content_type == "application/json":
                    answer = await response.json()
        except FAULTS:
            status = 0
        if not is_sandbox:
            self.calls.note(name, status, time.monotonic() - began)
        return status, answer

    async def patiently(
        self, method: str, path: str, *, seconds: float = 180.0, **more: Any
    ) -> tuple[int, Any]:
        """Call until somebody answers something definite, as long as people have patience."""
        limit = time.monotonic() + seconds
        for number in range(10_000):
            status, answer = await self.call(method, path, **more)
            if status and status not in AGAIN:
                return status, answer
            if time.monotonic() > limit:
                raise NotInTime(f"{method} {path} had no answer within {seconds:g} s: {status}")
            pause = PAUSE_SECONDS[min(number, len(PAUSE_SECONDS) - 1)]
            await asyncio.sleep(pause * (0.5 + self.random.random()))
        raise AssertionError("patience has an end before that")

    async def now(self) -> datetime:
        """Return the platform's time."""
        _, clock = await self.patiently("GET", "/sandbox/clock", is_sandbox=True)
        return datetime.fromisoformat(clock["now"])

    async def move_clock(self, **how: Any) -> None:
        """Move the platform's clock: `advance="P3D"`, or `now="…Z"`."""
        status, answer = await self.patiently("POST", "/sandbox/clock", body=how, is_sandbox=True)
        assert status == 200, answer

    async def faults(self, **wanted: Any) -> None:
        """Set the sandbox's faults."""
        status, answer = await self.patiently(
            "POST", "/sandbox/faults", body=wanted, is_sandbox=True
        )
        assert status == 200, answer

    async def publish(self, name: str, **facts: Any) -> str:
        """Write a campaign, publish it, and wait until it is for sale; return its slug."""
        slug = f"{name}-{secrets.token_hex(3)}"
        text = campaign_file(slug, now=await self.now(), **facts)
        path = self.stage.campaigns_dir / f"{slug}.md"
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")

        async def is_for_sale() -> bool:
            await self.call("POST", "/admin/rebuild", body={}, headers=self.admin)
            return (await self.call("GET", f"/inventory/{slug}", name="/inventory"))[0] == 200

        await until(is_for_sale, seconds=60, what=f"{slug} is for sale", every=0.3)
        return slug

    async def pledge(
        self, slug: str, *, card: str = GOOD_CARD, typing_seconds: float = 0.0, **more: Any
    ) -> Pledge:
        """Pledge from the first click to "success", however long it takes."""
        pledge = Pledge(slug, more.pop("email", "") or an_email())
        more.pop("into", []).append(pledge)
        began = time.monotonic()
        await self.start(pledge, **more)
        if not pledge.refusal:
            await asyncio.sleep(typing_seconds)
            await self.save_card(pledge, card=card)
            await self.wait_persisted(pledge)
        pledge.seconds = time.monotonic() - began
        return pledge

    async def start(self, pledge: Pledge, *, tier: str = "frame", quantity: int = 1) -> None:
        """Begin a checkout; the same key until it is clear that it is over."""
        body = {
            "campaignSlug": pledge.slug,
            "items": [{"id": f"{pledge.slug}__{tier}", "quantity": quantity}],
            "email": pledge.email,
            "tipPercent": 5,
        }
        key = secrets.token_hex(12)
        while True:
            status, answer = await self.patiently(
                "POST",
                "/checkout-intent/start",
                body=body,
                headers={"Idempotency-Key": key},
                seconds=180,
            )
            if status == 200:
                pledge.order_id, pledge.session_id = answer["orderId"], answer["sessionId"]
                return
            if status == 409 and answer["error"] == "conflict":
                key = secrets.token_hex(12)
                continue
            pledge.refusal = f"{status} {answer and answer.get('error')}"
            return

    async def save_card(self, pledge: Pledge, *, card: str = GOOD_CARD) -> None:
        """Type a card into Stripe's element. What Stripe has already is not typed again."""
        status, answer = await self.patiently(
            "POST",
            f"/sandbox/checkout-sessions/{pledge.session_id}/complete",
            body={"card": card, "email": pledge.email, "name": "Noor Valdecasas"},
            is_sandbox=True,
        )
        pledge.is_saved = status == 200 or answer["error"]["code"].endswith("_complete")
        if not pledge.is_saved:
            pledge.refusal = f"{status} {answer['error']['code']}"

    async def wait_persisted(self, pledge: Pledge, *, seconds: float = 200.0) -> float:
        """Ask as the success page does, until the pledge is in the ledger; return how long."""
        began = time.monotonic()
        limit = began + seconds
        path = f"/checkout-intent/status/{pledge.order_id}?wait={STATUS_WAIT_SECONDS}"
        while not pledge.is_persisted and time.monotonic() < limit:
            status, answer = await self.call("GET", path, name="/checkout-intent/status")
            if status == 200:
                pledge.is_persisted = answer["persisted"]
                if answer["status"] in ("expired", "abandoned", "too_late"):
                    pledge.refusal = answer["status"]
                    break
            else:
                await asyncio.sleep(0.3)
        return time.monotonic() - began

    async def cancel(self, token: str) -> tuple[int, Any]:
        """Withdraw a pledge."""
        return await self.patiently("POST", "/pledge/cancel", body={"token": token})

    async def as_operator(self, path: str, body: dict[str, Any]) -> Any:
        """Ask an operator's route until it answers; said twice, it is the same thing."""
        status, answer = await self.patiently("POST", path, body=body, headers=self.admin)
        assert status == 200 or answer.get("error") == "refunding", answer
        return answer

    async def crowd(self, slug: str, count: int, *, per_second: float, **more: Any) -> list[Pledge]:
        """Let `count` people pledge, `per_second` of them beginning each second."""
        began = time.monotonic()
        coming: list[asyncio.Task[Pledge]] = []
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            coming.append(asyncio.create_task(self.pledge(slug, **more)))
        return await asyncio.gather(*coming)

    async def mails(self, to: str, subject: str = "") -> list[dict[str, Any]]:
        """Return what somebody received, newest first."""
        path = f"/inbox.json?to={to}&subject={subject}"
        _, found = await self.patiently("GET", path, is_sandbox=True)
        return list(found)

    async def token(self, email: str) -> str:
        """Wait for the confirmation and return the key in its link."""
        mails = await until(
            lambda: self.mails(email, "Pledge confirmed"), seconds=60, what=f"mail to {email}"
        )
        found = MANAGE_LINK.search(mails[0]["text"])
        assert found, mails[0]["subject"]
        return found[1]

    async def live(self, slug: str) -> dict[str, Any]:
        """Return the public snapshot; empty while nobody answers."""
        status, answer = await self.call("GET", f"/live/{slug}", name="/live")
        return answer if status == 200 else {}

    async def wait_closed(self, slug: str, *, seconds: float = 60.0) -> None:
        """Wait for the final count."""

        async def is_closed() -> bool:
            live = await self.live(slug)
            return bool(live) and live["campaign"]["effectiveState"] == "post"

        await until(is_closed, seconds=seconds, what=f"{slug} closed")

    async def payment_intents(self, slug: str) -> list[dict[str, Any]]:
        """Return every PaymentIntent that Stripe has for a campaign."""
        path = f"/sandbox/payment-intents.json?campaign={slug}"
        _, found = await self.patiently("GET", path, is_sandbox=True)
        return list(found)

    async def run_of(self, slug: str) -> dict[str, Any]:
        """Return how a campaign's charging stands; empty while nobody answers."""
        status, run = await self.call(
            "GET", f"/admin/settlements/{slug}", headers=self.admin, name="/admin/settlements"
        )
        return run if status == 200 else {}

    async def wait_settled(self, slug: str, *, seconds: float = 90.0) -> dict[str, Any]:
        """Wait until no charge of a campaign is undecided; return the run."""

        async def settled() -> dict[str, Any] | None:
            run = await self.run_of(slug)
            decided = sum(run.get(name, 0) for name in ("succeeded", "failed", "lost"))
            return run if run.get("planned") and decided == run["planned"] else None

        return await until(settled, seconds=seconds, what=f"{slug} settled", every=0.3)


def an_email() -> str:
    """Return an address nobody else uses."""
    return f"noor.{secrets.token_hex(5)}@halfmoon.example"

"""The one world everything in the sandbox acts on: store, clock, faults, events."""

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.clock import Clock
from deploy.sandbox.faults import Faults
from deploy.sandbox.settings import Settings
from deploy.sandbox.store import Obj, Store
from deploy.sandbox.timetable import Timetable

API_VERSION = "2026-10-28.endive"
REQUESTS_KEPT = 50_000


@dataclass(frozen=True)
class Cause:
    """Which request made something happen; events and PaymentIntents remember it."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Deadlines:
    """What ends when by the sandbox's clock, which may jump."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []

    def add(self, name: str, ends_at: int) -> None:
        heapq.heappush(self._heap, (ends_at, name))

    def take_due(self, now: int) -> list[str]:
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[1])
        return due


class World:
    """State and services shared by every request.

    All of it lives on one event loop, and nothing here awaits: whatever a handler does between
    two commits happens at once for everybody else.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.faults = Faults()
        self.clock = Clock()
        self.webhooks = Timetable()
        self.chores = Timetable()
        self.tellings = Timetable()
        self.sessions = Deadlines()
        self.clock_moved = asyncio.Event()
        self.stopping = asyncio.Event()
        self.is_clock_remembered = False
        # What Stripe's API was asked lately, when by real time, and how it answered.
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self._after_commit: list[Callable[[], None]] = []
        self._recall()

    def emit(
        self, kind: str, obj: Obj, cause: Cause, previous: dict[str, Any] | None = None
    ) -> None:
        """Record an event about `obj` as it is now, and deliver it once this is committed.

        A type that the endpoint is not enabled for is only listed, as at Stripe.
        """
        data: dict[str, Any] = {"object": public(obj)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Obj = {
            "id": ids.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.clock.now_seconds(),
            "data": data,
            "livemode": False,
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": kind,
        }
        self.store.put("event", event)
        enabled = self.settings.stripe_webhook_events
        if self.settings.stripe_webhook_url and (not enabled or kind in enabled):
            self._plan_delivery(event["id"])

    def plan_chore(self, name: str, delay_seconds: float) -> None:
        """Have `name` done a moment later, also when the process dies before."""
        due_at = time.time() + delay_seconds
        self.store.put("chore", {"id": name, "due_at": due_at})
        self._after_commit.append(lambda: self.chores.add(name, due_at))

    def remember_controls(self) -> None:
        """Keep clock and faults across restarts."""
        self.store.put(
            "control",
            {
                "id": "control",
                "offset_seconds": self.clock.offset_seconds,
                "faults": vars(self.faults),
            },
        )
        self.is_clock_remembered = True

    def commit(self) -> None:
        self.store.commit()
        actions, self._after_commit = self._after_commit, []
        for action in actions:
            action()

    def rollback(self) -> None:
        self.store.rollback()
        self._after_commit.clear()

    def _plan_delivery(self, event_id: str) -> None:
        faults = self.faults
        due_at = time.time() + faults.webhook_delay_ms / 1000
        if faults.reorder_webhooks:
            # Everything of a window waits for its end and leaves last in, first out.
            due_at = (due_at // 0.5 + 1) * 0.5
        delivery: Obj = {
            "id": event_id,
            "state": "dropped" if faults.drop_webhooks else "pending",
            "copies": 2 if faults.duplicate_webhooks else 1,
            "attempts": 0,
            "planned_at": time.time(),
            "due_at": due_at,
            "last_status": None,
        }
        self.store.put("delivery", delivery)
        if delivery["state"] == "pending":
            last_first = faults.reorder_webhooks
            self._after_commit.append(
                lambda: self.webhooks.add(event_id, due_at, last_first=last_first)
            )

    def _recall(self) -> None:
        """Pick up what was left when the process ended."""
        if control := self.store.get("control", "control"):
            self.clock.offset_seconds = control["offset_seconds"]
            for name, value in control["faults"].items():
                setattr(self.faults, name, value)
            self.is_clock_remembered = True
        for session_id in self.store.oldest_first("checkout.session"):
            session = self.store.get("checkout.session", session_id)
            if session and session["status"] == "open":
                self.sessions.add(session_id, session["expires_at"])
        for event_id in self.store.oldest_first("delivery"):
            delivery = self.store.get("delivery", event_id)
            if delivery and delivery["state"] == "pending":
                self.webhooks.add(event_id, delivery["due_at"])
        for name in self.store.oldest_first("chore"):
            chore = self.store.get("chore", name)
            if chore:
                self.chores.add(name, chore["due_at"])


def public(obj: Obj) -> Obj:
    """Return the object as the outside sees it: our own notes begin with an underscore."""
    return {name: value for name, value in obj.items() if not name.startswith("_")}

"""Stripe, as far as saving cards needs it: what it is asked, and what its answers mean."""

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from services.chassis.process.settings import Secret
from services.chassis.stripe.budget import StripeBudget, Who
from services.chassis.stripe.client import StripeClient, StripeRefused
from services.checkout.domain.sessions import SessionParams
from services.checkout.domain.stripe_objects import (
    ListedEvents,
    ListedSession,
    OpenedSession,
    SessionState,
    events_of,
    session_form,
    state_of,
)

CONNECTIONS_MAX = 40
LISTED_MAX = 100
# People get an answer, if only that we are busy; what works in the background has time.
TURN_SECONDS: dict[Who, float] = {"people": 8.0, "background": 30.0}
EXPANDED = ["setup_intent.payment_method", "setup_intent.latest_attempt"]


class StripeGateway:
    """The calls checkout makes, each with its turn, its budget, its key and its count."""

    def __init__(self, key: Secret, *, api_base: str, budget: StripeBudget) -> None:
        self._stripe = StripeClient(
            key,
            api_base,
            budget=budget,
            connections_max=CONNECTIONS_MAX,
            turn_seconds=TURN_SECONDS,
            who="people",
        )

    def in_background(self) -> "StripeGateway":
        """Return the same gateway for work that nobody waits for: people come first."""
        patient = copy.copy(self)
        patient._stripe = self._stripe.asking_for("background")
        return patient

    async def close(self) -> None:
        """Give the connections back."""
        await self._stripe.close()

    async def create_customer(self, supporter_id: str, email: str, attempt: int) -> str:
        """Return the customer of a supporter: the same one, as often as an attempt is made."""
        key = f"cus:{supporter_id}" if attempt == 1 else f"cus:{supporter_id}:{attempt}"
        customer = await self._stripe.ask(
            "customers.create",
            lambda: self._stripe.api.v1.customers.create_async(
                {"email": email, "metadata": {"supporter": supporter_id}},
                {"idempotency_key": key},
            ),
        )
        return customer.id

    async def create_session(self, params: SessionParams, customer_id: str | None) -> OpenedSession:
        """Return the session of an order or a card update: the same, however often asked."""
        session = await self._stripe.ask(
            "sessions.create",
            lambda: self._stripe.api.v1.checkout.sessions.create_async(
                session_form(params, customer_id),  # type: ignore[arg-type]
                {"idempotency_key": f"cs:{params.reference}"},
            ),
        )
        return OpenedSession(
            session_id=session.id, client_secret=session.client_secret, url=session.url
        )

    async def read_session(self, session_id: str) -> SessionState:
        """Return the session with the card it saved, if it did.

        As it was sent: the SDK's objects of a session, made to be taken apart at once,
        were a quarter of what a completion cost us.
        """
        path = f"/v1/checkout/sessions/{quote(session_id, safe='')}"
        answer = await self._stripe.read(
            "sessions.retrieve",
            lambda: self._stripe.api.raw_request_async("get", path, expand=EXPANDED),
        )
        return state_of(cast(dict[str, Any], answer.data))

    async def expire_session(self, session_id: str) -> SessionState:
        """Expire the session and return how it stands: perhaps completed a moment before."""
        try:
            session = await self._stripe.ask(
                "sessions.expire",
                lambda: self._stripe.api.v1.checkout.sessions.expire_async(session_id),
            )
        except StripeRefused:
            # Not open any more: only the session itself can say which way it ended.
            return await self.read_session(session_id)
        return state_of(session.to_dict())

    async def list_sessions(
        self, *, since: datetime, status: str | None = None, after: str | None = None
    ) -> list[ListedSession]:
        """Return a page of sessions made since then, the newest first; empty: no more."""
        params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": LISTED_MAX}
        params |= {"status": status} if status else {}
        params |= {"starting_after": after} if after else {}
        page = await self._stripe.read(
            "sessions.list",
            lambda: self._stripe.api.v1.checkout.sessions.list_async(params),  # type: ignore[arg-type]
        )
        return [
            ListedSession(
                session_id=each.id,
                created=each.created,
                metadata=each.to_dict().get("metadata") or {},
            )
            for each in page.data
        ]

    async def list_events(
        self, *, since: datetime, types: Sequence[str], after: str | None = None
    ) -> ListedEvents:
        """Return a page of Stripe's own list of events, the newest first."""
        params: dict[str, Any] = {
            "created": {"gte": int(since.timestamp())},
            "types": list(types),
            "limit": LISTED_MAX,
        }
        params |= {"starting_after": after} if after else {}
        page = await self._stripe.read(
            "events.list",
            lambda: self._stripe.api.v1.events.list_async(params),  # type: ignore[arg-type]
        )
        return events_of([each.to_dict() for each in page.data], has_more=page.has_more)

    async def delete_customer(self, customer_id: str) -> None:
        """Delete a customer for good, and with them their cards. One that is gone is gone."""
        try:
            await self._stripe.ask(
                "customers.delete", lambda: self._stripe.api.v1.customers.delete_async(customer_id)
            )
        except StripeRefused as exc:
            if exc.code != "resource_missing":
                raise

    async def detach_card(self, payment_method_id: str) -> None:
        """Detach a card from its customer, for good. One that is detached already is."""
        try:
            await self._stripe.ask(
                "payment_methods.detach",
                lambda: self._stripe.api.v1.payment_methods.detach_async(payment_method_id),
            )
        except StripeRefused:
            if await self._is_attached(payment_method_id):
                raise

    async def _is_attached(self, payment_method_id: str) -> bool:
        """Tell whether a card still belongs to a customer; one Stripe forgot does not."""
        try:
            method = await self._stripe.read(
                "payment_methods.retrieve",
                lambda: self._stripe.api.v1.payment_methods.retrieve_async(payment_method_id),
            )
        except StripeRefused as exc:
            if exc.code == "resource_missing":
                return False
            raise
        return method.customer is not None

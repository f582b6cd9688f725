"""Stripe, and nothing of the rest of us: the only module here that imports its SDK.

Every call ends in one of three ways: done; refused, which is definite; or away, where
nobody knows whether Stripe did it, and the same words under the same key ask again.
"""

import asyncio
import copy
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit

import aiohttp
import stripe

from services.chassis import telemetry
from services.chassis.settings import Secret
from services.chassis.stripe_budget import BudgetSpent, StripeBudget, Who
from services.checkout import metrics
from services.checkout.sessions import SessionParams
from services.checkout.stripe_objects import (
    ListedEvents,
    ListedSession,
    OpenedSession,
    SessionState,
    events_of,
    session_form,
    state_of,
)

log = telemetry.logger(__name__)

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 20.0
CONNECTIONS_MAX = 40
READ_TRIES = 3
RETRY_SECONDS = 0.3
SIGNATURE_SECONDS = 300
LISTED_MAX = 100
CONFLICT = 409
TOO_FAST = 429
SERVER_FAULT = 500
# People get an answer, if only that we are busy; what works in the background has time.
TURN_SECONDS: dict[Who, float] = {"people": 8.0, "background": 30.0}
EXPANDED = ["setup_intent.payment_method", "setup_intent.latest_attempt"]
REFUSALS = (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError)
# The SDK leaves faults while reading an answer's body to aiohttp's own words.
FAULTS = (stripe.StripeError, aiohttp.ClientError, TimeoutError)
T = TypeVar("T")


class StripeAway(Exception):
    """No answer, or one that says nothing about what was done.

    `is_answered` tells of Stripe's own failure: it is kept under the request's key, and
    the same key would bring nothing else for a day.
    """

    def __init__(self, what: str, *, is_answered: bool = False) -> None:
        super().__init__(what)
        self.is_answered = is_answered


class StripeBusy(StripeAway):
    """Another request under the same key is being worked on: its answer will be ours."""


class StripeNotAsked(StripeAway):
    """Our turn did not come in time: nothing was sent."""


class StripeRefused(Exception):
    """A definite no: nothing was done."""

    def __init__(self, code: str, param: str) -> None:
        super().__init__(code)
        self.code = code
        self.param = param


class StripeGateway:
    """The calls checkout makes, each with its turn, its budget, its key and its count."""

    def __init__(self, key: Secret, *, api_base: str, budget: StripeBudget) -> None:
        self._budget = budget
        self._who: Who = "people"
        self._session = aiohttp.ClientSession(connector=_connector(api_base))
        self._client = stripe.StripeClient(
            key.reveal(),
            base_addresses={"api": api_base.rstrip("/")},
            http_client=stripe.AIOHTTPClient(
                timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS),
                session=self._session,
            ),
            # Every request takes its turn, also one that is made again: so we repeat them.
            max_network_retries=0,
        )

    def in_background(self) -> "StripeGateway":
        """Return the same gateway for work that nobody waits for: people come first."""
        patient = copy.copy(self)
        patient._who = "background"
        return patient

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()
        await self._budget.close()

    async def create_customer(self, supporter_id: str, email: str, attempt: int) -> str:
        """Return the customer of a supporter: the same one, as often as an attempt is made."""
        key = f"cus:{supporter_id}" if attempt == 1 else f"cus:{supporter_id}:{attempt}"
        customer = await self._ask(
            "customers.create",
            lambda: self._client.v1.customers.create_async(
                {"email": email, "metadata": {"supporter": supporter_id}},
                {"idempotency_key": key},
            ),
        )
        return customer.id

    async def create_session(self, params: SessionParams, customer_id: str | None) -> OpenedSession:
        """Return the session of an order or a card update: the same, however often asked."""
        session = await self._ask(
            "sessions.create",
            lambda: self._client.v1.checkout.sessions.create_async(
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
        answer = await self._read(
            "sessions.retrieve",
            lambda: self._client.raw_request_async("get", path, expand=EXPANDED),
        )
        return state_of(cast(dict[str, Any], answer.data))

    async def expire_session(self, session_id: str) -> SessionState:
        """Expire the session and return how it stands: perhaps completed a moment before."""
        try:
            session = await self._ask(
                "sessions.expire",
                lambda: self._client.v1.checkout.sessions.expire_async(session_id),
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
        page = await self._read(
            "sessions.list",
            lambda: self._client.v1.checkout.sessions.list_async(params),  # type: ignore[arg-type]
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
        page = await self._read(
            "events.list",
            lambda: self._client.v1.events.list_async(params),  # type: ignore[arg-type]
        )
        return events_of([each.to_dict() for each in page.data], has_more=page.has_more)

    async def delete_customer(self, customer_id: str) -> None:
        """Delete a customer for good, and with them their cards. One that is gone is gone."""
        try:
            await self._ask(
                "customers.delete", lambda: self._client.v1.customers.delete_async(customer_id)
            )
        except StripeRefused as exc:
            if exc.code != "resource_missing":
                raise

    async def detach_card(self, payment_method_id: str) -> None:
        """Detach a card from its customer, for good. One that is detached already is."""
        try:
            await self._ask(
                "payment_methods.detach",
                lambda: self._client.v1.payment_methods.detach_async(payment_method_id),
            )
        except StripeRefused:
            if await self._is_attached(payment_method_id):
                raise

    async def _is_attached(self, payment_method_id: str) -> bool:
        """Tell whether a card still belongs to a customer; one Stripe forgot does not."""
        try:
            method = await self._read(
                "payment_methods.retrieve",
                lambda: self._client.v1.payment_methods.retrieve_async(payment_method_id),
            )
        except StripeRefused as exc:
            if exc.code == "resource_missing":
                return False
            raise
        return method.customer is not None

    async def _read(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        """Ask for something that changes nothing; again, when no answer came."""
        for _ in range(READ_TRIES - 1):
            try:
                return await self._ask(call, request)
            except StripeNotAsked:
                raise
            except StripeAway:
                await asyncio.sleep(RETRY_SECONDS)
        return await self._ask(call, request)

    async def _ask(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        outcome = "unknown"
        try:
            await self._budget.turn(call, self._who, within_seconds=TURN_SECONDS[self._who])
            answer = await request()
            outcome = "done"
        except BudgetSpent as exc:
            outcome = "not_sent"
            log.warning("stripe_not_asked", call=call, error="our turn did not come")
            raise StripeNotAsked(f"{call}: no turn") from exc
        except REFUSALS as exc:
            outcome = "refused"
            param = str(getattr(exc, "param", None) or "")
            log.warning("stripe_refused", call=call, reason=exc.code, param=param)
            raise StripeRefused(exc.code or type(exc).__name__, param) from exc
        except FAULTS as exc:
            raise await self._away(call, exc) from exc
        except asyncio.CancelledError:
            log.warning("stripe_away", call=call, error="our own budget is spent")
            raise
        finally:
            metrics.STRIPE_CALLS.labels(call, outcome).inc()
        return answer

    async def _away(self, call: str, exc: Exception) -> StripeAway:
        log.warning("stripe_away", call=call, error=type(exc).__name__)
        status = getattr(exc, "http_status", None) or 0
        if status == TOO_FAST:
            await self._budget.slow_down()
        if status == CONFLICT:
            return StripeBusy(f"{call}: in progress")
        return StripeAway(f"{call}: {type(exc).__name__}", is_answered=status >= SERVER_FAULT)


def is_signed(raw: bytes, signature: str, secrets: tuple[str, ...]) -> bool:
    """Tell whether Stripe signed exactly these bytes, in the last five minutes."""
    if not signature.isascii():
        # The library compares texts, and answers any other kind with a TypeError.
        return False
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(raw, signature, secret, SIGNATURE_SECONDS)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return True
    return False


def _connector(api_base: str) -> aiohttp.TCPConnector:
    if urlsplit(api_base).scheme == "http":
        return aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path)
    return aiohttp.TCPConnector(limit=CONNECTIONS_MAX, ssl=trusted)

"""Stripe, as far as charging needs it. The only module that imports the vendor.

Every answer, error and silence becomes one of the outcomes of `charging`: what was
decided, what is surely not the card's fault, and what nobody can know without reading.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import aiohttp
import stripe
from prometheus_client import Counter

from services.chassis import telemetry
from services.chassis.settings import Secret
from services.chassis.stripe_budget import BudgetSpent, StripeBudget, Who
from services.settlement.charging import (
    Cancelled,
    ConfirmOutcome,
    Created,
    CreateOutcome,
    EndOutcome,
    FindOutcome,
    NotHappened,
    Postponed,
    ReadOutcome,
    Succeeded,
    Unknown,
)
from services.settlement.stripe_answers import (
    confirmed,
    declined,
    name_of,
    outcome_of,
    refused_request,
)

CONNECT_SECONDS = 3
READ_SECONDS = 20.0
TOTAL_SECONDS_MORE = 5
# More than a charger ever has under way: what waits here would not be counted as waiting.
CONNECTIONS_MAX = 128
READ_TRIES = 3
RETRY_SECONDS = 0.3
# Below the lease, together with two calls; who gets no turn is put off, and asks again.
TURN_SECONDS = 5.0
LISTED_MAX = 100
CLOCK_SLACK = timedelta(minutes=10)

OUTCOMES = Counter(
    "stripe_outcomes",
    "Calls to Stripe by what became of them.",
    ("call", "outcome"),
    registry=telemetry.REGISTRY,
)
Outcome = TypeVar("Outcome")

FAILURES = (BudgetSpent, stripe.StripeError, aiohttp.ClientError, OSError, TimeoutError)
"""The SDK lets aiohttp's own errors through while it reads a body."""
T = TypeVar("T")


class StripeAway(Exception):
    """Stripe gave no answer that somebody who waits could use."""


class Departures(aiohttp.TCPConnector):
    """Connections that tell the budget when a request has one, and so really leaves."""

    def __init__(self, budget: StripeBudget, **settings: Any) -> None:
        super().__init__(**settings)
        self._budget = budget

    async def connect(self, *args: Any, **more: Any) -> Any:
        """Return a connection to write the request to."""
        connection = await super().connect(*args, **more)
        self._budget.leaving()
        return connection


class StripeGateway:
    """One account at Stripe, over one pool of connections."""

    def __init__(
        self,
        secret_key: Secret,
        api_base: str,
        *,
        budget: StripeBudget,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._budget = budget
        trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path)
        self._http = stripe.AIOHTTPClient(
            timeout=cast(
                Any,
                aiohttp.ClientTimeout(
                    total=read_seconds + TOTAL_SECONDS_MORE,
                    sock_connect=CONNECT_SECONDS,
                    sock_read=read_seconds,
                ),
            ),
            # A connection the other side has closed meanwhile would look like a lost
            # answer: give them up before servers usually do.
            connector=Departures(budget, limit=CONNECTIONS_MAX, ssl=trusted, keepalive_timeout=4),
        )
        self._client = stripe.StripeClient(
            secret_key.reveal(),
            base_addresses={"api": api_base},
            http_client=self._http,
            max_network_retries=0,
        )

    async def create(self, parameters: Mapping[str, Any], key: str) -> CreateOutcome:
        """Create a PaymentIntent, unconfirmed. A lost answer loses no money: same key again."""
        try:
            intent = await self._ask(
                "payment_intents.create",
                lambda: self._client.v1.payment_intents.create_async(
                    cast(Any, parameters), {"idempotency_key": key}
                ),
            )
        except FAILURES as exc:
            return _counted("create", _create_failure(exc))
        return _counted("create", Created(intent.id))

    async def find(self, customer_id: str, charge_id: str, *, since: datetime) -> FindOutcome:
        """Search the customer's PaymentIntents for the one of this charge."""
        try:
            page = await self._read(
                "payment_intents.list",
                lambda: self._client.v1.payment_intents.list_async(
                    {
                        "customer": customer_id,
                        "created": {"gte": int((since - CLOCK_SLACK).timestamp())},
                        "limit": LISTED_MAX,
                    }
                ),
            )
        except FAILURES as exc:
            return _counted("find", Postponed(reason=name_of(exc)))
        for intent in page.data:
            if (intent.to_dict().get("metadata") or {}).get("pool_charge") == charge_id:
                return _counted("find", Created(intent.id))
        return _counted("find", NotHappened())

    async def confirm(
        self, payment_intent_id: str, parameters: Mapping[str, Any], key: str
    ) -> ConfirmOutcome:
        """Confirm the one PaymentIntent. `Unknown`: read it back, never make another."""
        try:
            intent = await self._ask(
                "payment_intents.confirm",
                lambda: self._client.v1.payment_intents.confirm_async(
                    payment_intent_id, cast(Any, parameters), {"idempotency_key": key}
                ),
            )
        except FAILURES as exc:
            return _counted("confirm", _failure(exc))
        return _counted("confirm", confirmed(intent))

    async def read(self, payment_intent_id: str) -> ReadOutcome:
        """Return what became of a PaymentIntent. Reading by id is consistent at Stripe."""
        try:
            intent = await self._read(
                "payment_intents.retrieve",
                lambda: self._client.v1.payment_intents.retrieve_async(payment_intent_id),
            )
        except FAILURES as exc:
            return _counted("read", Unknown(reason=name_of(exc)))
        return _counted("read", outcome_of(intent))

    async def end(self, payment_intent_id: str, key: str) -> EndOutcome:
        """Cancel a PaymentIntent for good, or find out that it had succeeded."""
        try:
            await self._ask(
                "payment_intents.cancel",
                lambda: self._client.v1.payment_intents.cancel_async(
                    payment_intent_id, {}, {"idempotency_key": key}
                ),
            )
        except FAILURES as exc:
            return _counted("end", await self._ended(payment_intent_id, exc))
        return _counted("end", Cancelled())

    async def read_secret(self, payment_intent_id: str) -> tuple[str, ReadOutcome]:
        """Return what a browser confirms the PaymentIntent with, and how it stands.

        Raises `StripeAway`: somebody waits for it, so there is one try.
        """
        try:
            intent = await self._ask(
                "payment_intents.retrieve",
                lambda: self._client.v1.payment_intents.retrieve_async(payment_intent_id),
                who="people",
            )
        except FAILURES as exc:
            raise StripeAway(name_of(exc)) from exc
        return str(intent.client_secret), outcome_of(intent)

    async def _ended(self, payment_intent_id: str, exc: Exception) -> EndOutcome:
        """Return what a cancellation that was not answered with yes came to."""
        if not isinstance(exc, stripe.InvalidRequestError):
            return Unknown(reason=name_of(exc))
        outcome = await self.read(payment_intent_id)
        if isinstance(outcome, Succeeded | Cancelled):
            return outcome
        return Unknown(reason=f"refused:{exc.code}")

    async def close(self) -> None:
        """Give the connections back."""
        await cast(Any, self._http).close_async()
        await self._budget.close()

    async def _read(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        """Ask for something that changes nothing; again, when no answer came."""
        for _ in range(READ_TRIES - 1):
            try:
                return await self._ask(call, request)
            except stripe.APIConnectionError:
                await asyncio.sleep(RETRY_SECONDS)
        return await self._ask(call, request)

    async def _ask(
        self, call: str, request: Callable[[], Awaitable[T]], *, who: Who = "background"
    ) -> T:
        """Take our turn in the account's budget, after people who wait; then ask."""
        await self._budget.turn(call, who, within_seconds=TURN_SECONDS)
        try:
            return await request()
        except stripe.RateLimitError:
            await self._budget.slow_down()
            raise


def _counted(call: str, outcome: Outcome) -> Outcome:
    OUTCOMES.labels(call, type(outcome).__name__.lower()).inc()
    return outcome


def _create_failure(exc: Exception) -> CreateOutcome:
    failure = _failure(exc)
    if isinstance(failure, Unknown):
        return Postponed(reason=failure.reason, is_key_spent=failure.is_key_spent)
    assert not isinstance(failure, Succeeded), "a failure is no success"
    return failure


def _failure(exc: Exception) -> ConfirmOutcome:
    """Return what a failed call means for the charge."""
    match exc:
        case BudgetSpent():
            outcome: ConfirmOutcome = Postponed(reason="our_budget")
        case stripe.CardError():
            outcome = declined(exc.error)
        case stripe.InvalidRequestError():
            outcome = refused_request(exc.code or "", exc.param or "")
        case stripe.RateLimitError():
            outcome = Postponed(reason="rate_limited")
        case stripe.AuthenticationError() | stripe.PermissionError():
            outcome = Postponed(reason=f"refused:{name_of(exc)}")
        case stripe.IdempotencyError():
            # Something else was asked under this key: whatever it did can be read.
            outcome = Unknown(reason="idempotency_mismatch", is_key_spent=True)
        case stripe.APIConnectionError():
            outcome = _no_answer(exc)
        case _:
            outcome = _no_verdict(exc)
    return outcome


def _no_answer(exc: stripe.APIConnectionError) -> ConfirmOutcome:
    never_left = isinstance(
        exc.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
    )
    return Postponed(reason="unreachable") if never_left else Unknown(reason="no_answer")


def _no_verdict(exc: Exception) -> Unknown:
    """Return a fault of Stripe's, or an answer that broke off.

    Stripe keeps a 500 under its key and says it again; a 409 is another call under way.
    """
    status = exc.http_status if isinstance(exc, stripe.StripeError) else None
    return Unknown(
        reason=f"http_{status}" if status else name_of(exc),
        is_key_spent=status is not None and status >= 500,
    )

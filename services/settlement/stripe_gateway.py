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
from services.chassis.stripe_budget import BudgetSpent, StripeBudget
from services.settlement.charging import (
    ConfirmOutcome,
    Created,
    CreateOutcome,
    Declined,
    FindOutcome,
    NotHappened,
    Postponed,
    ReadOutcome,
    Succeeded,
    Unknown,
)

CONNECT_SECONDS = 3
READ_SECONDS = 20.0
TOTAL_SECONDS_MORE = 5
CONNECTIONS_MAX = 64
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

NEEDS_PERSON = ("authentication_required", "authentication_not_handled")
CARD_PARAMETERS = ("customer", "payment_method", "source")


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
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, ssl=trusted, keepalive_timeout=4),
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
            return _counted("find", Postponed(reason=_name(exc)))
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
        outcome = _outcome_of(intent)
        if isinstance(outcome, NotHappened):
            outcome = Unknown(reason=f"confirmed_but_{intent.status}")
        return _counted("confirm", outcome)

    async def read(self, payment_intent_id: str) -> ReadOutcome:
        """Return what became of a PaymentIntent. Reading by id is consistent at Stripe."""
        try:
            intent = await self._read(
                "payment_intents.retrieve",
                lambda: self._client.v1.payment_intents.retrieve_async(payment_intent_id),
            )
        except FAILURES as exc:
            return _counted("read", Unknown(reason=_name(exc)))
        return _counted("read", _outcome_of(intent))

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

    async def _ask(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        """Take our turn in the account's budget, after people who wait; then ask."""
        await self._budget.turn(call, "background", within_seconds=TURN_SECONDS)
        try:
            return await request()
        except stripe.RateLimitError:
            await self._budget.slow_down()
            raise


def _outcome_of(intent: stripe.PaymentIntent) -> ReadOutcome:
    if intent.status == "succeeded":
        return Succeeded(stripe_charge_id=_id(intent.latest_charge))
    if intent.status == "requires_action":
        return Declined(code="authentication_required", needs_authentication=True)
    if intent.status == "canceled":
        return Declined(code="payment_intent_canceled")
    if intent.status in ("requires_payment_method", "requires_confirmation"):
        error = intent.last_payment_error
        return NotHappened() if error is None else _declined(error)
    return Unknown(reason=f"status_{intent.status}")


def _declined(error: Any) -> Declined:
    code, decline_code = _text(error, "code"), _text(error, "decline_code")
    return Declined(
        code=code or decline_code or "card_declined",
        decline_code=decline_code,
        advice_code=_text(error, "advice_code"),
        network_decline_code=_text(error, "network_decline_code"),
        network_advice_code=_text(error, "network_advice_code"),
        needs_authentication=code in NEEDS_PERSON or decline_code in NEEDS_PERSON,
    )


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
            outcome = _declined(exc.error)
        case stripe.InvalidRequestError():
            outcome = _refused_request(exc)
        case stripe.RateLimitError():
            outcome = Postponed(reason="rate_limited", is_too_fast=True)
        case stripe.AuthenticationError() | stripe.PermissionError():
            outcome = Postponed(reason=f"refused:{_name(exc)}")
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
        reason=f"http_{status}" if status else _name(exc),
        is_key_spent=status is not None and status >= 500,
    )


def _refused_request(exc: stripe.InvalidRequestError) -> ConfirmOutcome:
    """Tell apart: the state says no (read it), the card or sum is no good, or our fault."""
    code = exc.code or ""
    if code == "payment_intent_unexpected_state":
        return Unknown(reason=code, is_key_spent=True)
    if code.startswith("amount_too_"):
        return Declined(code=code)
    if exc.param in CARD_PARAMETERS or code.startswith("payment_method_"):
        return Declined(code=code or "card_unusable")
    return Postponed(reason=f"refused:{code or exc.param or 'invalid_request'}", is_key_spent=True)


def _counted(call: str, outcome: Outcome) -> Outcome:
    OUTCOMES.labels(call, type(outcome).__name__.lower()).inc()
    return outcome


def _name(exc: Exception) -> str:
    return type(exc).__name__


def _text(error: Any, name: str) -> str:
    return str(getattr(error, name, None) or "")


def _id(value: Any) -> str:
    """Return the id of something that may have come expanded."""
    return value if isinstance(value, str) else str(getattr(value, "id", "") or "")

"""Stripe, as far as charging needs it: what it is asked, and what its answers mean.

Every answer, error and silence becomes one of the outcomes of `charging`: what was
decided, what is surely not the card's fault, and what nobody can know without reading.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from prometheus_client import Counter

from services.chassis.process import telemetry
from services.chassis.process.settings import Secret
from services.chassis.stripe.budget import StripeBudget, Who
from services.chassis.stripe.client import (
    ANSWER_SECONDS,
    MISMATCH,
    StripeClient,
    StripeFault,
    StripeRefused,
    StripeUnknown,
)
from services.settlement.domain.charging import (
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
from services.settlement.domain.stripe_answers import (
    confirmed,
    declined,
    outcome_of,
    refused_request,
)

# More than a charger ever has under way: what waits here would not be counted as waiting.
CONNECTIONS_MAX = 128
# Below the lease, together with two calls; who gets no turn is put off, and asks again.
TURN_SECONDS: dict[Who, float] = {"people": 5.0, "background": 5.0}
LISTED_MAX = 100
CLOCK_SLACK = timedelta(minutes=10)

OUTCOMES = Counter(
    "stripe_outcomes",
    "What calls to Stripe meant for charges.",
    ("call", "outcome"),
    registry=telemetry.REGISTRY,
)
Outcome = TypeVar("Outcome")


class StripeGateway:
    """The calls that make, read and end a charge. People come first, work after them."""

    def __init__(
        self,
        secret_key: Secret,
        api_base: str,
        *,
        budget: StripeBudget,
        read_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._stripe = StripeClient(
            secret_key,
            api_base,
            budget=budget,
            connections_max=CONNECTIONS_MAX,
            turn_seconds=TURN_SECONDS,
            who="background",
            answer_seconds=read_seconds,
        )

    async def create(self, parameters: Mapping[str, Any], key: str) -> CreateOutcome:
        """Create a PaymentIntent, unconfirmed. A lost answer loses no money: same key again."""
        try:
            intent = await self._stripe.ask(
                "payment_intents.create",
                lambda: self._stripe.api.v1.payment_intents.create_async(
                    cast(Any, parameters), {"idempotency_key": key}
                ),
            )
        except StripeFault as exc:
            return _counted("create", _create_failure(exc))
        return _counted("create", Created(intent.id))

    async def find(self, customer_id: str, charge_id: str, *, since: datetime) -> FindOutcome:
        """Search the customer's PaymentIntents for the one of this charge."""
        try:
            page = await self._stripe.read(
                "payment_intents.list",
                lambda: self._stripe.api.v1.payment_intents.list_async(
                    {
                        "customer": customer_id,
                        "created": {"gte": int((since - CLOCK_SLACK).timestamp())},
                        "limit": LISTED_MAX,
                    }
                ),
            )
        except StripeFault as exc:
            return _counted("find", Postponed(reason=exc.reason))
        for intent in page.data:
            if (intent.to_dict().get("metadata") or {}).get("pool_charge") == charge_id:
                return _counted("find", Created(intent.id))
        return _counted("find", NotHappened())

    async def confirm(
        self, payment_intent_id: str, parameters: Mapping[str, Any], key: str
    ) -> ConfirmOutcome:
        """Confirm the one PaymentIntent. `Unknown`: read it back, never make another."""
        try:
            intent = await self._stripe.ask(
                "payment_intents.confirm",
                lambda: self._stripe.api.v1.payment_intents.confirm_async(
                    payment_intent_id, cast(Any, parameters), {"idempotency_key": key}
                ),
            )
        except StripeFault as exc:
            return _counted("confirm", _failure(exc))
        return _counted("confirm", confirmed(intent))

    async def read(self, payment_intent_id: str) -> ReadOutcome:
        """Return what became of a PaymentIntent. Reading by id is consistent at Stripe."""
        try:
            intent = await self._stripe.read(
                "payment_intents.retrieve",
                lambda: self._stripe.api.v1.payment_intents.retrieve_async(payment_intent_id),
            )
        except StripeFault as exc:
            return _counted("read", Unknown(reason=exc.reason))
        return _counted("read", outcome_of(intent))

    async def end(self, payment_intent_id: str, key: str) -> EndOutcome:
        """Cancel a PaymentIntent for good, or find out that it had succeeded."""
        try:
            await self._stripe.ask(
                "payment_intents.cancel",
                lambda: self._stripe.api.v1.payment_intents.cancel_async(
                    payment_intent_id, {}, {"idempotency_key": key}
                ),
            )
        except StripeFault as exc:
            return _counted("end", await self._ended(payment_intent_id, exc))
        return _counted("end", Cancelled())

    async def read_secret(self, payment_intent_id: str) -> tuple[str, ReadOutcome]:
        """Return what a browser confirms the PaymentIntent with, and how it stands.

        Raises `StripeFault`: somebody waits for it, so there is one try.
        """
        intent = await self._stripe.asking_for("people").ask(
            "payment_intents.retrieve",
            lambda: self._stripe.api.v1.payment_intents.retrieve_async(payment_intent_id),
        )
        return str(intent.client_secret), outcome_of(intent)

    async def _ended(self, payment_intent_id: str, exc: StripeFault) -> EndOutcome:
        """Return what a cancellation that was not answered with yes came to."""
        if not (isinstance(exc, StripeRefused) and exc.by == "request"):
            return Unknown(reason=exc.reason)
        outcome = await self.read(payment_intent_id)
        if isinstance(outcome, Succeeded | Cancelled):
            return outcome
        return Unknown(reason=f"refused:{exc.code}")

    async def close(self) -> None:
        """Give the connections back."""
        await self._stripe.close()


def _counted(call: str, outcome: Outcome) -> Outcome:
    OUTCOMES.labels(call, type(outcome).__name__.lower()).inc()
    return outcome


def _create_failure(fault: StripeFault) -> CreateOutcome:
    failure = _failure(fault)
    if isinstance(failure, Unknown):
        return Postponed(reason=failure.reason, is_key_spent=failure.is_key_spent)
    assert not isinstance(failure, Succeeded), "a failure is no success"
    return failure


def _failure(fault: StripeFault) -> ConfirmOutcome:
    """Return what a failed call means for the charge."""
    match fault:
        case StripeRefused(by="card"):
            return declined(fault.error)
        case StripeRefused(by="request"):
            return refused_request(fault.code, fault.param)
        case StripeRefused():
            return Postponed(reason=f"refused:{fault.name}")
        case StripeUnknown():
            is_spent = fault.is_answered or fault.reason == MISMATCH
            return Unknown(reason=fault.reason, is_key_spent=is_spent)
        case _:
            return Postponed(reason=fault.reason)

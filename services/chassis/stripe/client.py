"""Asking Stripe: its connections, a turn for each request, and what came of it, sorted once.

Every call ends in one of four ways: done; `StripeRefused`, a definite no; `StripeNotSent`,
nothing was done; `StripeUnknown`, where nobody knows whether Stripe did it, and the same words
under the same key ask again. What that means, the gateways say.
"""

import asyncio
import copy
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar, cast

import aiohttp
import stripe
from prometheus_client import Counter, Histogram

from services.chassis.process import telemetry, tracing
from services.chassis.process.settings import Secret
from services.chassis.stripe.budget import BudgetSpent, StripeBudget, Who

log = telemetry.logger(__name__)

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 20.0
TOTAL_SECONDS_MORE = 5.0
# A connection the other side has closed meanwhile would look like a lost answer: give them
# up before servers usually do.
KEEPALIVE_SECONDS = 4.0
READ_TRIES = 3
RETRY_SECONDS = 0.3
TOO_FAST = 429
CONFLICT = 409
SERVER_FAULT = 500
SIGNATURE_SECONDS = 300

CALLS = Counter(
    "stripe_calls",
    "Requests to Stripe by what came of them: done, refused, not_sent, unknown.",
    ("call", "outcome"),
    registry=telemetry.REGISTRY,
)
SECONDS = Histogram(
    "stripe_call_seconds",
    "Time Stripe took to answer, our own turn not counted.",
    ("call",),
    registry=telemetry.REGISTRY,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20),
)
# The SDK leaves faults while reading an answer's body to aiohttp's own words.
FAULTS = (stripe.StripeError, aiohttp.ClientError, OSError, TimeoutError)
MISMATCH = "idempotency_mismatch"
NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
T = TypeVar("T")


class StripeFault(Exception):
    """What came of a call that was not done. `name` is the SDK's own word for it."""

    outcome = "unknown"

    def __init__(self, reason: str, *, name: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name
        self.status = status


class StripeRefused(StripeFault):
    """A definite no, and whose it is: nothing was done.

    A card's `error` is what its bank said, as Stripe passes it on.
    """

    outcome = "refused"

    def __init__(self, exc: stripe.StripeError, by: Literal["card", "request", "account"]) -> None:
        name = type(exc).__name__
        super().__init__(exc.code or name, name=name, status=exc.http_status or 0)
        self.by = by
        self.code = exc.code or ""
        self.param = str(getattr(exc, "param", None) or "")
        self.error: Any = exc.error


class StripeAway(StripeFault):
    """No answer, or one that says nothing about what was done."""

    @property
    def is_answered(self) -> bool:
        """Tell of Stripe's own failure: it is kept under the request's key.

        The same key would bring nothing else for a day.
        """
        return self.status >= SERVER_FAULT


class StripeNotSent(StripeAway):
    """Nothing was done: our turn did not come, nobody was reached, or we were too fast."""

    outcome = "not_sent"


class StripeUnknown(StripeAway):
    """Nobody knows whether it was done."""


class StripeBusy(StripeUnknown):
    """Another request under the same key is being worked on: its answer will be ours."""


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


class StripeClient:
    """One account at Stripe, over one pool of connections, under the account's one budget."""

    def __init__(
        self,
        key: Secret,
        api_base: str,
        *,
        budget: StripeBudget,
        connections_max: int,
        turn_seconds: Mapping[Who, float],
        who: Who,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._budget = budget
        self._turn_seconds = turn_seconds
        self._who = who
        trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path)
        self._http = stripe.AIOHTTPClient(
            timeout=cast(
                Any,
                aiohttp.ClientTimeout(
                    total=answer_seconds + TOTAL_SECONDS_MORE,
                    sock_connect=CONNECT_SECONDS,
                    sock_read=answer_seconds,
                ),
            ),
            connector=Departures(
                budget, limit=connections_max, ssl=trusted, keepalive_timeout=KEEPALIVE_SECONDS
            ),
        )
        self.api = stripe.StripeClient(
            key.reveal(),
            base_addresses={"api": api_base.rstrip("/")},
            http_client=self._http,
            # Every request takes its turn, also one that is made again: so we repeat them.
            max_network_retries=0,
        )

    def asking_for(self, who: Who) -> "StripeClient":
        """Return the same client for people who wait, or for work that nobody waits for."""
        other = copy.copy(self)
        other._who = who
        return other

    async def close(self) -> None:
        """Give the connections back."""
        await cast(Any, self._http).close_async()
        await self._budget.close()

    async def read(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        """Ask for something that changes nothing; again, when no answer came."""
        for _ in range(READ_TRIES - 1):
            try:
                return await self.ask(call, request)
            except StripeAway as exc:
                if isinstance(exc.__cause__, BudgetSpent):
                    raise
                await asyncio.sleep(RETRY_SECONDS)
        return await self.ask(call, request)

    async def ask(self, call: str, request: Callable[[], Awaitable[T]]) -> T:
        """Take our turn in the account's budget, then ask; raise what came of it but done."""
        outcome = "unknown"
        try:
            await self._budget.turn(call, self._who, within_seconds=self._turn_seconds[self._who])
            asking = tracing.span(f"stripe {call}", "client", peer__service="stripe")
            with asking, SECONDS.labels(call).time():
                answer = await request()
            outcome = "done"
            return answer
        except (BudgetSpent, *FAULTS) as exc:
            if isinstance(exc, stripe.RateLimitError):
                await self._budget.slow_down()
            fault = sorted_out(exc)
            outcome = fault.outcome
            if not (isinstance(fault, StripeRefused) and fault.by == "card"):
                # What a bank says of a card is an answer, and whoever asked writes it down.
                log.warning(f"stripe_{outcome}", call=call, reason=fault.reason, error=fault.name)
            raise fault from exc
        except asyncio.CancelledError:
            log.warning("stripe_unknown", call=call, reason="our own budget is spent")
            raise
        finally:
            CALLS.labels(call, outcome).inc()


def sorted_out(exc: Exception) -> StripeFault:
    """Return what a failed call came to."""
    name = type(exc).__name__
    match exc:
        case BudgetSpent():
            fault: StripeFault = StripeNotSent("our_budget", name=name)
        case stripe.CardError():
            fault = StripeRefused(exc, "card")
        case stripe.InvalidRequestError():
            fault = StripeRefused(exc, "request")
        case stripe.AuthenticationError() | stripe.PermissionError():
            fault = StripeRefused(exc, "account")
        case stripe.RateLimitError():
            fault = StripeNotSent("rate_limited", name=name, status=TOO_FAST)
        case stripe.IdempotencyError():
            # Something else was asked under this key: whatever it did can be read.
            fault = StripeUnknown(MISMATCH, name=name)
        case stripe.APIConnectionError() if isinstance(exc.__cause__, NEVER_LEFT):
            fault = StripeNotSent("unreachable", name=name)
        case stripe.APIConnectionError():
            fault = StripeUnknown("no_answer", name=name)
        case _:
            status = (exc.http_status or 0) if isinstance(exc, stripe.StripeError) else 0
            kind = StripeBusy if status == CONFLICT else StripeUnknown
            fault = kind(f"http_{status}" if status else name, name=name, status=status)
    return fault


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

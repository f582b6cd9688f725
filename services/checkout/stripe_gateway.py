"""Stripe, and nothing of the rest of us: the only module here that imports its SDK.

Every call ends in one of three ways: done; refused, which is definite; or away, where
nobody knows whether Stripe did it, and the same words under the same key ask again.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import stripe

from contracts.events.checkout import Card
from contracts.pricing import Address
from services.chassis import telemetry
from services.chassis.settings import Secret
from services.checkout import metrics
from services.checkout.pace import Pace
from services.checkout.sessions import SessionParams

log = telemetry.logger(__name__)

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 20.0
CONNECTIONS_MAX = 40
READ_RETRIES = 2
SIGNATURE_SECONDS = 300
CONFLICT = 409
SERVER_FAULT = 500
EXPANDED = ["setup_intent.payment_method", "setup_intent.latest_attempt"]
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


class StripeRefused(Exception):
    """A definite no: nothing was done."""

    def __init__(self, code: str, param: str) -> None:
        super().__init__(code)
        self.code = code
        self.param = param


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session a person can use now: on our page by its secret, or on Stripe's by its url."""

    session_id: str
    client_secret: str | None
    url: str | None


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """A session as Stripe tells it at this moment."""

    session_id: str
    status: str
    order_id: str | None
    client_secret: str | None = None
    url: str | None = None
    email: str | None = None
    card: Card | None = None
    # When the card was saved: the successful setup attempt, in whole seconds.
    saved_at: datetime | None = None
    address: Address | None = None


class StripeGateway:
    """The calls checkout makes, each with its budget, its key and its count."""

    def __init__(self, key: Secret, *, api_base: str, per_second: float) -> None:
        self._pace = Pace(per_second)
        self._session = aiohttp.ClientSession(connector=_connector(api_base))
        self._client = stripe.StripeClient(
            key.reveal(),
            base_addresses={"api": api_base.rstrip("/")},
            http_client=stripe.AIOHTTPClient(
                timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS),
                session=self._session,
            ),
            # Who creates something tries again by its own record, never behind its back.
            max_network_retries=0,
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def create_customer(self, supporter_id: str, email: str, attempt: int) -> str:
        """Return the customer of a supporter: the same one, as often as an attempt is made."""
        key = f"cus:{supporter_id}" if attempt == 1 else f"cus:{supporter_id}:{attempt}"
        customer = await self._ask(
            "customers.create",
            self._client.v1.customers.create_async(
                {"email": email, "metadata": {"supporter": supporter_id}},
                {"idempotency_key": key},
            ),
        )
        return customer.id

    async def create_session(
        self, order_id: str, params: SessionParams, customer_id: str | None
    ) -> OpenedSession:
        """Return the order's session: the same one, however often it is asked for."""
        session = await self._ask(
            "sessions.create",
            self._client.v1.checkout.sessions.create_async(
                session_form(order_id, params, customer_id),  # type: ignore[arg-type]
                {"idempotency_key": f"cs:{order_id}"},
            ),
        )
        return OpenedSession(
            session_id=session.id, client_secret=session.client_secret, url=session.url
        )

    async def read_session(self, session_id: str) -> SessionState:
        """Return the session with the card it saved, if it did."""
        session = await self._ask(
            "sessions.retrieve",
            self._client.v1.checkout.sessions.retrieve_async(
                session_id, {"expand": EXPANDED}, {"max_network_retries": READ_RETRIES}
            ),
        )
        return state_of(session.to_dict())

    async def expire_session(self, session_id: str) -> SessionState:
        """Expire the session and return how it stands: perhaps completed a moment before."""
        try:
            session = await self._ask(
                "sessions.expire", self._client.v1.checkout.sessions.expire_async(session_id)
            )
        except StripeRefused:
            # Not open any more: only the session itself can say which way it ended.
            return await self.read_session(session_id)
        return state_of(session.to_dict())

    async def _ask(self, call: str, request: Awaitable[T]) -> T:
        await self._pace.turn()
        outcome = "unknown"
        try:
            answer = await request
            outcome = "done"
        except (
            stripe.InvalidRequestError,
            stripe.AuthenticationError,
            stripe.PermissionError,
        ) as exc:
            outcome = "refused"
            param = str(getattr(exc, "param", None) or "")
            log.warning("stripe_refused", call=call, reason=exc.code, param=param)
            raise StripeRefused(exc.code or type(exc).__name__, param) from exc
        # The SDK leaves faults while reading an answer's body to aiohttp's own words.
        except (stripe.StripeError, aiohttp.ClientError, TimeoutError) as exc:
            log.warning("stripe_away", call=call, error=type(exc).__name__)
            status = getattr(exc, "http_status", None) or 0
            if status == CONFLICT:
                raise StripeBusy(f"{call}: in progress") from exc
            raise StripeAway(
                f"{call}: {type(exc).__name__}", is_answered=status >= SERVER_FAULT
            ) from exc
        except asyncio.CancelledError:
            log.warning("stripe_away", call=call, error="our own budget is spent")
            raise
        finally:
            metrics.STRIPE_CALLS.labels(call, outcome).inc()
        return answer


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


def session_form(order_id: str, params: SessionParams, customer_id: str | None) -> dict[str, Any]:
    """Return the parameters of a setup-mode session. Source: peers.md 5.1.

    `currency` is only needed where `allowed_payment_method_types` is not given.
    """
    form: dict[str, Any] = {
        "mode": "setup",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": order_id,
        "expires_at": params.expires_at,
        "locale": params.language,
        "metadata": params.metadata,
        "setup_intent_data": {"metadata": params.metadata},
    }
    if customer_id is None:
        form["customer_creation"] = "always"
    else:
        form["customer"] = customer_id
    if params.ui_mode == "custom":
        form["ui_mode"] = "elements"
        form["return_url"] = params.return_url
        # Our own page shows the sentence the supporter agrees to.
        form["consent_collection"] = {"payment_method_reuse_agreement": {"position": "hidden"}}
    else:
        form["ui_mode"] = "hosted_page"
        form["success_url"] = params.return_url
        form["cancel_url"] = params.cancel_url
        if params.posted_to:
            form["shipping_address_collection"] = {"allowed_countries": list(params.posted_to)}
    return form


def state_of(session: dict[str, Any]) -> SessionState:
    """Return what we need of a session; whatever Stripe left out is None."""
    intent = _object(session.get("setup_intent"))
    method = _object(intent.get("payment_method"))
    attempt = _object(intent.get("latest_attempt"))
    has_attempt = attempt.get("status") == "succeeded"
    return SessionState(
        session_id=session["id"],
        status=session.get("status") or "unknown",
        order_id=(session.get("metadata") or {}).get("orderId"),
        client_secret=session.get("client_secret"),
        url=session.get("url"),
        email=(session.get("customer_details") or {}).get("email"),
        card=_card(method, session.get("customer") or intent.get("customer")),
        saved_at=datetime.fromtimestamp(attempt["created"], UTC) if has_attempt else None,
        address=_address(session),
    )


def _object(value: Any) -> dict[str, Any]:
    """Return an expanded object; an id that was not expanded tells nothing."""
    return value if isinstance(value, dict) else {}


def _card(method: dict[str, Any], customer_id: Any) -> Card | None:
    card = method.get("card")
    if not card or not isinstance(customer_id, str):
        return None
    return Card(
        customer_id=customer_id,
        payment_method_id=method["id"],
        brand=card.get("brand") or "unknown",
        last4=card.get("last4") or "",
        exp_month=card.get("exp_month") or 0,
        exp_year=card.get("exp_year") or 0,
        fingerprint=card.get("fingerprint") or "",
    )


def _address(session: dict[str, Any]) -> Address | None:
    details = (session.get("collected_information") or {}).get("shipping_details") or {}
    place = details.get("address") or {}
    if not place:
        return None
    return Address(
        name=details.get("name") or "",
        address1=place.get("line1") or "",
        address2=place.get("line2") or "",
        city=place.get("city") or "",
        province=place.get("state") or "",
        postal_code=place.get("postal_code") or "",
        country=place.get("country") or "",
    )


def _connector(api_base: str) -> aiohttp.TCPConnector:
    if urlsplit(api_base).scheme == "http":
        return aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path)
    return aiohttp.TCPConnector(limit=CONNECTIONS_MAX, ssl=trusted)

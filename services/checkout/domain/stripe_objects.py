"""Stripe's objects in our own words: what we ask for, and what we read out of answers. Pure.

Checked against API version 2026-10-28.endive. Source: peers.md 5.1.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from contracts.events.checkout import Card
from contracts.pricing import Address
from services.checkout.domain.sessions import SessionParams


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session a person can use now: on our page by its secret, or on Stripe's by its url."""

    session_id: str
    client_secret: str | None
    url: str | None


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """A session as Stripe tells it at this moment."""

    session_id: str
    status: str
    # Whose it is: an order's, or a card update's.
    order_id: str | None
    update_id: str | None = None
    client_secret: str | None = None
    url: str | None = None
    email: str | None = None
    card: Card | None = None
    # When the card was saved: the successful setup attempt, in whole seconds.
    saved_at: datetime | None = None
    address: Address | None = None
    # What we noted on it when we made it.
    metadata: dict[str, str] = {}


class ListedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session in Stripe's list: whose it says it is."""

    session_id: str
    created: int
    metadata: dict[str, str]

    @property
    def is_ours(self) -> bool:
        """Tell whether we made it, for an order or a card update."""
        return "orderId" in self.metadata or "updateId" in self.metadata


class ListedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Stripe's list of events, each as the bytes a webhook would have brought."""

    payloads: tuple[bytes, ...]
    last_id: str | None
    newest_at: datetime | None
    has_more: bool


def session_form(params: SessionParams, customer_id: str | None) -> dict[str, Any]:
    """Return the parameters of a setup-mode session.

    The product's `custom` is called `elements` by this API version, `hosted` `hosted_page`.
    `currency` is only needed where `allowed_payment_method_types` is not given.
    """
    form: dict[str, Any] = {
        "mode": "setup",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": params.reference,
        "expires_at": params.expires_at,
        "locale": params.language,
        "metadata": params.metadata,
        "setup_intent_data": {"metadata": params.intent_metadata},
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
    metadata = session.get("metadata") or {}
    return SessionState(
        session_id=session["id"],
        status=session.get("status") or "unknown",
        order_id=metadata.get("orderId"),
        update_id=metadata.get("updateId"),
        client_secret=session.get("client_secret"),
        url=session.get("url"),
        email=(session.get("customer_details") or {}).get("email"),
        card=card_of(method, session.get("customer") or intent.get("customer")),
        saved_at=datetime.fromtimestamp(attempt["created"], UTC) if has_attempt else None,
        address=_address(session),
        metadata=metadata,
    )


def events_of(events: list[dict[str, Any]], *, has_more: bool) -> ListedEvents:
    """Return a page of events, the newest first."""
    return ListedEvents(
        payloads=tuple(msgspec.json.encode(each) for each in events),
        last_id=events[-1]["id"] if events else None,
        newest_at=datetime.fromtimestamp(events[0]["created"], UTC) if events else None,
        has_more=has_more,
    )


def _object(value: Any) -> dict[str, Any]:
    """Return an expanded object; an id that was not expanded tells nothing."""
    return value if isinstance(value, dict) else {}


def card_of(method: dict[str, Any], customer_id: Any) -> Card | None:
    """Return the card of a PaymentMethod, or None when it is no card or nobody's."""
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

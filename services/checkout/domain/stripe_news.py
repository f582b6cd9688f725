"""What Stripe's events are about, and who has to do something about each. Pure.

Source: peers.md 5.6. Whatever is not named here is stored as ignored.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from contracts.refusals import InputRefused

COMPLETED = "checkout.session.completed"
EXPIRED = "checkout.session.expired"
SETUP_FAILED = "setup_intent.setup_failed"
METHOD_DETACHED = "payment_method.detached"
METHOD_CHANGED = ("payment_method.automatically_updated", "payment_method.updated")
MANDATE_UPDATED = "mandate.updated"
CUSTOMER_DELETED = "customer.deleted"

OURS = (
    *(COMPLETED, EXPIRED, SETUP_FAILED, METHOD_DETACHED, *METHOD_CHANGED),
    *(MANDATE_UPDATED, CUSTOMER_DELETED),
)
"""About cards and sessions: checkout acts."""

SETTLEMENTS = (
    *("payment_intent.succeeded", "payment_intent.payment_failed"),
    *("payment_intent.requires_action", "payment_intent.processing", "payment_intent.canceled"),
    *("charge.updated", "charge.refunded"),
    *("refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
    *("charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"),
    "radar.early_fraud_warning.created",
)
"""About money: they travel on, with their object."""

LISTED = (*OURS, *SETTLEMENTS)
"""What is read back from Stripe's own list, should its webhook never have come.

`setup_intent.succeeded` is not: the session it belongs to says the same, and more.
"""

OBJECT_BYTES_MAX = 192 * 1024

# Ids go into keys of an index, which takes neither NUL nor texts of any length.
Name = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[^\x00]*$")]
Value = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]
Instant = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Concern = Literal["ours", "settlements", "nobodys"]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every event has."""

    id: Name
    type: Name
    created: Instant
    livemode: bool
    data: msgspec.Raw

    @property
    def created_at(self) -> datetime:
        """Return when Stripe says it happened, in whole seconds."""
        return datetime.fromtimestamp(self.created, UTC)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an event's object as says what it is and whose."""

    id: Name = ""
    mode: Name | None = None
    metadata: dict[str, Value] | None = None

    @property
    def order_id(self) -> str | None:
        """Return the order it was made for, by our own note on it."""
        return (self.metadata or {}).get("orderId")

    @property
    def update_id(self) -> str | None:
        """Return the card update it was made for, by our own note on it."""
        return (self.metadata or {}).get("updateId")

    @property
    def is_noted(self) -> bool:
        """Tell whether it was made for something of ours."""
        return bool(self.order_id or self.update_id)


class SetupError(msgspec.Struct, frozen=True):
    """Why a card could not be saved."""

    code: str | None = None
    decline_code: str | None = None


class FailedSetup(msgspec.Struct, frozen=True, kw_only=True):
    """A SetupIntent whose last try failed."""

    id: str
    metadata: dict[str, str] = {}
    last_setup_error: SetupError | None = None

    @property
    def code(self) -> str:
        """Return the reason in one word."""
        error = self.last_setup_error or SetupError()
        return error.decline_code or error.code or "unknown"


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a card may still be charged by what its owner agreed to."""

    status: str = ""
    payment_method: str = ""


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw


def read_event(raw: bytes) -> tuple[Envelope, Subject]:
    """Return an event and what it is about, or refuse. Of a type that is nobody's only the
    envelope is read: whatever shape its object has, Stripe need not send it again."""
    try:
        event = msgspec.json.decode(raw, type=Envelope)
        if event.type not in LISTED:
            return event, Subject()
        return event, msgspec.json.decode(_object(event), type=Subject)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRefused("invalid_json", "That is no event.") from exc


def concern_of(event: Envelope, subject: Subject) -> Concern:
    """Return who has something to do about an event.

    Sessions and SetupIntents that carry no note of ours belong to somebody else's use of the
    same account.
    """
    if event.type in SETTLEMENTS:
        return "settlements"
    if event.type not in OURS:
        return "nobodys"
    if event.type in (COMPLETED, EXPIRED):
        return "ours" if subject.mode == "setup" and subject.is_noted else "nobodys"
    if event.type == SETUP_FAILED:
        return "ours" if subject.is_noted else "nobodys"
    return "ours"


def object_as(raw: bytes, shape: type[Any]) -> Any:
    """Return a stored event's object as a value of `shape`; raises `msgspec.DecodeError`."""
    return msgspec.json.decode(_object(msgspec.json.decode(raw, type=Envelope)), type=shape)


def travelling(raw: bytes) -> dict[str, Any] | None:
    """Return an event's object as it travels on; None when the bus would not take it."""
    if len(raw) > OBJECT_BYTES_MAX:
        return None
    found: dict[str, Any] = object_as(raw, dict[str, Any])
    return found


def _object(event: Envelope) -> msgspec.Raw:
    return msgspec.json.decode(event.data, type=_Data).object

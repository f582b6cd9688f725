"""The faults that can be switched on, and how they are asked for."""

import random
from dataclasses import dataclass, field, fields
from typing import Any

from deploy.sandbox import cards
from deploy.sandbox.outcomes import DECLINE_CODES

_RATES = ("error_rate", "timeout_rate")
_NUMBERS = {
    "latency_ms": 600_000,
    "webhook_delay_ms": 86_400_000,
    "rate_limit_per_second": 1_000_000,
    "endpoint_rate_limit_per_second": 1_000_000,
    "resend_rate_limit_per_second": 1_000_000,
}
_SWITCHES = (
    *("duplicate_webhooks", "reorder_webhooks", "drop_webhooks"),
    "resend_down",
    *("usps_down", "usps_busy"),
)


class FaultError(ValueError):
    """A fault that cannot be set; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass
class Faults:
    latency_ms: int = 0
    error_rate: float = 0.0
    timeout_rate: float = 0.0
    duplicate_webhooks: bool = False
    webhook_delay_ms: int = 0
    reorder_webhooks: bool = False
    # Of the whole account, and of each named operation by itself: Stripe has both.
    rate_limit_per_second: int = 0
    endpoint_rate_limit_per_second: int = 0
    # Requests for mails, a batch being one; Resend allows a team two unless it asks for more.
    resend_rate_limit_per_second: int = 0
    drop_webhooks: bool = False
    # Resend alone: every answer is 503.
    resend_down: bool = False
    # The carrier alone: every answer is 503, or says that we ask too often.
    usps_down: bool = False
    usps_busy: bool = False
    # A card's key (never its number) to the decline code every charge of it gets.
    decline: dict[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return the faults as the control API answers them."""
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown["decline"] = {cards.BY_KEY[key].number: code for key, code in self.decline.items()}
        return shown

    def merge(self, changes: dict[str, Any]) -> None:
        """Take over `changes`, all or none; `FaultError` names the field that cannot be."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            if name == "decline":
                self._merge_declines(value)
            else:
                setattr(self, name, value)

    def check(self, changes: dict[str, Any]) -> None:
        """Raise `FaultError` for what `merge` would not take."""
        for name, value in changes.items():
            _checked(name, value)

    def reset(self) -> None:
        for name, value in vars(Faults()).items():
            setattr(self, name, value)

    def strikes(self, rate: float) -> bool:
        return rate > 0 and random.random() < rate

    def _merge_declines(self, declines: dict[str, str]) -> None:
        for key, code in declines.items():
            if code:
                self.decline[key] = code
            else:
                self.decline.pop(key, None)
        if not declines:
            self.decline.clear()


def _checked(name: str, value: Any) -> Any:
    if name in _RATES:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise FaultError(name, "must be a number from 0 to 1")
        return float(value)
    if name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise FaultError(name, "must be a whole number")
        if not 0 <= value <= _NUMBERS[name]:
            raise FaultError(name, f"must be from 0 to {_NUMBERS[name]}")
        return int(value)
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise FaultError(name, "must be true or false")
        return value
    if name == "decline":
        return _checked_declines(value)
    raise FaultError(name, "is not a fault this sandbox knows")


def _checked_declines(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FaultError("decline", "must map card numbers to decline codes")
    declines: dict[str, str] = {}
    for number, code in value.items():
        card = cards.BY_NUMBER.get(cards.digits(str(number)))
        if card is None:
            raise FaultError("decline", "names a number that is not a test card of this sandbox")
        if code and code not in DECLINE_CODES:
            raise FaultError("decline", f"{str(code)[:40]!r} is not a decline code of Stripe")
        declines[card.key] = str(code or "")
    return declines

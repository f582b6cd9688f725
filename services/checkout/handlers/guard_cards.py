"""Against people who try stolen cards here: cards that fail are counted, never those that
are saved. A premiere of two hundred people on one Wi-Fi is welcome.

Source: reliability 5.4. Three failures close a session, ten within an hour close the door
to an address: for the rest of that hour, or until it passes a challenge where one is set up.
"""

import hmac

import msgspec

from services.chassis.web.addresses import limited_as
from services.checkout.settings import Settings

FAILURES_PER_SESSION = 3
FAILURES_PER_HOUR = 10
KEY_LENGTH = 32


class CardLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many cards may fail in one session, and in an hour from one address."""

    per_session: int
    per_hour: int


def limits_of(settings: Settings) -> CardLimits:
    """Return the limits, multiplied as all limits on people's routes are."""
    scale = settings.rate_limit_scale
    return CardLimits(
        per_session=max(1, round(FAILURES_PER_SESSION * scale)),
        per_hour=max(1, round(FAILURES_PER_HOUR * scale)),
    )


def client_key(address: str, settings: Settings) -> str:
    """Return what failures of an address are counted under: a digest, never the address."""
    secret = settings.checkout_intent_secret.bytes()
    text = f"client:{limited_as(address)}".encode()
    return hmac.digest(secret, text, "sha256").hex()[:KEY_LENGTH]

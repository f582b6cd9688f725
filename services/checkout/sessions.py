"""What is asked of Stripe for an order: where it leads, how long it lives. Pure."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from services.checkout.countries import POSTED_TO
from services.checkout.orders import Order, UiMode
from services.checkout.pricing import has_physical

# Stripe's minimum is 30 minutes after *its* creation, so the way there is added.
LIFETIME = timedelta(minutes=30, seconds=20)
METADATA_LENGTH_MAX = 500
# Countries its shipping_address_collection refuses.
UNKNOWN_TO_STRIPE = frozenset(
    ("AS", "CX", "CC", "CU", "HM", "IR", "KP", "MH", "FM", "NF", "MP", "PW", "SD", "SY", "UM", "VI")
)


class SessionParams(msgspec.Struct, frozen=True, kw_only=True):
    """A setup session in our own words."""

    ui_mode: UiMode
    language: str
    return_url: str
    cancel_url: str
    expires_at: int
    metadata: dict[str, str]
    # Countries an address is collected from; empty where nothing is posted.
    posted_to: tuple[str, ...] = ()


def params_for(
    order: Order, *, site_base: str, posted_to: Sequence[str] = POSTED_TO
) -> SessionParams:
    """Return the session an order needs: the same words whenever they are asked for."""
    prefix = "" if order.language == "en" else f"/{order.language}"
    base = f"{site_base.rstrip('/')}{prefix}/campaigns/{order.page}"
    return SessionParams(
        ui_mode=order.ui_mode,
        language=order.language,
        return_url=(
            f"{base}/pledge-success/?order={order.order_id}&session_id={{CHECKOUT_SESSION_ID}}"
        ),
        cancel_url=f"{base}/pledge-cancel/?order={order.order_id}",
        expires_at=int((order.created_at + LIFETIME).timestamp()),
        metadata={
            "orderId": order.order_id,
            "campaigns": fitting([pledge.campaign for pledge in order.pledges]),
            "amountCents": str(sum(pledge.price.total_cents for pledge in order.pledges)),
        },
        posted_to=_collected_from(posted_to) if has_physical(order.pledges) else (),
    )


def _collected_from(posted_to: Sequence[str]) -> tuple[str, ...]:
    """Return the countries Stripe's page can collect addresses from, all if none is left."""
    known = tuple(country for country in posted_to if country not in UNKNOWN_TO_STRIPE)
    return known or POSTED_TO


def fitting(slugs: Sequence[str]) -> str:
    """Return the slugs joined by commas, as many as fit, then `+n` for the rest."""
    for kept in range(len(slugs), -1, -1):
        rest = [f"+{len(slugs) - kept}"] if kept < len(slugs) else []
        text = ",".join([*slugs[:kept], *rest])
        if len(text) <= METADATA_LENGTH_MAX:
            return text
    raise AssertionError("a count always fits")

"""What is asked of Stripe for an order or another card: where it leads, how long. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.checkout.domain.cards import CardUpdate
from services.checkout.domain.countries import POSTED_TO
from services.checkout.domain.orders import Order, UiMode
from services.checkout.domain.pricing import has_physical

# Stripe's minimum is 30 minutes after *its* creation, so the way there is added.
LIFETIME = timedelta(minutes=30, seconds=20)
METADATA_LENGTH_MAX = 500
# Countries its shipping_address_collection refuses.
UNKNOWN_TO_STRIPE = frozenset(
    ("AS", "CX", "CC", "CU", "HM", "IR", "KP", "MH", "FM", "NF", "MP", "PW", "SD", "SY", "UM", "VI")
)
CART_PIECES_MAX = 20


class SessionParams(msgspec.Struct, frozen=True, kw_only=True):
    """A setup session in our own words."""

    # The id of the order or card update: names the session, and keys its creation.
    reference: str
    ui_mode: UiMode
    language: str
    return_url: str
    cancel_url: str
    expires_at: int
    metadata: dict[str, str]
    # On the SetupIntent: events about cards that fail come with it alone.
    intent_metadata: dict[str, str]
    # Countries an address is collected from; empty where nothing is posted.
    posted_to: tuple[str, ...] = ()


def params_for(
    order: Order,
    *,
    site_base: str,
    posted_to: Sequence[str] = POSTED_TO,
    client_key: str = "",
    cart: Mapping[str, Any] | None = None,
) -> SessionParams:
    """Return the session an order needs: the same words whenever they are asked for.

    `cart` is what the order was made of, without anything personal: should our database
    lose the order, an operator can have it made again from there.
    """
    prefix = "" if order.language == "en" else f"/{order.language}"
    base = f"{site_base.rstrip('/')}{prefix}/campaigns/{order.page}"
    return SessionParams(
        reference=order.order_id,
        ui_mode=order.ui_mode,
        language=order.language,
        return_url=(
            f"{base}/pledge-success/?order={order.order_id}&session_id={{CHECKOUT_SESSION_ID}}"
        ),
        cancel_url=f"{base}/pledge-cancel/?order={order.order_id}",
        expires_at=_expires_at(order.created_at),
        metadata={
            "orderId": order.order_id,
            "campaigns": fitting([pledge.campaign for pledge in order.pledges]),
            "amountCents": str(sum(pledge.price.total_cents for pledge in order.pledges)),
            **in_pieces(cart),
        },
        intent_metadata=_of_intent("orderId", order.order_id, client_key),
        posted_to=_collected_from(posted_to) if has_physical(order.pledges) else (),
    )


def params_for_update(update: CardUpdate, *, site_base: str, client_key: str) -> SessionParams:
    """Return the session in which a pledge gets another card."""
    prefix = "" if update.language == "en" else f"/{update.language}"
    page = f"{site_base.rstrip('/')}{prefix}/manage/"
    return SessionParams(
        reference=update.update_id,
        ui_mode=update.ui_mode,
        language=update.language,
        return_url=f"{page}?card=saved&session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{page}?card=kept",
        expires_at=_expires_at(update.created_at),
        metadata={
            "updateId": update.update_id,
            "pledgeId": update.pledge_id,
            "campaign": update.campaign,
        },
        intent_metadata=_of_intent("updateId", update.update_id, client_key),
    )


def in_pieces(cart: Mapping[str, Any] | None) -> dict[str, str]:
    """Return a cart as metadata: JSON cut into values as long as Stripe takes them.

    A cart that is too large is left out as a whole.
    """
    if cart is None:
        return {}
    text = msgspec.json.encode(cart).decode()
    pieces = [
        text[start : start + METADATA_LENGTH_MAX]
        for start in range(0, len(text), METADATA_LENGTH_MAX)
    ]
    if len(pieces) > CART_PIECES_MAX:
        return {}
    return {f"cart{number}": piece for number, piece in enumerate(pieces)}


def out_of_pieces(metadata: Mapping[str, str]) -> bytes:
    """Return the JSON that was cut into pieces; empty when there is none."""
    pieces = [metadata.get(f"cart{number}", "") for number in range(CART_PIECES_MAX)]
    return "".join(pieces).encode()


def _of_intent(name: str, reference: str, client_key: str) -> dict[str, str]:
    return {name: reference, **({"client": client_key} if client_key else {})}


def _expires_at(created_at: datetime) -> int:
    return int((created_at + LIFETIME).timestamp())


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

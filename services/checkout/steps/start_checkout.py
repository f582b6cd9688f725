"""Start a checkout: intend, then ask Stripe, then record. A crash between is cleaned up."""

import asyncio
import hmac

import asyncpg

from contracts.api.checkout import Started
from contracts.refusals import InputRefused, StateRefused, Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import transaction
from services.chassis.stripe.client import StripeRefused
from services.checkout.domain.bodies import CartBody
from services.checkout.domain.orders import Order
from services.checkout.domain.quotes import quote_fields
from services.checkout.domain.sessions import SessionParams, params_for
from services.checkout.domain.shipping import Delivery
from services.checkout.domain.stripe_objects import OpenedSession
from services.checkout.handlers.complete_sessions import find_or_refuse_order
from services.checkout.handlers.end_order import end_order
from services.checkout.handlers.intend_order import Intention, KeyTaken, bad_email, intend
from services.checkout.queries import orders
from services.checkout.steps.checkout import Checkout, busy
from services.checkout.steps.decide_order import answering_within
from services.checkout.steps.find_customer import find_customer
from services.checkout.steps.price_with_carrier import delivery_at_start

log = telemetry.logger(__name__)

STRIPE_SECONDS = 9.0
# Nobody talks to Stripe for an order longer than this.
TWIN_SECONDS = STRIPE_SECONDS + 1.0
LOOK_SECONDS = 0.1
REPLACED_MAX = 2
DEADLOCK_TRIES = 4


async def start_checkout(
    checkout: Checkout, body: CartBody, key: str | None, client: str = ""
) -> Started:
    """Return a session in which a card can be saved, with everything reserved.

    The same key brings the first session again; the same key with another cart is refused.
    `client` is the address of who asks.
    """
    client = await checkout.admit(client, body.challenge_token)
    hashed = _hashed(checkout, key)
    delivery = await delivery_at_start(checkout.pool, checkout.carrier, body)
    made, first = await _intended(checkout, body, hashed, delivery)
    for _ in range(REPLACED_MAX):
        if first is None:
            break
        first = await _when_opened(checkout, body, first)
        if first.session_id is not None or first.status not in ("opening", "abandoned"):
            break
        # Whoever was opening it is gone, or failed: its units are ours, and its key.
        made, first = await _intended(checkout, body, hashed, delivery, instead_of=first)
    if made is not None:
        params = params_for(
            made.order,
            site_base=checkout.settings.site_base,
            posted_to=made.posted_to,
            client_key=client,
            cart=body.restorable(),
        )
        return _answer(checkout, made.order, await _open(checkout, made, params))
    if first is None:
        raise busy()
    return await _again(checkout, first)


async def _intended(
    checkout: Checkout,
    body: CartBody,
    hashed: str | None,
    delivery: Delivery,
    *,
    instead_of: Order | None = None,
) -> tuple[Intention | None, Order | None]:
    """Return a new intention, or the order that has the key already."""
    async with checkout.in_turn():
        first = None if instead_of else await _first_with(checkout, hashed)
        if first is not None:
            return None, first
        try:
            return await _intend_patiently(checkout, body, hashed, delivery, instead_of), None
        except (KeyTaken, StateRefused) as exc:
            # What ran out may have gone to our twin, which has the same key.
            first = await _first_with(checkout, hashed)
            is_twin = first is not None and first != instead_of
            if isinstance(exc, StateRefused) and not is_twin:
                raise
            return None, first


async def _intend_patiently(
    checkout: Checkout,
    body: CartBody,
    hashed: str | None,
    delivery: Delivery,
    instead_of: Order | None,
) -> Intention:
    """Record the intention. Two carts that crossed are sorted out by asking again.

    In one transaction with giving up the order it replaces: nobody takes its units between.
    """
    for _ in range(DEADLOCK_TRIES):
        try:
            async with transaction(checkout.pool) as conn:
                if instead_of is not None:
                    await end_order(conn, instead_of.order_id, "abandoned")
                    await orders.forget_key(conn, instead_of.order_id)
                ui_mode = checkout.ui_mode(body.checkout_ui_mode)
                return await intend(conn, body, ui_mode=ui_mode, hashed=hashed, delivery=delivery)
        except asyncpg.DeadlockDetectedError:
            log.info("start_crossed_another")
    raise busy()


async def _open(checkout: Checkout, made: Intention, params: SessionParams) -> OpenedSession:
    """Ask Stripe for the order's session and record it; on any failure give the order up.

    Giving up is safe even when Stripe did make a session: its secret reaches nobody unless
    the order was recorded as open.
    """
    order = made.order
    crash.point("checkout.intended")
    try:
        async with answering_within(STRIPE_SECONDS):
            opened = await _ask_stripe(checkout, made, params)
    except (StripeRefused, Unavailable) as exc:
        async with transaction(checkout.pool) as conn:
            await end_order(conn, order.order_id, "abandoned")
        raise _for_people(exc) from exc
    async with transaction(checkout.pool) as conn:
        is_ours = await orders.mark_open(conn, order.order_id, opened.session_id)
    crash.point("checkout.opened")
    if not is_ours:
        # We were so slow that the order was given up; let nobody save a card for it.
        log.warning("session_came_too_late", order_id=order.order_id)
        async with answering_within(STRIPE_SECONDS):
            await checkout.stripe.expire_session(opened.session_id)
        raise busy()
    return opened


async def _ask_stripe(checkout: Checkout, made: Intention, params: SessionParams) -> OpenedSession:
    customer_id = await _customer(checkout, made)
    opened = await checkout.stripe.create_session(params, customer_id)
    crash.point("checkout.session_made")
    return opened


async def _customer(checkout: Checkout, made: Intention) -> str | None:
    """Return the supporter's one customer at Stripe; None while nobody knows who it is."""
    order, known = made.order, made.customer
    if order.supporter_id is None or order.email is None or known is None:
        return None
    return await find_customer(
        checkout.pool, checkout.stripe, order.supporter_id, order.email, known
    )


async def _first_with(checkout: Checkout, hashed: str | None) -> Order | None:
    """Return the order a key belongs to. One that never opened gives its key back."""
    if hashed is None:
        return None
    async with transaction(checkout.pool) as conn:
        order_id = await orders.find_by_key(conn, hashed)
        if order_id is None:
            return None
        order = await find_or_refuse_order(conn, order_id)
        if order.status == "abandoned" and order.session_id is None:
            await orders.forget_key(conn, order_id)
            return None
        return order


async def _again(checkout: Checkout, first: Order) -> Started:
    """Answer a repeated request with the session of the first."""
    if first.status != "open" or first.session_id is None:
        raise StateRefused(
            "conflict",
            "This checkout is over. Ask for its status, or start anew with another key.",
            orderId=first.order_id,
        )
    async with answering_within(STRIPE_SECONDS):
        state = await checkout.stripe.read_session(first.session_id)
    opened = OpenedSession(
        session_id=state.session_id, client_secret=state.client_secret, url=state.url
    )
    return _answer(checkout, first, opened)


async def _when_opened(checkout: Checkout, body: CartBody, first: Order) -> Order:
    """Wait for the twin request that is talking to Stripe, while there can be one.

    An order that is still opening after that was left by a process that died: nobody was
    given its session.
    """
    if first.request_hash != body.digest():
        raise StateRefused("conflict", "This Idempotency-Key was used for another cart.")
    while True:
        async with transaction(checkout.pool) as conn:
            order = await find_or_refuse_order(conn, first.order_id)
            is_left = await orders.is_left(conn, first.order_id, TWIN_SECONDS)
        if order.status != "opening" or is_left:
            return order
        await asyncio.sleep(LOOK_SECONDS)


def _for_people(exc: StripeRefused | Unavailable) -> Exception:
    if isinstance(exc, Unavailable):
        return exc
    if exc.param == "email":
        return bad_email()
    return Unavailable("stripe_refused", "Cards cannot be saved at the moment. Try again later.")


def _hashed(checkout: Checkout, key: str | None) -> str | None:
    """Return the digest a key is remembered by: keys themselves are not ours to keep."""
    if not key:
        return None
    if len(key) > 255:
        raise InputRefused("invalid_input", "The Idempotency-Key is too long.")
    secret = checkout.settings.checkout_intent_secret.bytes()
    return hmac.digest(secret, key.encode(), "sha256").hex()


def _answer(checkout: Checkout, order: Order, opened: OpenedSession) -> Started:
    is_custom = order.ui_mode == "custom"
    return Started(
        **quote_fields(order.pledges),
        checkout_ui_mode=order.ui_mode,
        order_id=order.order_id,
        session_id=opened.session_id,
        client_secret=opened.client_secret if is_custom else None,
        publishable_key=checkout.settings.stripe_publishable_key if is_custom else None,
        url=None if is_custom else opened.url,
    )

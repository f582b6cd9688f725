"""Complete a checkout an operator believes lost: by its order or its session.

An order our database still has is asked about at Stripe. One it lost, after a restore say,
is made again from what we noted on its session, at today's prices and rules, and only if
that comes to the sum the supporter agreed to: amounts are never read from Stripe.
"""

from datetime import timedelta

import asyncpg
import msgspec

from contracts.ids import OrderId
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeRefused
from services.checkout.domain.answers import Recovered
from services.checkout.domain.bodies import CartBody, RecoverBody
from services.checkout.domain.orders import UiMode
from services.checkout.domain.pricing import total_of
from services.checkout.domain.sessions import out_of_pieces
from services.checkout.domain.stripe_objects import ListedSession, SessionState
from services.checkout.handlers.intend_order import intend
from services.checkout.handlers.show_orders import order_id_of
from services.checkout.queries import campaigns, orders
from services.checkout.steps.ask_about_order import require_saved
from services.checkout.steps.decide_order import answering_within, decide_order
from services.checkout.steps.price_with_carrier import delivery_at_start
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import NO_CARRIER, USPSGateway

log = telemetry.logger(__name__)

ASK_SECONDS = 9.0
# Stripe lists a hundred sessions at a time; ten thousand is as far as one request goes.
PAGES_MAX = 100
OLDEST = timedelta(days=60)


async def recover(
    pool: Pool, stripe: StripeGateway, body: RecoverBody, carrier: USPSGateway = NO_CARRIER
) -> Recovered:
    """Complete the order, made again first where it is lost here."""
    order_id, session_id = await _known(pool, body)
    is_restored = False
    async with answering_within(ASK_SECONDS):
        if order_id is None:
            state = await _session(stripe, await _session_of(pool, stripe, body))
            order_id = await _restore(pool, carrier, state, body)
            session_id = state.session_id
            is_restored = True
        order = await decide_order(pool, stripe, order_id, session_id=session_id)
    await require_saved(pool, order)
    return Recovered(
        success=True,
        message="The order was lost here and is made again."
        if is_restored
        else "The order is completed.",
        order_id=order.order_id,
        stripe_session_id=order.session_id,
        status=order.status,
        persisted=order.status == "persisted",
        pledge_ids=tuple(pledge.pledge_id for pledge in order.pledges),
    )


async def _known(pool: Pool, body: RecoverBody) -> tuple[OrderId | None, str | None]:
    """Return the order if our database has it, and the session that was named."""
    if not body.order_id and not body.session_id:
        problem = "one of orderId and sessionId is needed"
        raise InputRefused("invalid_input", problem.capitalize(), fields={"orderId": problem})
    async with transaction(pool) as conn:
        if body.order_id:
            found = await orders.find_order(conn, order_id_of(body.order_id))
            return (found.order_id if found else None), body.session_id
        return await orders.find_by_session(conn, body.session_id or ""), body.session_id


async def _session_of(pool: Pool, stripe: StripeGateway, body: RecoverBody) -> str:
    """Return the session of an order we lost: named, or searched for in Stripe's list."""
    if body.session_id:
        return body.session_id
    async with transaction(pool) as conn:
        since = await campaigns.now(conn) - OLDEST
    after = None
    for _ in range(PAGES_MAX):
        page = await stripe.list_sessions(since=since, after=after)
        found = _made_for(page, body.order_id or "")
        if found is not None:
            return found
        if not page:
            break
        after = page[-1].session_id
    raise NotFound("order_not_found", "Neither we nor Stripe's newest sessions know this order.")


def _made_for(page: list[ListedSession], order_id: str) -> str | None:
    return next(
        (each.session_id for each in page if each.metadata.get("orderId") == order_id), None
    )


async def _session(stripe: StripeGateway, session_id: str) -> SessionState:
    try:
        return await stripe.read_session(session_id)
    except StripeRefused as exc:
        raise NotFound("session_not_found", "Stripe knows no such session.") from exc


async def _restore(
    pool: Pool, carrier: USPSGateway, state: SessionState, body: RecoverBody
) -> OrderId:
    """Make a lost order again, as open, so that what Stripe says completes it."""
    if state.order_id is None or body.order_id not in (None, state.order_id):
        raise NotFound("order_not_found", "This session belongs to no order of ours.")
    order_id = order_id_of(state.order_id)
    cart = _cart(state, body)
    delivery = await delivery_at_start(pool, carrier, cart)
    # What is posted needs an address: Stripe's page collected one, or an operator gives it.
    ui_mode: UiMode = "hosted" if state.address else "custom"
    try:
        async with transaction(pool) as conn:
            made = await intend(conn, cart, ui_mode=ui_mode, order_id=order_id, delivery=delivery)
            agreed = state.metadata.get("amountCents")
            total = total_of(made.order.pledges).total_cents
            if str(total) != agreed:
                raise StateRefused(
                    "order_lost",
                    "The order is lost here, and today it would cost another sum than was"
                    " agreed to. Ask the supporter to pledge again.",
                    agreedAmount=agreed,
                    amountNow=total,
                )
            await orders.mark_open(conn, order_id, state.session_id)
    except asyncpg.UniqueViolationError as exc:
        raise StateRefused("conflict", "The order was made again meanwhile.") from exc
    log.warning("order_restored", order_id=order_id)
    return order_id


def _cart(state: SessionState, body: RecoverBody) -> CartBody:
    """Return the cart that was noted on a session; what it lacks an operator may add."""
    try:
        cart = msgspec.json.decode(out_of_pieces(state.metadata), type=CartBody)
    except msgspec.DecodeError as exc:
        raise StateRefused(
            "order_lost",
            "The order is lost here, and its session does not say what was in it."
            " Ask the supporter to pledge again.",
        ) from exc
    return msgspec.structs.replace(
        cart,
        email=state.email,
        shipping_address=state.address or body.shipping_address,
        billing_address=body.billing_address,
    )

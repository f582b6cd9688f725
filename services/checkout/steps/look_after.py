"""Orders nobody spoke about for a while: a crash left them, or a webhook never came."""

from collections.abc import Sequence

from contracts.ids import OrderId
from contracts.refusals import StateRefused
from services.chassis.process import telemetry
from services.chassis.process.steady import Steady
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway
from services.checkout.domain.orders import Status
from services.checkout.handlers.complete_sessions import SessionIncomplete
from services.checkout.handlers.end_order import end_order
from services.checkout.queries import card_updates, orders
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.decide_update import decide_update
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

AT_ONCE = 8


def order_watch(pool: Pool, stripe: StripeGateway) -> Steady[tuple[OrderId, Status]]:
    """Return who looks at every undecided order whose time has come.

    A session that Stripe does not answer about holds up no other order.
    """

    async def take(limit: int) -> Sequence[tuple[OrderId, Status]]:
        async with transaction(pool) as conn:
            return await orders.take_due_orders(conn, limit)

    async def look(due: tuple[OrderId, Status]) -> None:
        await _look_at_order(pool, stripe, *due)

    return Steady("checkout:orders", take, look, at_once=AT_ONCE)


def update_watch(pool: Pool, stripe: StripeGateway) -> Steady[tuple[str, str]]:
    """Return who looks at every card update that is undecided and whose time has come."""

    async def take(limit: int) -> Sequence[tuple[str, str]]:
        async with transaction(pool) as conn:
            return await card_updates.take_due(conn, limit)

    async def look(due: tuple[str, str]) -> None:
        await _look_at_update(pool, stripe, *due)

    return Steady("checkout:orders", take, look, at_once=AT_ONCE)


async def _look_at_update(pool: Pool, stripe: StripeGateway, update_id: str, status: str) -> None:
    if status == "opening":
        # Nobody was given its session, if there is one.
        async with transaction(pool) as conn:
            await card_updates.mark_over(conn, update_id)
        return
    try:
        await decide_update(pool, stripe, update_id)
    except (StripeAway, SessionIncomplete) as exc:
        log.warning("update_still_undecided", update_id=update_id, error=type(exc).__name__)


async def _look_at_order(
    pool: Pool, stripe: StripeGateway, order_id: OrderId, status: Status
) -> None:
    if status == "opening":
        # Its process died before it could record a session. Whether Stripe made one or
        # not, nobody was given its secret: no card can be saved in it.
        async with transaction(pool) as conn:
            await end_order(conn, order_id, "abandoned")
        log.warning("opening_given_up", order_id=order_id)
        return
    try:
        await decide_order(pool, stripe, order_id)
    except (StripeAway, SessionIncomplete, StateRefused) as exc:
        log.warning("order_still_undecided", order_id=order_id, error=type(exc).__name__)

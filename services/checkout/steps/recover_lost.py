"""After a restore: make every checkout again that Stripe has and we no longer know.

Those that can't be made again are named one by one, with the reason. A page at a time, so
that each answer comes in time; asked again, what is there by now is only counted.
Source: reliability B-4.
"""

import time

from contracts.ids import OrderId
from contracts.refusals import Refusal, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.checkout.domain.answers import LostCheckout, LostCheckouts
from services.checkout.domain.bodies import LostBody, RecoverBody
from services.checkout.domain.stripe_objects import ListedSession
from services.checkout.queries import old_orders, orders
from services.checkout.steps.recover_checkout import recover
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import USPSGateway

log = telemetry.logger(__name__)

# With the one that was begun last, which takes nine seconds at most, it answers in time.
BUSY_SECONDS = 5.0


async def recover_lost(
    pool: Pool, stripe: StripeGateway, carrier: USPSGateway, body: LostBody
) -> LostCheckouts:
    """Go through a page of the sessions completed since the backup.

    Raises `StateRefused` when the platform was not restored.
    """
    async with transaction(pool) as conn:
        since = await old_orders.lost_since(conn)
        if since is None:
            raise StateRefused("not_recovering", "This platform was not restored from a backup.")
    page = await stripe.list_sessions(since=since, status="complete", after=body.after)
    known = made = 0
    lost: list[LostCheckout] = []
    last: str | None = None
    limit = time.monotonic() + BUSY_SECONDS
    for each in page:
        if time.monotonic() > limit:
            break
        last = each.session_id
        if await _is_known(pool, each):
            known += 1
        elif (reason := await _again(pool, stripe, carrier, each, body)) is None:
            made += 1
        else:
            lost.append(_named(each, reason))
    return LostCheckouts(known=known, made_again=made, lost=tuple(lost), after=last)


async def _is_known(pool: Pool, session: ListedSession) -> bool:
    """Tell whether it is no order of ours, or one that we have."""
    order_id = session.metadata.get("orderId")
    if order_id is None:
        return True
    async with transaction(pool) as conn:
        return await orders.find_order(conn, OrderId(order_id)) is not None


async def _again(
    pool: Pool,
    stripe: StripeGateway,
    carrier: USPSGateway,
    session: ListedSession,
    body: LostBody,
) -> str | None:
    """Make a lost order again; return why that is not possible, None when it is done."""
    if body.dry_run:
        return "a dry run makes nothing"
    try:
        await recover(pool, stripe, RecoverBody(session_id=session.session_id), carrier)
    except Refusal as exc:
        log.warning("checkout_lost", session=session.session_id, reason=exc.reason)
        return exc.message
    return None


def _named(session: ListedSession, reason: str) -> LostCheckout:
    return LostCheckout(
        session_id=session.session_id,
        order_id=session.metadata.get("orderId", ""),
        amount=session.metadata.get("amountCents", ""),
        reason=reason,
    )

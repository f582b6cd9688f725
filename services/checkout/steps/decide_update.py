"""Ask Stripe how a card update's session stands, and act on the answer. The only way there.

Webhook, browser and reconciler end here, under the order's lock, as for orders.
"""

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.domain.cards import CardUpdate
from services.checkout.handlers.save_update import find_or_refuse_update, save_update
from services.checkout.queries import card_updates
from services.checkout.steps.decide_order import MISSING
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)


async def decide_update(
    pool: Pool,
    stripe: StripeGateway,
    update_id: str,
    *,
    session_id: str | None = None,
    expire: bool = False,
) -> CardUpdate:
    """Return the update after applying what Stripe says about its session now.

    Raises `StripeAway` when Stripe does not answer: then nothing has changed.
    """
    async with transaction(pool) as conn:
        update = await find_or_refuse_update(conn, update_id)
    session_id = update.session_id or session_id
    if update.status == "saved" or session_id is None:
        return update
    ask = stripe.expire_session if expire else stripe.read_session
    try:
        state = await ask(session_id)
    except StripeRefused as exc:
        if exc.code != MISSING:
            raise StripeAway(exc.reason, name=exc.name) from exc
        log.error("session_unknown_to_stripe", update_id=update_id)
        return update
    async with transaction(pool) as conn:
        if state.update_id == update_id and state.status == "complete":
            await save_update(conn, update, state)
        elif state.update_id == update_id and state.status == "expired":
            await card_updates.mark_over(conn, update_id)
        update = await find_or_refuse_update(conn, update_id)
        crash.point("checkout.before_card_kept")
    crash.point("checkout.after_card_kept")
    return update

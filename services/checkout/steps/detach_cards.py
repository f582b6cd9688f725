"""Detach cards that nobody needs. Nobody else on the platform detaches any.

Queue, lease, ask Stripe, record: whoever dies on the way leaves a row that is due again,
and to detach a card twice is to detach it once.
"""

import asyncio

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.queries import cards, detachments
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

BATCH = 20
AT_ONCE = 4


async def detach_cards(pool: Pool, stripe: StripeGateway) -> int:
    """Detach what is due; return how many cards were taken from the queue."""
    async with transaction(pool) as conn:
        due = await detachments.take_due(conn, BATCH)
    if due:
        crash.point("checkout.detach_leased")
    slots = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_detach(pool, stripe, each, slots) for each in due))
    return len(due)


async def _detach(
    pool: Pool, stripe: StripeGateway, payment_method_id: str, slots: asyncio.Semaphore
) -> None:
    async with slots:
        error = ""
        try:
            await stripe.detach_card(payment_method_id)
        except StripeAway as exc:
            error = str(exc)
        except StripeRefused as exc:
            error = f"refused: {exc.reason}"
        crash.point("checkout.card_detached")
        async with transaction(pool) as conn:
            if error:
                await detachments.note_error(conn, payment_method_id, error)
                log.warning("card_not_detached", card=payment_method_id, reason=error)
                return
            await detachments.mark_detached(conn, payment_method_id)
            await cards.mark_unusable(conn, "detached", payment_method_id=payment_method_id)
        crash.point("checkout.detach_recorded")

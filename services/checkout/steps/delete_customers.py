"""Delete the customers of people who asked to be forgotten, at Stripe.

Queue, lease, ask Stripe, record, like the cards: to delete a customer twice is to delete
them once.
"""

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeRefused
from services.checkout.queries import deletions
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

BATCH = 10


async def delete_customers(pool: Pool, stripe: StripeGateway) -> int:
    """Delete what is due, one after the other; return how many were taken from the queue."""
    async with transaction(pool) as conn:
        due = await deletions.take_due(conn, BATCH)
    for customer_id in due:
        error = ""
        try:
            await stripe.delete_customer(customer_id)
        except StripeAway as exc:
            error = str(exc)
        except StripeRefused as exc:
            error = f"refused: {exc.reason}"
        async with transaction(pool) as conn:
            if error:
                await deletions.note_error(conn, customer_id, error)
                log.warning("customer_not_deleted", customer=customer_id, reason=error)
            else:
                await deletions.mark_deleted(conn, customer_id)
    return len(due)

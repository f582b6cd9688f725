"""The one customer a supporter has at Stripe: the row first, then the call, then its id."""

import asyncio

from contracts.ids import SupporterId
from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeAway, StripeBusy
from services.checkout.queries import customers
from services.checkout.queries.customers import Customer
from services.checkout.stripe_gateway import StripeGateway

BUSY_SECONDS = 0.2


async def find_customer(
    pool: Pool, stripe: StripeGateway, supporter_id: SupporterId, email: str, known: Customer
) -> str:
    """Return the supporter's customer, made when there is none yet.

    `known` is the row, which was written before. The caller's budget ends the waiting.
    """
    if known.customer_id is not None:
        return known.customer_id
    try:
        created = await _created(stripe, supporter_id, email, attempt=known.attempt)
    except StripeAway as exc:
        if exc.is_answered:
            async with transaction(pool) as conn:
                await customers.next_attempt(conn, supporter_id, known.attempt)
        raise
    crash.point("checkout.customer_made")
    async with transaction(pool) as conn:
        kept = await customers.record_customers(conn, {supporter_id: (email, created)})
        return kept[supporter_id]


async def _created(
    stripe: StripeGateway, supporter_id: SupporterId, email: str, *, attempt: int
) -> str:
    """Ask Stripe for the customer, again while another start of this person does the same."""
    while True:
        try:
            return await stripe.create_customer(supporter_id, email, attempt)
        except StripeBusy:
            await asyncio.sleep(BUSY_SECONDS)

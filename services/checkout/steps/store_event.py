"""Store what Stripe tells us, before it gets its answer.

A webhook and a line in Stripe's own list are the same news; whichever comes first counts.
"""

from contracts.refusals import NotAuthenticated, Unavailable
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, single, transaction
from services.chassis.stripe.client import is_signed
from services.checkout.domain.stripe_news import concern_of, read_event
from services.checkout.handlers.hear_stripe import pass_on, row_of
from services.checkout.queries import stripe_events
from services.checkout.settings import Settings

log = telemetry.logger(__name__)


async def store_delivery(pool: Pool, raw: bytes, signature: str, *, settings: Settings) -> bool:
    """Store one delivery of one event; tell whether there is something new to apply.

    Refuses what Stripe did not sign, before anything is asked of the database.
    """
    if not settings.webhook_secrets:
        raise Unavailable("webhook_not_configured", "No webhook secret is configured here.")
    if not is_signed(raw, signature, settings.webhook_secrets):
        log.warning("webhook_signature_refused")
        raise NotAuthenticated("invalid_signature", "The signature does not hold.")
    return await store_event(pool, raw, is_live=settings.is_live)


async def store_event(pool: Pool, raw: bytes, *, is_live: bool) -> bool:
    """Store an event that is known to be Stripe's; tell whether we have to apply it.

    One statement does it, and Stripe waits for no more. What others act upon is passed on
    in the same transaction; what is nobody's is stored by its id, so that nothing Stripe
    said is lost without a trace.
    """
    event, subject = read_event(raw)
    if event.livemode != is_live:
        log.warning("event_of_other_mode", event_id=event.id, livemode=event.livemode)
        return False
    concern = concern_of(event, subject)
    row = row_of(event, subject, concern, raw)
    if concern != "settlements":
        async with single(pool) as conn:
            return await stripe_events.insert_event(conn, row) and concern == "ours"
    async with transaction(pool) as conn:
        if await stripe_events.insert_event(conn, row):
            await pass_on(conn, event, subject, raw)
    return False

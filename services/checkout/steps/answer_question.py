"""Answer the ledger's question about a revision; the carrier is asked outside every transaction."""

import msgspec

from contracts.quoting import QuoteAnswer, QuoteRevision, RevisionRefused
from contracts.refusals import Refusal
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.checkout.domain.bodies import option_of
from services.checkout.domain.shipping import Delivery
from services.checkout.handlers.quote_revision import (
    find_proposed,
    preview_revision,
    price_revision,
    quote_revision,
)
from services.checkout.steps.price_with_carrier import START_SECONDS
from services.checkout.usps_gateway import USPSGateway


async def answer_question(pool: Pool, carrier: USPSGateway, question: bytes) -> bytes:
    """Return the answer to a question as it came, a refusal included."""
    asked = msgspec.json.decode(question, type=QuoteRevision)
    return msgspec.json.encode(await answer(pool, carrier, asked))


async def answer(pool: Pool, carrier: USPSGateway, asked: QuoteRevision) -> QuoteAnswer:
    """Return what the revision costs with its units held, or why it cannot be had."""
    try:
        delivery = await _delivery(pool, carrier, asked)
        async with transaction(pool) as conn:
            if not asked.is_held:
                return await preview_revision(conn, asked, delivery)
            return await quote_revision(conn, asked, delivery)
    except Refusal as exc:
        return RevisionRefused(
            status=exc.status,
            reason=exc.reason,
            message=exc.message,
            fields=exc.fields,
            extra=exc.extra,
        )
    except DATABASE_BUSY:
        return RevisionRefused(
            status=503, reason="busy", message="We are busy for a moment: try again."
        )


async def _delivery(pool: Pool, carrier: USPSGateway, asked: QuoteRevision) -> Delivery:
    """Return where and how the pledge goes, with what the carrier says about it.

    The carrier is asked outside every transaction, and not about what was answered before.
    """
    delivery = Delivery(
        destination=asked.shipping_address,
        billing=asked.billing_address,
        option=option_of(asked.shipping_option),
        has_carrier=carrier.is_configured,
    )
    if delivery.destination is None or not carrier.is_configured:
        return delivery
    async with transaction(pool) as conn:
        if asked.is_held and await find_proposed(conn, asked) is not None:
            return delivery
        priced = await price_revision(conn, asked, delivery, is_locked=False)
    postage = await carrier.quote(
        priced.rate_requests, priced.platform.carrier, within_seconds=START_SECONDS
    )
    return msgspec.structs.replace(delivery, postage=postage)

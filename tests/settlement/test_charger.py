"""The charger against Stripe's own rules, as the sandbox plays them."""

import time

from contracts.ids import ChargeId
from services.chassis.database import Connection, Pool, transaction
from services.settlement import consumers
from services.settlement.handlers import take_requests
from services.settlement.rate import TokenBucket
from services.settlement.stripe_gateway import StripeGateway
from tests.settlement.builders import AMOUNT, a_slug, closed, outbox_events, requested
from tests.settlement.sandbox import Sandbox


async def test_a_charge_is_made_once_and_told(
    pool: Pool, owner: Connection, stripe: Sandbox, gateway: StripeGateway
) -> None:
    slug = a_slug()
    async with transaction(pool) as conn:
        await take_requests.keep_closing(conn, closed(slug))
        await take_requests.request_charge(conn, requested(slug, stripe.saved_card()))
    charge_id = ChargeId(await owner.fetchval("SELECT charge_id FROM charges"))

    bucket = TokenBucket(8, now=time.monotonic())
    await consumers.charge(pool, gateway, bucket, charge_id)
    await consumers.charge(pool, gateway, bucket, charge_id)

    assert await owner.fetchval("SELECT status FROM charges") == "succeeded"
    assert stripe.charged(slug) == [AMOUNT]
    (event,) = await outbox_events(owner, "settlement.charge_succeeded")
    assert event["charge_id"] == charge_id

"""Keep out whoever's cards failed too often, unless they pass a challenge, which is asked about."""

import math

from contracts.refusals import TooMany
from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.challenge import Challenge
from services.checkout.handlers.guard_cards import CardLimits
from services.checkout.queries import card_failures

log = telemetry.logger(__name__)


async def require_few_failures(
    pool: Pool,
    challenge: Challenge,
    limits: CardLimits,
    *,
    client_key: str,
    token: str | None,
) -> None:
    """Refuse an address from which too many cards failed, unless it passes the challenge."""
    async with transaction(pool) as conn:
        wait_seconds = await card_failures.seconds_until_free(conn, client_key, limits.per_hour)
    if not wait_seconds:
        return
    if challenge.is_on and token and await challenge.has_passed(token):
        return
    log.warning("too_many_cards_failed")
    retry_after_seconds = math.ceil(wait_seconds)
    if challenge.is_on:
        raise TooMany(
            "challenge_needed",
            "Too many cards did not work here. Please show that you are a person.",
            retry_after_seconds=retry_after_seconds,
            challengeSiteKey=challenge.site_key,
        )
    raise TooMany(
        "too_many_cards",
        "Too many cards did not work here. Please try again later.",
        retry_after_seconds=retry_after_seconds,
    )

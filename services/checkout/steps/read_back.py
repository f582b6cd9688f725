"""What Stripe has and we never heard: its own list of events, and sessions nobody waits for.

A webhook is a hint; should none ever come, everything arrives here a quarter of an hour
later. Source: reliability 2.9, R-5.
"""

from datetime import datetime, timedelta

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.checkout.domain.stripe_news import LISTED
from services.checkout.queries import campaigns, card_updates, stripe_events
from services.checkout.steps.store_event import store_event
from services.checkout.stripe_gateway import StripeGateway

log = telemetry.logger(__name__)

OVERLAP = timedelta(minutes=10)
# As long as Stripe itself tries to deliver.
FIRST_LOOK = timedelta(days=3)
TYPES_AT_ONCE = 20
# A start may still be under way; and no session lives longer than a day.
SETTLED = timedelta(minutes=10)
OLDEST_OPEN = timedelta(days=1)


async def read_events_back(pool: Pool, stripe: StripeGateway, *, is_live: bool) -> int:
    """Store every event since the last look that no webhook brought; return how many to apply.

    The cursor moves only after the whole list was stored, and each look overlaps the last
    one: Stripe's list is not in the order in which things became visible in it.
    """
    async with transaction(pool) as conn:
        cursor = await stripe_events.find_cursor(conn)
        since = cursor - OVERLAP if cursor else await campaigns.now(conn) - FIRST_LOOK
    fresh, newest = 0, cursor
    for start in range(0, len(LISTED), TYPES_AT_ONCE):
        count, seen = await _read(
            pool, stripe, since, LISTED[start : start + TYPES_AT_ONCE], is_live=is_live
        )
        fresh += count
        newest = max(filter(None, (newest, seen)), default=None)
    if newest is not None:
        async with transaction(pool) as conn:
            await stripe_events.move_cursor(conn, newest)
    if fresh:
        log.warning("events_read_back", events=fresh)
    return fresh


async def end_stray_sessions(pool: Pool, stripe: StripeGateway) -> int:
    """Expire open sessions of ours whose order or card update is over; return how many.

    A process that died between Stripe's answer and our record leaves one. Nobody was given
    its secret, so no card is saved in it; it is ended for tidiness.
    """
    async with transaction(pool) as conn:
        now = await campaigns.now(conn)
    ended, after = 0, None
    while page := await stripe.list_sessions(since=now - OLDEST_OPEN, status="open", after=after):
        after = page[-1].session_id
        settled = [
            each for each in page if each.created < (now - SETTLED).timestamp() and each.is_ours
        ]
        async with transaction(pool) as conn:
            awaited = await card_updates.list_awaited(conn, [each.session_id for each in settled])
        for each in settled:
            if each.session_id not in awaited:
                await stripe.expire_session(each.session_id)
                ended += 1
    return ended


async def _read(
    pool: Pool, stripe: StripeGateway, since: datetime, types: tuple[str, ...], *, is_live: bool
) -> tuple[int, datetime | None]:
    fresh, after, newest = 0, None, None
    while True:
        page = await stripe.list_events(since=since, types=types, after=after)
        for payload in page.payloads:
            fresh += await store_event(pool, payload, is_live=is_live)
        newest = newest or page.newest_at
        after = page.last_id
        if not page.has_more or after is None:
            return fresh, newest

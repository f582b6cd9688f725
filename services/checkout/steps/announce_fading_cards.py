"""Announce the cards that will not last, one batch after the other, each a transaction."""

from contracts import card_life
from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.checkout.handlers.care_for_cards import BATCH, announce_some
from services.checkout.queries import card_notices


async def announce_fading_cards(pool: Pool) -> int:
    """Announce every card that will not last, where the day has come; return how many."""
    async with transaction(pool) as conn:
        due = await card_notices.list_due_rounds(conn, list(card_life.NOTICE_DAYS))
    announced = 0
    for each in due:
        while True:
            async with transaction(pool) as conn:
                count = await announce_some(conn, each)
                crash.point("checkout.before_card_notices")
            announced += count
            if count < BATCH:
                break
    return announced

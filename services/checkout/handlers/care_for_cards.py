"""Cards that will not last: said at once, and again 7 and 2 days before the deadline.

A campaign's round is one batch after the other, each a transaction that writes whom it
tells; so a round that dies goes on with those who were not told.
"""

from collections.abc import Sequence
from datetime import datetime

from contracts import card_life
from contracts.api.checkout import CardWarning
from contracts.events.checkout import Card, CardNoticeDue
from contracts.ids import CampaignSlug
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.checkout.domain.cards import warning_for
from services.checkout.queries import campaigns, card_notices
from services.checkout.queries.card_notices import FadingCard, Round

BATCH = 200


async def warn_about(
    conn: Connection, card: Card | None, slugs: Sequence[CampaignSlug]
) -> CardWarning | None:
    """Return what to say now about a card saved for these campaigns, if anything.

    A bundle's card has to last until the last of them is over.
    """
    if card is None:
        return None
    deadlines = await campaigns.list_deadlines(conn, list(slugs))
    if not deadlines:
        return None
    platform = await campaigns.platform(conn)
    until = card_life.needed_until(max(deadlines), platform.recovery_window_days)
    return warning_for(card, until, platform.timezone)


async def announce_some(conn: Connection, due: Round) -> int:
    """Announce a batch of a campaign's cards that will not last; return how many."""
    platform = await campaigns.platform(conn)
    until = card_life.needed_until(due.deadline_at, platform.recovery_window_days)
    told = await card_notices.note_fading(
        conn, due, needed_until=until, zone=platform.timezone, limit=BATCH
    )
    fading = await card_notices.list_fading(conn, due.campaign, told)
    now = await campaigns.now(conn)
    for each in fading:
        await _announce(conn, due, each, needed_until=until, now=now)
    if len(told) < BATCH:
        await card_notices.finish_round(conn, due)
    return len(told)


async def _announce(
    conn: Connection, due: Round, fading: FadingCard, *, needed_until: datetime, now: datetime
) -> None:
    event = CardNoticeDue(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=due.campaign,
        supporter_id=fading.supporter_id,
        email=fading.email,
        language=fading.language,
        pledge_ids=fading.pledge_ids,
        card=fading.card,
        deadline_at=due.deadline_at,
        needed_until=needed_until,
        days_left=due.days_left,
        reason="unusable" if fading.is_unusable else "expires",
    )
    await outbox.append(
        conn,
        event,
        key=due.campaign,
        aggregate=f"notice:{due.campaign}:{fading.supporter_id}:{due.days_left}",
        version=1,
    )

"""Which card is for which pledge: recorded when it is saved, ended when the pledge ends.

A card that nobody needs any more goes into the detach queue in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from contracts.events.checkout import Card, CardSaved
from contracts.ids import PledgeId
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.checkout.domain.cards import EndedAs, KeptCard
from services.checkout.queries import cards, detachments
from services.checkout.queries.cards import KeptFor


async def keep_cards(conn: Connection, kept: Sequence[KeptCard]) -> None:
    """Record saved cards. One that is for nothing is queued to be detached."""
    await cards.insert_cards(conn, kept)
    for each in kept:
        if each.unneeded_because is not None:
            methods = [each.card.payment_method_id]
            await detachments.queue_cards(conn, methods, each.unneeded_because)


async def end_uses(conn: Connection, pledge_ids: Sequence[PledgeId], ended_as: EndedAs) -> None:
    """Note that pledges are over, and give up the cards that were for them alone.

    A charge takes no card away: what it paid for can still be refunded or disputed, and
    another pledge that ends later gives the card up.
    """
    unneeded = await cards.end_uses(conn, pledge_ids, ended_as)
    if unneeded and ended_as != "charged":
        await detachments.queue_cards(conn, unneeded, ended_as)


async def say_saved(
    conn: Connection,
    card: Card,
    kept_for: KeptFor,
    *,
    reason: Literal["replaced", "refreshed"],
    now: datetime,
) -> None:
    """Tell the ledger which card a pledge has, or how the one it has is now."""
    version = await cards.next_version(conn, kept_for.pledge_id)
    event = CardSaved(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        order_id=kept_for.order_id,
        pledge_id=kept_for.pledge_id,
        campaign=kept_for.campaign,
        supporter_id=kept_for.supporter_id,
        card=card,
        saved_at=kept_for.used_since,
        reason=reason,
    )
    await outbox.append(
        conn,
        event,
        key=kept_for.order_id,
        aggregate=f"card:{kept_for.pledge_id}",
        version=version,
    )

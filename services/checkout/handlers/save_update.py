"""Keep the card of an update for its pledge, once, and say so."""

from contracts.ids import PledgeId
from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.checkout.domain.cards import CardOwner, CardUpdate, CardUse, EndedAs, KeptCard
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.handlers.complete_sessions import SessionIncomplete, when_completed
from services.checkout.handlers.keep_cards import keep_cards, say_saved
from services.checkout.queries import campaigns, card_updates, cards, orders
from services.checkout.queries.cards import KeptFor


async def find_or_refuse_update(conn: Connection, update_id: str) -> CardUpdate:
    """Return the update, or refuse with 404."""
    update = await card_updates.find_update(conn, update_id)
    if update is None:
        raise NotFound("update_not_found", "There is no such card update.")
    return update


async def save_update(conn: Connection, update: CardUpdate, state: SessionState) -> None:
    """Keep the card for the pledge, once, and say so. For one that is over it is given up."""
    saved_at = (await when_completed(conn, [state])).get(state.session_id)
    if state.card is None or saved_at is None:
        raise SessionIncomplete(update.update_id)
    # What ends the pledge holds this lock too, so that no use is added behind its back.
    await orders.lock_order(conn, update.order_id)
    ended_as = await _ended(conn, update.pledge_id)
    owner = CardOwner(
        supporter_id=update.supporter_id, email=update.email, language=update.language
    )
    use = CardUse(
        pledge_id=update.pledge_id,
        order_id=update.order_id,
        campaign=update.campaign,
        ended_as=ended_as,
    )
    kept = KeptCard(card=state.card, owner=owner, uses=(use,), saved_at=saved_at)
    await keep_cards(conn, [kept])
    method_id = state.card.payment_method_id
    is_first = await card_updates.mark_saved(
        conn, update.update_id, state.session_id, method_id, saved_at
    )
    if not is_first or ended_as is not None:
        return
    kept_for = KeptFor(
        pledge_id=update.pledge_id,
        order_id=update.order_id,
        campaign=update.campaign,
        supporter_id=update.supporter_id,
        used_since=saved_at,
    )
    now = await campaigns.now(conn)
    await say_saved(conn, state.card, kept_for, reason="replaced", now=now)


async def _ended(conn: Connection, pledge_id: PledgeId) -> EndedAs | None:
    """Return how the pledge ended, if it did."""
    return next((each for each in await cards.list_ends(conn, pledge_id) if each), None)

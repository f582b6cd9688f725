"""Give a pledge another card: by its link, in a setup session of the same customer.

The charge itself is the ledger's and settlement's business; here a card is saved and said.
"""

import secrets
from datetime import timedelta

from contracts.api.checkout import CardUpdated, CardUpdateStarted
from contracts.magic_link import Keys
from contracts.refusals import NotFound, StateRefused, Unavailable
from services.chassis.process import crash
from services.chassis.storage.database import transaction
from services.chassis.stripe.client import StripeRefused
from services.checkout.domain.bodies import CompleteCardBody, StartCardBody
from services.checkout.domain.card_answers import updated_with
from services.checkout.domain.cards import UPDATE_PREFIX, CardUpdate, UiMode
from services.checkout.domain.sessions import params_for_update
from services.checkout.domain.stripe_objects import OpenedSession
from services.checkout.handlers.care_for_cards import warn_about
from services.checkout.handlers.open_card_link import Asked, find_asked, find_holder
from services.checkout.queries import card_updates, cards, customers
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.decide_order import answering_within
from services.checkout.steps.decide_update import decide_update
from services.checkout.steps.find_customer import find_customer

STRIPE_SECONDS = 9.0
# A session that lives half an hour is offered again while enough of it is left.
OFFERED_AGAIN = timedelta(minutes=15)


async def start_update(
    checkout: Checkout, body: StartCardBody, keys: Keys, client: str
) -> CardUpdateStarted:
    """Return a session in which another card can be saved; the open one, if there is one."""
    async with transaction(checkout.pool) as conn:
        asked = await find_asked(conn, body.token, keys)
        ui_mode = checkout.ui_mode(body.checkout_ui_mode)
        since = asked.now - OFFERED_AGAIN
        update = await card_updates.find_open(conn, asked.pledge.pledge_id, ui_mode, since=since)
        others = await card_updates.list_others(conn, asked.pledge.pledge_id)
    client_key = await checkout.admit(client, body.challenge_token)
    opened = await _open_again(checkout, update) if update is not None else None
    if opened is None:
        update, opened = await _opened(checkout, asked, body, ui_mode, client_key)
    is_custom = ui_mode == "custom"
    return CardUpdateStarted(
        checkout_ui_mode=ui_mode,
        session_id=opened.session_id,
        client_secret=opened.client_secret if is_custom else None,
        publishable_key=checkout.settings.stripe_publishable_key if is_custom else None,
        url=None if is_custom else opened.url,
        other_cards=tuple(others),
    )


async def complete_update(checkout: Checkout, body: CompleteCardBody, keys: Keys) -> CardUpdated:
    """Ask Stripe whether the card is saved; asked again it answers the same."""
    async with transaction(checkout.pool) as conn:
        # Not whether the pledge can still be charged: a card that was saved is answered for.
        asked = await find_holder(conn, body.token, keys)
        update = await card_updates.find_by_session(conn, body.session_id)
    if update is None or update.pledge_id != asked.pledge.pledge_id:
        raise NotFound("session_not_found", "There is no such session for this pledge.")
    async with answering_within(STRIPE_SECONDS):
        update = await decide_update(checkout.pool, checkout.stripe, update.update_id)
    if update.status != "saved":
        raise StateRefused("not_complete", "No card is saved yet.", status=update.status)
    async with transaction(checkout.pool) as conn:
        card = await cards.find_card_of_update(conn, update.update_id)
        assert card is not None, "a saved update names its card"
        warning = await warn_about(conn, card, [update.campaign])
    return updated_with(card, warning)


async def _opened(
    checkout: Checkout, asked: Asked, body: StartCardBody, ui_mode: UiMode, client_key: str
) -> tuple[CardUpdate, OpenedSession]:
    """Record the update, ask Stripe for its session, record that. Nobody waits for a crash:
    a session nobody was given ends by itself."""
    update = _update(asked, body, ui_mode)
    async with transaction(checkout.pool) as conn:
        known = await customers.ensure_customer(conn, update.supporter_id, update.email)
        # A charge that is declined can be paid by cards of its own customer alone. That is
        # another one than ours where somebody pledged before saying who they are.
        in_use = await cards.find_customer_in_use(conn, update.supporter_id, update.campaign)
        await card_updates.insert_update(conn, update)
    crash.point("checkout.update_intended")
    params = params_for_update(update, site_base=checkout.settings.site_base, client_key=client_key)
    try:
        async with answering_within(STRIPE_SECONDS):
            customer_id = in_use or await find_customer(
                checkout.pool, checkout.stripe, update.supporter_id, update.email, known
            )
            opened = await checkout.stripe.create_session(params, customer_id)
    except (StripeRefused, Unavailable) as exc:
        async with transaction(checkout.pool) as conn:
            await card_updates.mark_over(conn, update.update_id)
        if isinstance(exc, Unavailable):
            raise
        raise _not_now() from exc
    async with transaction(checkout.pool) as conn:
        if not await card_updates.mark_open(conn, update.update_id, opened.session_id):
            raise _not_now()
    crash.point("checkout.update_opened")
    return update, opened


async def _open_again(checkout: Checkout, update: CardUpdate) -> OpenedSession | None:
    """Return the open session of an update; None when it has ended, which nobody told us yet."""
    assert update.session_id is not None, "an open update has its session"
    async with answering_within(STRIPE_SECONDS):
        state = await checkout.stripe.read_session(update.session_id)
        if state.status != "open":
            await decide_update(checkout.pool, checkout.stripe, update.update_id)
            return None
    return OpenedSession(
        session_id=state.session_id, client_secret=state.client_secret, url=state.url
    )


def _update(asked: Asked, body: StartCardBody, ui_mode: UiMode) -> CardUpdate:
    order, pledge = asked.order, asked.pledge
    assert order.supporter_id is not None, "an order with pledges has a supporter"
    assert order.email is not None
    language = (body.preferred_lang or order.language).lower().partition("-")[0]
    return CardUpdate(
        update_id=UPDATE_PREFIX + secrets.token_hex(16),
        pledge_id=pledge.pledge_id,
        order_id=order.order_id,
        campaign=pledge.campaign,
        supporter_id=order.supporter_id,
        email=order.email,
        language=language if language in ("en", "es") else order.language,
        ui_mode=ui_mode,
        status="opening",
        created_at=asked.now,
    )


def _not_now() -> Unavailable:
    return Unavailable("stripe_refused", "Cards cannot be saved at the moment. Try again later.")

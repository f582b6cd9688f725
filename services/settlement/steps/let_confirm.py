"""Hand out what a person confirms their charge with: Stripe is asked first, and then held."""

from contracts.magic_link import Keys
from contracts.refusals import StateRefused, Unavailable
from services.chassis.storage.database import Pool, transaction
from services.chassis.stripe.client import StripeFault
from services.settlement.domain import charging
from services.settlement.handlers.pass_bank import PassBank, find_confirmable, watch_person
from services.settlement.stripe_gateway.charges import StripeGateway


async def let_confirm(
    pool: Pool, gateway: StripeGateway, token: str, keys: Keys, publishable_key: str
) -> PassBank:
    """Let the person confirm: hold our own tries back, and hand out the secret.

    Stripe is asked first and nothing is held; so who dies in between has changed nothing.
    """
    async with transaction(pool) as conn:
        owed = await find_confirmable(conn, token, keys)
    assert owed.payment_intent_id is not None
    try:
        secret, outcome = await gateway.read_secret(owed.payment_intent_id)
    except StripeFault as exc:
        raise Unavailable("stripe_away", "The payment service does not answer. Try again.") from exc
    async with transaction(pool) as conn:
        is_watched = await watch_person(conn, owed.charge_id)
    if isinstance(outcome, charging.Succeeded):
        raise StateRefused("pledge_charged", "This pledge has been charged.")
    if not is_watched:
        raise StateRefused("in_progress", "This payment is being tried right now. Wait a moment.")
    assert owed.recovery_ends_at is not None
    return PassBank(
        client_secret=secret,
        publishable_key=publishable_key,
        payment_method=owed.payment_method_id,
        recovery_ends_at=owed.recovery_ends_at,
    )

"""A person confirms their charge at the bank: the same PaymentIntent, with them there.

While they are there our own tries wait. What came of it is read back at Stripe, as of
every attempt; a browser that says so is not believed.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts import magic_link
from contracts.ids import CampaignSlug, ChargeId, PledgeId
from contracts.magic_link import Keys
from contracts.money import Cents
from contracts.refusals import StateRefused
from services.chassis.storage.database import Connection
from services.settlement.domain.charging import PERSON_CHECK_SECONDS
from services.settlement.domain.recovery import PERSON_MAX, PERSON_MINUTES
from services.settlement.queries import at_the_bank, attempts, charges, link_generations, pauses
from services.settlement.queries.at_the_bank import Owed

PayStatus = Literal["not_due", "in_progress", "declined", "at_bank", "paid"]

STATUSES: dict[str, PayStatus] = {
    "new": "in_progress",
    "sending": "in_progress",
    "unknown": "in_progress",
    "declined": "declined",
    "with_person": "at_bank",
    "succeeded": "paid",
}
CLOSED = ("ending", "lost")


class CardFace(msgspec.Struct, frozen=True):
    """A card as its owner knows it."""

    brand: str
    last4: str


class Ways(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Until when the charge can be saved, when we try again, and how many tries are left."""

    ends_at: datetime
    next_attempt_at: datetime | None
    needs_authentication: bool
    tries_left: int


class PayPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the page of a payment shows. `amount` is cents of one charge for all `orderIds`."""

    order_id: PledgeId
    order_ids: tuple[PledgeId, ...]
    campaign_slug: CampaignSlug
    status: PayStatus
    amount: Cents | None
    currency: str
    card: CardFace | None
    recovery: Ways | None
    server_time: datetime


class PassBank(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Stripe.js confirms the one PaymentIntent with, on-session."""

    client_secret: str
    publishable_key: str
    payment_method: str
    recovery_ends_at: datetime


async def read_page(conn: Connection, token: str, keys: Keys) -> PayPage:
    """Return how the payment of a link's pledge stands. Too late: 409 `recovery_closed`."""
    pledge_id, campaign, owed, now = await _owed(conn, token, keys)
    if owed is None:
        return PayPage(
            order_id=pledge_id,
            order_ids=(pledge_id,),
            campaign_slug=campaign,
            status="not_due",
            amount=None,
            currency="usd",
            card=None,
            recovery=None,
            server_time=now,
        )
    if _is_closed(owed):
        raise _closed()
    return PayPage(
        order_id=pledge_id,
        order_ids=owed.pledge_ids,
        campaign_slug=campaign,
        status=STATUSES[owed.status],
        amount=owed.amount_cents,
        currency=owed.currency,
        card=CardFace(owed.card_brand, owed.card_last4),
        recovery=_ways(owed),
        server_time=now,
    )


async def find_confirmable(conn: Connection, token: str, keys: Keys) -> Owed:
    """Return what the holder of a link may confirm now, or refuse with the reason."""
    *_, found, _now = await _owed(conn, token, keys)
    is_still = found is not None and await pauses.stands_still(conn, found.campaign)
    owed = _confirmable(found)
    if is_still:
        raise StateRefused("payments_paused", "No payment is taken at the moment.")
    return owed


async def watch_person(conn: Connection, charge_id: ChargeId) -> bool:
    """Leave a declined charge to its person for a while; False when it is not declined."""
    before = await at_the_bank.hold_for_person(
        conn,
        charge_id,
        lasts=timedelta(minutes=PERSON_MINUTES),
        check_in=timedelta(seconds=PERSON_CHECK_SECONDS[0]),
    )
    if before == "declined":
        await attempts.insert_attempt(conn, charge_id, "person", {}, state="unknown")
    return before is not None


async def _owed(
    conn: Connection, token: str, keys: Keys
) -> tuple[PledgeId, CampaignSlug, Owed | None, datetime]:
    """Return the charge of the pledge a link is for. A link opens its own pledge alone."""
    now = await charges.platform_now(conn)
    link = magic_link.open_token(token, keys, now=now)
    known = await at_the_bank.find_supporter(conn, link.pledge_id)
    if known is None:
        raise magic_link.no_such_pledge()
    supporter, campaign = known
    magic_link.require_holder(
        link,
        supporter=supporter,
        campaign=CampaignSlug(campaign),
        generation=await link_generations.find_generation(conn, supporter),
    )
    owed = await at_the_bank.find_owed(conn, campaign, supporter, link.pledge_id)
    return link.pledge_id, link.campaign_slug, owed, now


def _confirmable(owed: Owed | None) -> Owed:
    if owed is None:
        raise StateRefused("nothing_due", "Nothing is due for this pledge.")
    if _is_closed(owed) or (_is_over(owed) and owed.status == "with_person"):
        raise _closed()
    if owed.status == "succeeded":
        raise StateRefused("pledge_charged", "This pledge has been charged.")
    if STATUSES[owed.status] == "in_progress":
        raise StateRefused("in_progress", "This payment is being tried right now. Wait a moment.")
    if owed.payment_intent_id is None:
        raise StateRefused("needs_card", "This card cannot be confirmed. Use another one.")
    if owed.by_person >= PERSON_MAX:
        raise StateRefused("too_many_tries", "This payment was tried too often. Write to us.")
    return owed


def _is_closed(owed: Owed) -> bool:
    """Tell whether it is too late. Who is at the bank when the window ends may finish."""
    if owed.status in CLOSED:
        return True
    return _is_over(owed) and owed.status == "declined"


def _is_over(owed: Owed) -> bool:
    return owed.recovery_ends_at is not None and owed.now >= owed.recovery_ends_at


def _closed() -> StateRefused:
    return StateRefused("recovery_closed", "The time to pay this pledge is over.")


def _ways(owed: Owed) -> Ways | None:
    if owed.recovery_ends_at is None or owed.status == "succeeded":
        return None
    return Ways(
        ends_at=owed.recovery_ends_at,
        next_attempt_at=owed.next_attempt_at,
        needs_authentication=owed.because == "person",
        tries_left=max(0, PERSON_MAX - owed.by_person),
    )

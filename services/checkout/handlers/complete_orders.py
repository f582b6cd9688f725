"""Cards are saved: claims, and the events that make pledges. The only way there.

Webhook, browser, reconciler, drain and operator all end here, under the orders' locks. One
order or many: the statements are the same, and write arrays.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from contracts.events.checkout import CheckoutCompleted, CheckoutRefused, Consent, RefusedPart
from contracts.ids import CampaignSlug, OrderId, SupporterId, canonical_email, supporter_id
from contracts.pricing import PricedPledge
from services.chassis.events import outbox
from services.chassis.events.outbox import Entry
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.cards import CardOwner, CardUse, KeptCard
from services.checkout.domain.orders import (
    DECIDED_BY_CARD,
    UNDECIDED,
    Order,
    RefusedFor,
    SavedCard,
    ShareKey,
    is_too_late,
)
from services.checkout.domain.stock import Units, units_of
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.end_order import free_units
from services.checkout.handlers.keep_cards import keep_cards
from services.checkout.handlers.lock_stock import lock_stock
from services.checkout.queries import campaigns, customers, orders, reservations, shares, stock

log = telemetry.logger(__name__)


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose supporter is known, its card, and what is not to be had any more."""

    order: Order
    saved: SavedCard
    supporter_id: SupporterId
    email: str
    refused: dict[CampaignSlug, RefusedFor]

    @property
    def accepted(self) -> list[PricedPledge]:
        """Return the pledges that count."""
        return [each for each in self.order.pledges if each.campaign not in self.refused]

    @property
    def owner(self) -> CardOwner:
        """Return whose card it is."""
        return CardOwner(
            supporter_id=self.supporter_id, email=self.email, language=self.order.language
        )

    def shares(self, pledges: Sequence[PricedPledge]) -> list[ShareKey]:
        """Return the names of these parts of the order."""
        return [ShareKey(self.order.order_id, each.campaign) for each in pledges]


class _SoldOut(Exception):
    """Takes back what an order had claimed afresh of a campaign before it ran out."""


async def complete_orders(conn: Connection, saved: Mapping[OrderId, SavedCard]) -> None:
    """Turn orders into completed pledges, each campaign by its own rules. Runs once for each.

    Whoever comes second finds an order decided and changes nothing. A campaign whose
    deadline was before the card was saved, or whose units are gone, is refused; the others
    go on.
    """
    completions: list[Completion] = []
    for order in await orders.lock_orders(conn, sorted(saved)):
        if order.status not in DECIDED_BY_CARD:
            made = await _completion(conn, order, saved[order.order_id])
            completions += [made] if made is not None else []
    if not completions:
        return
    # Before any stock, as a start does: the other way round one person's two orders deadlock.
    await customers.record_customers(
        conn,
        {each.supporter_id: (each.email, each.saved.card.customer_id) for each in completions},
    )
    await _record(conn, await _claim(conn, completions))


async def _completion(conn: Connection, order: Order, saved: SavedCard) -> Completion | None:
    email = _canonical(order.email or saved.email)
    if email is None:
        await _give_up(conn, order, saved)
        return None
    order = msgspec.structs.replace(
        order,
        email=email,
        supporter_id=supporter_id(email),
        # What Stripe's hosted page collected wins over what was typed before.
        shipping_address=saved.address or order.shipping_address,
        completed_at=saved.completed_at,
        session_id=saved.session_id,
    )
    return Completion(
        order=order, saved=saved, supporter_id=supporter_id(email), email=email, refused={}
    )


async def _give_up(conn: Connection, order: Order, saved: SavedCard) -> None:
    """End an order without an address: nobody could be told, or ever manage such a pledge."""
    log.error("completed_without_email", order_id=order.order_id)
    if order.status in UNDECIDED:
        await orders.mark_statuses(conn, {order.order_id: "abandoned"})
    await free_units(conn, order, now=await campaigns.now(conn))
    nobody = CardOwner(supporter_id=SupporterId(""), email="", language=order.language)
    unused = KeptCard(card=saved.card, owner=nobody, saved_at=saved.completed_at)
    await keep_cards(conn, [unused])


async def _claim(conn: Connection, completions: Sequence[Completion]) -> list[Completion]:
    """Claim what can be had and free the rest; return the orders with what is refused."""
    pledges = [pledge for each in completions for pledge in each.order.pledges]
    slugs = sorted({pledge.campaign for pledge in pledges})
    doors = await lock_stock(conn, slugs, [each.thing for each in units_of(pledges)])
    refused: dict[ShareKey, RefusedFor] = {}
    for each in completions:
        # What was sold after the end is late by design: its door was open for it.
        on_time = [pledge for pledge in each.order.pledges if not pledge.is_late]
        for key in each.shares(on_time):
            if is_too_late(doors[key.campaign], each.saved.completed_at):
                refused[key] = "deadline_passed"
    every = [key for each in completions for key in each.shares(each.order.pledges)]
    in_time = [key for key in every if key not in refused]
    await reservations.claim_reserved(conn, in_time)
    for key, units in (await reservations.list_released(conn, in_time)).items():
        if not await _claimed_afresh(conn, key, units):
            refused[key] = "sold_out"
    for key in refused:
        await reservations.release(conn, key.order_id, [key.campaign])
    return [
        msgspec.structs.replace(
            each,
            refused={
                key.campaign: refused[key]
                for key in each.shares(each.order.pledges)
                if key in refused
            },
        )
        for each in completions
    ]


async def _claimed_afresh(conn: Connection, key: ShareKey, released: list[Units]) -> bool:
    """Claim units whose reservation was let go before the card came after all; all or none."""
    try:
        async with conn.transaction():
            for units in released:
                if not await stock.claim(conn, units):
                    raise _SoldOut
                await reservations.mark_claimed(conn, key.order_id, units)
    except _SoldOut:
        return False
    return True


async def _record(conn: Connection, completions: Sequence[Completion]) -> None:
    """Write down what was decided, and say it."""
    now = await campaigns.now(conn)
    await orders.mark_completed(conn, [_decided(each) for each in completions])
    accepted = [key for each in completions for key in each.shares(each.accepted)]
    await shares.mark_completed(conn, accepted)
    for each in completions:
        for slug, reason in each.refused.items():
            await shares.mark_refused(conn, each.order.order_id, slug, reason)
    said = [entry for each in completions for entry in _entries(each, now=now)]
    await outbox.append_all(conn, said)
    await keep_cards(conn, [_kept_card(each) for each in completions])
    things = [units.thing for each in completions for units in units_of(each.order.pledges)]
    await announce_stock(conn, {thing.shelf for thing in things}, now=now)


def _decided(completion: Completion) -> Order:
    status = "completed" if completion.accepted else "too_late"
    return msgspec.structs.replace(completion.order, status=status)


def _kept_card(completion: Completion) -> KeptCard:
    """Keep the card for the pledges that were accepted; for none, it is not kept at all."""
    uses = [
        CardUse(
            pledge_id=pledge.pledge_id,
            order_id=completion.order.order_id,
            campaign=pledge.campaign,
            ended_as="refused" if pledge.campaign in completion.refused else None,
        )
        for pledge in completion.order.pledges
    ]
    saved = completion.saved
    return KeptCard(
        card=saved.card, owner=completion.owner, uses=tuple(uses), saved_at=saved.completed_at
    )


def _entries(completion: Completion, *, now: datetime) -> list[Entry]:
    """Return what is told of an order: one event for what counts, one for each refusal.

    The refusals are named in one mail: with what counts, or by the first of them.
    """
    order_id = completion.order.order_id
    entries: list[Entry] = []
    if completion.accepted:
        made = _completed(completion, now=now)
        entries.append(Entry(event=made, key=order_id, aggregate=order_id, version=1))
    refused = _refused_parts(completion)
    for version, part in enumerate(refused, start=2):
        slug, reason = part.campaign, completion.refused[part.campaign]
        is_telling = not completion.accepted and part == refused[0]
        event = CheckoutRefused(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            order_id=order_id,
            email=completion.email,
            language=completion.order.language,
            campaign=slug,
            reason=reason,
            is_told=not is_telling,
            also=refused[1:] if is_telling else (),
        )
        entries.append(Entry(event=event, key=order_id, aggregate=order_id, version=version))
    return entries


def _refused_parts(completion: Completion) -> tuple[RefusedPart, ...]:
    return tuple(
        RefusedPart(campaign=slug, reason=reason)
        for slug, reason in sorted(completion.refused.items())
    )


def _completed(completion: Completion, *, now: datetime) -> CheckoutCompleted:
    order, saved = completion.order, completion.saved
    return CheckoutCompleted(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        order_id=order.order_id,
        supporter_id=completion.supporter_id,
        email=completion.email,
        language=order.language,
        pledges=tuple(completion.accepted),
        card=saved.card,
        completed_at=saved.completed_at,
        consent=_consent(order, saved.completed_at),
        attribution=order.attribution,
        shipping_address=order.shipping_address,
        refused=_refused_parts(completion),
    )


def _consent(order: Order, given_at: datetime) -> Consent | None:
    """Return what was agreed to: saving the card under the sentence the page showed."""
    shown = order.consent
    if shown is None:
        return None
    return Consent(
        version=shown.version, language=shown.language, given_at=given_at, hash=shown.sha256
    )


def _canonical(email: str | None) -> str | None:
    try:
        return canonical_email(email) if email else None
    except ValueError:
        return None

"""The ledger's rules: what becomes a pledge, what may change it, and when it is too late."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from contracts import magic_link
from contracts.events.checkout import CardSaved, CheckoutCompleted, RefusedPart
from contracts.events.pledges import PledgeSnapshot, SupporterNotice
from contracts.ids import PledgeId
from contracts.magic_link import MagicLink
from contracts.money import Cents
from contracts.pricing import PricedPledge
from contracts.refusals import NotYours, StateRefused
from services.pledges.domain.figures import Figures, support_item_cents, tier_counts
from services.pledges.domain.pledge import (
    Campaign,
    Change,
    Entry,
    EntryType,
    Pledge,
    RefusalReason,
    RefusedOrder,
)


class LedgerFault(Exception):
    """What we were told contradicts the ledger. Nothing is changed; an operator must look."""


def refusal(
    campaign: Campaign, completed_at: datetime, *, is_late: bool = False
) -> RefusalReason | None:
    """Return why an order completed at that time is no pledge, or None when it is one.

    Stripe's time decides, however late we hear of it; only a campaign whose final count
    is written can take nothing more, but late support if it was funded.
    """
    if is_late:
        return None if campaign.state == "closed" and campaign.is_funded else "closed"
    if completed_at >= campaign.deadline_at:
        return "deadline_passed"
    if campaign.state == "closed":
        return "closed"
    return None


def create(order: CheckoutCompleted, priced: PricedPledge, *, now: datetime) -> Change:
    """Return the pledge an order makes in one of its campaigns, with its first line."""
    saved_at = _saved_at(order.completed_at, order.occurred_at)
    pledge = Pledge(
        pledge_id=priced.pledge_id,
        order_id=order.order_id,
        campaign=priced.campaign,
        supporter_id=order.supporter_id,
        email=order.email,
        language=order.language,
        definition_version=priced.definition_version,
        status="active",
        revision=1,
        lines=priced.lines,
        price=priced.price,
        currency=priced.currency,
        card=order.card,
        card_saved_at=saved_at,
        created_at=saved_at,
        updated_at=now,
        shipping_address=order.shipping_address,
        consent=order.consent,
        attribution=order.attribution,
        is_late=priced.is_late,
    )
    entry = entry_of(pledge, "created", "created", worth(pledge), now=now)
    first = msgspec.structs.replace(entry, lines=pledge.lines, card=pledge.card)
    return Change(pledge=pledge, entry=first)


def refuse(
    order: CheckoutCompleted, priced: PricedPledge, reason: RefusalReason, *, now: datetime
) -> RefusedOrder:
    """Return the record of an order that came too late for one of its campaigns."""
    return RefusedOrder(
        order_id=order.order_id,
        campaign=priced.campaign,
        pledge_id=priced.pledge_id,
        email=order.email,
        language=order.language,
        reason=reason,
        completed_at=order.completed_at,
        refused_at=now,
        lines=priced.lines,
    )


def refusals_told(
    orders: Sequence[CheckoutCompleted],
    created: Mapping[PledgeId, Change],
    refused: Mapping[PledgeId, RefusedOrder],
) -> dict[PledgeId, tuple[RefusedPart, ...]]:
    """Return which pledge, or which refusal, tells of all that was refused of its order.

    A bundle has one mail that names both (decisions.md, "Bundles"): the order's first
    pledge tells of every refusal; without a pledge the first refusal tells of the others.
    """
    told: dict[PledgeId, tuple[RefusedPart, ...]] = {}
    for order in orders:
        ids = sorted(each.pledge_id for each in order.pledges)
        pledged = [each for each in ids if each in created]
        late = [refused[each] for each in ids if each in refused]
        parts = [
            *order.refused,
            *(RefusedPart(campaign=each.campaign, reason=each.reason) for each in late),
        ]
        if not parts:
            continue
        teller = pledged[0] if pledged else late[0].pledge_id
        own = None if pledged else late[0].campaign
        others = [each for each in parts if each.campaign != own]
        told[teller] = tuple(sorted(others, key=lambda each: each.campaign))
    return told


def require_holder(pledge: Pledge, link: MagicLink) -> None:
    """Refuse a link that is over, or was not made for this pledge of this person."""
    magic_link.require_holder(
        link,
        supporter=pledge.supporter_id,
        campaign=pledge.campaign,
        generation=pledge.link_generation,
    )


def require_own(link: MagicLink, order_id: str | None) -> None:
    """Refuse a program that names another pledge than its link's."""
    if order_id is not None and order_id != link.pledge_id:
        raise NotYours("not_yours", "This link is for another pledge.")


def require_changeable(pledge: Pledge, campaign: Campaign, *, now: datetime) -> None:
    """Refuse to change or cancel what is decided.

    The deadline instant itself is too late: the close may already count this pledge,
    and a cancelled pledge must never be charged.
    """
    if pledge.status == "cancelled":
        raise StateRefused("pledge_cancelled", "This pledge was cancelled before.")
    if pledge.status == "charged":
        raise StateRefused("pledge_charged", "This pledge has been charged.")
    if pledge.status != "active" or campaign.is_over(now):
        raise StateRefused("deadline_passed", "The campaign's deadline has passed.")


def cancel(pledge: Pledge, campaign: Campaign, *, now: datetime) -> Change:
    """Return the pledge as cancelled, or refuse."""
    require_changeable(pledge, campaign, now=now)
    cancelled = msgspec.structs.replace(
        pledge,
        status="cancelled",
        revision=pledge.revision + 1,
        cancelled_at=now,
        updated_at=now,
    )
    return Change(
        pledge=cancelled,
        entry=entry_of(cancelled, "cancelled", "cancelled", -worth(pledge), now=now),
    )


def change_card(pledge: Pledge, saved: CardSaved, *, now: datetime) -> Change | None:
    """Return the pledge with the card that was saved for it; None when that is no change.

    A pledge that is over keeps the card it ended with. Of several cards the newest stays,
    in whatever order we hear of them; a renewed card stays as new as it was.
    """
    if pledge.status not in ("active", "payment_failed") or pledge.lost_at is not None:
        return None
    is_same = saved.card.payment_method_id == pledge.card.payment_method_id
    saved_at = pledge.card_saved_at
    if saved.reason == "replaced":
        saved_at = _saved_at(saved.saved_at, saved.occurred_at)
    is_news = is_same if saved.reason == "refreshed" else saved_at > pledge.card_saved_at
    if not is_news or saved.card == pledge.card:
        return None
    changed = msgspec.structs.replace(
        pledge,
        revision=pledge.revision + 1,
        card=saved.card,
        card_saved_at=saved_at,
        updated_at=now,
    )
    cause = f"card:{saved.card.payment_method_id}:{saved.occurred_at.isoformat()}"
    entry = entry_of(changed, "card_changed", cause, Figures(), now=now)
    return Change(pledge=changed, entry=msgspec.structs.replace(entry, card=saved.card))


def worth(pledge: Pledge) -> Figures:
    """Return what a pledge that counts adds to its campaign's figures."""
    price = pledge.price
    return Figures(
        pledge_count=1,
        pledged_cents=price.goal_cents,
        subtotal_cents=price.subtotal_cents,
        shipping_cents=price.shipping_cents,
        tax_cents=price.tax_cents,
        tip_cents=price.tip_cents,
        total_cents=price.total_cents,
        tier_counts=tier_counts(pledge.lines),
        support_item_cents=support_item_cents(pledge.lines),
    )


def is_funded(*, pledged_cents: int, goal_cents: int) -> bool:
    """Tell whether the final count reaches the goal. Without a goal nothing is funded."""
    return goal_cents > 0 and pledged_cents >= goal_cents


def snapshot(pledge: Pledge) -> PledgeSnapshot:
    """Return the pledge as other services hear of it."""
    return PledgeSnapshot(
        pledge_id=pledge.pledge_id,
        order_id=pledge.order_id,
        campaign=pledge.campaign,
        supporter_id=pledge.supporter_id,
        email=pledge.email,
        language=pledge.language,
        revision=pledge.revision,
        status=pledge.status,
        lines=pledge.lines,
        price=pledge.price,
        card=pledge.card,
        created_at=pledge.created_at,
        currency=pledge.currency,
        card_saved_at=pledge.card_saved_at,
        is_late=pledge.is_late,
    )


def notice(pledges: Sequence[Pledge]) -> SupporterNotice:
    """Return what one mail about all these pledges of one supporter says.

    Address, language and card are those of the newest: the card that is charged.
    """
    newest = max(pledges, key=lambda each: (each.card_saved_at, each.pledge_id))
    return SupporterNotice(
        supporter_id=newest.supporter_id,
        email=newest.email,
        language=newest.language,
        pledge_ids=tuple(each.pledge_id for each in pledges),
        lines=tuple(line for each in pledges for line in each.lines),
        subtotal_cents=Cents(sum(each.price.subtotal_cents for each in pledges)),
        shipping_cents=Cents(sum(each.price.shipping_cents for each in pledges)),
        tax_cents=Cents(sum(each.price.tax_cents for each in pledges)),
        tip_cents=Cents(sum(each.price.tip_cents for each in pledges)),
        total_cents=Cents(sum(each.price.total_cents for each in pledges)),
        card=newest.card,
        currency=newest.currency,
    )


def _saved_at(saved_at: datetime, told_at: datetime) -> datetime:
    """Return when the card was saved, with the fraction that Stripe's whole seconds lack.

    Within one second the order in which checkout recorded two cards tells which is newer;
    heard later than that, the card stays in the second that Stripe names.
    """
    last = saved_at + timedelta(microseconds=999_999)
    return min(max(saved_at, told_at), last)


def entry_of(
    pledge: Pledge, entry_type: EntryType, cause: str, delta: Figures, *, now: datetime
) -> Entry:
    """Return the line of history that tells of a change to a pledge."""
    return Entry(
        pledge_id=pledge.pledge_id,
        version=pledge.revision,
        entry_type=entry_type,
        status=pledge.status,
        cause=cause,
        delta=delta,
        tip_percent=pledge.price.tip_percent,
        recorded_at=now,
    )

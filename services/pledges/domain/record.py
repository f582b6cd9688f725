"""The pledge record as its supporter sees it: the product's names, cents, no Stripe ids."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from contracts.api.figures import CardFace
from contracts.api.pledges import (
    AddOnChoice,
    ItemSupport,
    PledgeRecord,
    RecordLine,
    Selection,
    TierChoice,
)
from contracts.events.checkout import Card
from contracts.money import cents_to_dollars
from contracts.pricing import PricedLine, shown_tax
from services.pledges.domain.figures import tier_counts
from services.pledges.domain.pledge import Campaign, Entry, Pledge
from services.pledges.domain.recovery import recovery_shown


def public_record(
    pledge: Pledge, campaign: Campaign, history: Sequence[Entry], *, now: datetime
) -> PledgeRecord:
    """Return what a link's holder may see, with what may still be done."""
    is_over = campaign.is_over(now)
    is_open = pledge.status == "active" and not is_over
    price = pledge.price
    chosen = selection(pledge.lines)
    return PledgeRecord(
        **msgspec.structs.asdict(chosen),
        order_id=pledge.pledge_id,
        email=pledge.email,
        preferred_lang=pledge.language,
        campaign_slug=pledge.campaign,
        campaign_title=campaign.title,
        lines=tuple(line_told(each) for each in pledge.lines),
        tip_percent=price.tip_percent,
        tip_amount=price.tip_cents,
        subtotal=price.subtotal_cents,
        tax=price.tax_cents,
        shipping=price.shipping_cents,
        amount=price.total_cents,
        goal_tracking_subtotal=price.goal_cents,
        bundle_add_on_subtotal=sum(e.total_cents for e in pledge.lines if e.kind == "add_on"),
        currency=pledge.currency,
        shipping_option=price.shipping_option,
        tax_details=shown_tax(price.tax_details),
        shipping_address=pledge.shipping_address,
        pledge_status=pledge.status,
        charged=pledge.status == "charged",
        created_at=pledge.created_at,
        updated_at=pledge.updated_at,
        cancelled_at=pledge.cancelled_at,
        charged_at=pledge.charged_at,
        card=_card(pledge.card),
        history=_told(history),
        revision=pledge.revision,
        can_modify=is_open,
        can_cancel=is_open,
        can_update_payment_method=pledge.status != "charged" and pledge.lost_at is None,
        deadline=campaign.deadline_at,
        deadline_passed=is_over,
        recovery=recovery_shown(pledge),
        lost_at=pledge.lost_at,
        returned_amount=pledge.returned_cents,
        is_late=pledge.is_late,
        why=price.why,
    )


def selection(lines: Sequence[PricedLine]) -> Selection:
    """Return the lines as the product tells them: a first tier, further tiers, extras."""
    tiers = [TierChoice(item_id, count) for item_id, count in tier_counts(lines).items()]
    custom = sum(each.total_cents for each in lines if each.kind == "custom_amount")
    return Selection(
        tier_id=tiers[0].id if tiers else None,
        tier_qty=tiers[0].qty if tiers else 0,
        additional_tiers=tuple(tiers[1:]),
        support_items=tuple(
            ItemSupport(each.item_id, cents_to_dollars(each.total_cents))
            for each in lines
            if each.kind == "support_item"
        ),
        custom_amount=cents_to_dollars(custom),
        bundle_add_ons=tuple(_add_on(each) for each in lines if each.kind == "add_on"),
    )


def _told(history: Sequence[Entry]) -> tuple[dict[str, Any], ...]:
    """Tell each line with the selection as it stood after it."""
    told: list[dict[str, Any]] = []
    lines: Sequence[PricedLine] = ()
    for entry in history:
        lines = entry.lines if entry.lines is not None else lines
        told.append({"type": entry.entry_type, **_figures(entry), **_chosen(entry, lines)})
    return tuple(told)


def _figures(entry: Entry) -> dict[str, Any]:
    """Return the creation's amounts, a later line's deltas, or what a charge took."""
    delta = entry.delta
    if entry.entry_type == "charged":
        return {"amount": entry.charged_cents}
    if entry.card is not None and entry.entry_type == "card_changed":
        return {"card": _card(entry.card)}
    if entry.entry_type in ("charge_failed", "released", "lost"):
        return {}
    if entry.moved_cents is not None:
        return {"amount": entry.moved_cents}
    suffix = "" if entry.entry_type == "created" else "Delta"
    return {
        f"subtotal{suffix}": delta.subtotal_cents,
        f"tax{suffix}": delta.tax_cents,
        f"shipping{suffix}": delta.shipping_cents,
        f"tipAmount{suffix}": delta.tip_cents,
        f"amount{suffix}": delta.total_cents,
    }


def _chosen(entry: Entry, lines: Sequence[PricedLine]) -> dict[str, Any]:
    chosen = selection(lines)
    return {
        "tipPercent": entry.tip_percent,
        "tierId": chosen.tier_id,
        "tierQty": chosen.tier_qty,
        "additionalTiers": chosen.additional_tiers,
        "supportItems": chosen.support_items,
        "customAmount": chosen.custom_amount,
        "bundleAddOns": chosen.bundle_add_ons,
        "at": entry.recorded_at,
    }


def line_told(line: PricedLine) -> RecordLine:
    """Return a line as the holder of a link sees it."""
    return RecordLine(
        kind=line.kind,
        item_id=line.item_id,
        variant_id=line.variant_id,
        label=line.label,
        quantity=line.quantity,
        unit_amount=line.unit_cents,
        amount=line.total_cents,
        counts_toward_goal=line.counts_toward_goal,
        is_physical=line.is_physical,
        answers=line.answers,
    )


def _add_on(line: PricedLine) -> AddOnChoice:
    return AddOnChoice(
        product_id=line.item_id,
        variant_id=line.variant_id,
        name=line.label,
        quantity=line.quantity,
        unit_price=line.unit_cents,
        scope="campaign" if line.counts_toward_goal else "platform",
        category="physical" if line.is_physical else "digital",
    )


def _card(card: Card) -> CardFace:
    return CardFace(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )

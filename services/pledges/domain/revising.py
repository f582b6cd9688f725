"""A pledge as its supporter wants it: what is asked of checkout, and what a commit writes. Pure.

Source: product rules 7.1, "Modify semantics"; decisions "Cart, price, stock".
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from contracts.money import TIP_PERCENT_MAX, Cents, dollars_to_cents
from contracts.pricing import Address, LineKind, PricedLine, PricedPledge
from contracts.quoting import QuoteRevision, WantedLine
from contracts.refusals import InputRefused, StateRefused
from services.pledges.domain.bodies import ModifyRequest, TierWanted
from services.pledges.domain.pledge import Campaign, Change, Pledge
from services.pledges.domain.pledging import entry_of, require_changeable, worth

CUSTOM = "custom-support"
Key = tuple[LineKind, str, str | None]


def wanted_of(pledge: Pledge, asked: ModifyRequest) -> tuple[WantedLine, ...]:
    """Return everything the pledge shall contain: what was asked for over what there is."""
    now = _held(pledge.lines)
    return (
        *_tiers(now, asked),
        *_support(now, asked),
        *_custom(now, asked),
        *_add_ons(now, asked),
    )


def question_about(
    pledge: Pledge, asked: ModifyRequest, *, is_own: bool, proposal: int, is_held: bool = True
) -> QuoteRevision:
    """Return what checkout is asked: about the link's own pledge, or one whose tip goes along."""
    address = asked.shipping_address if is_own else None
    expected = asked.expected_amount
    if not is_own:
        expected = (asked.expected_linked or {}).get(pledge.pledge_id)
    option = asked.shipping_option if is_own else None
    tip = pledge.price.tip_percent if asked.tip_percent is None else asked.tip_percent
    return QuoteRevision(
        pledge_id=pledge.pledge_id,
        order_id=pledge.order_id,
        campaign=pledge.campaign,
        revision=pledge.revision + 1,
        proposal=proposal,
        current=pledge.lines,
        wanted=wanted_of(pledge, asked) if is_own else _held(pledge.lines),
        tip_percent=tip,
        shipping_option=option or pledge.price.shipping_option,
        shipping_address=address or pledge.shipping_address,
        billing_address=None if address else taxed_at(pledge),
        expected_cents=None if expected is None or not is_held else Cents(expected),
        is_held=is_held,
    )


def require_news(pledge: Pledge, question: QuoteRevision) -> None:
    """Refuse a change that changes nothing."""
    before = question_about(pledge, ModifyRequest(token=""), is_own=True, proposal=1)
    if _essence(question) == _essence(before):
        raise InputRefused("nothing_changed", "There is nothing to change in that.")


def require_tip(asked: ModifyRequest) -> None:
    """Refuse a tip that no slider has."""
    if asked.tip_percent is not None and not 0 <= asked.tip_percent <= TIP_PERCENT_MAX:
        problem = f"a whole number from 0 to {TIP_PERCENT_MAX}"
        raise InputRefused("invalid_tip", f"A tip is {problem}.", fields={"tipPercent": problem})


def require_revision(pledge: Pledge, asked: ModifyRequest) -> None:
    """Refuse a change of what the pledge was before somebody else changed it."""
    if asked.revision is not None and asked.revision != pledge.revision:
        raise changed_meanwhile(pledge)


def changed_meanwhile(pledge: Pledge) -> StateRefused:
    """Return the refusal of a change to what is not so any more."""
    return StateRefused(
        "conflict",
        "This pledge was changed meanwhile. Look at it again.",
        revision=pledge.revision,
    )


def is_tipped_along(pledge: Pledge, campaign: Campaign, tip: int | None, *, now: datetime) -> bool:
    """Tell whether a pledge of the same checkout gets the new tip, too.

    What is cancelled or past its deadline keeps the one it has.
    """
    is_open = pledge.status == "active" and not campaign.is_over(now)
    return is_open and tip is not None and pledge.price.tip_percent != tip


def modify(
    pledge: Pledge,
    campaign: Campaign,
    question: QuoteRevision,
    priced: PricedPledge,
    *,
    now: datetime,
) -> Change:
    """Return the pledge as checkout priced it, or refuse: it must still be as it was asked about.

    The deadline instant itself is too late, as for a cancellation.
    """
    require_changeable(pledge, campaign, now=now)
    if pledge.revision + 1 != question.revision:
        raise changed_meanwhile(pledge)
    changed = msgspec.structs.replace(
        pledge,
        revision=question.revision,
        definition_version=priced.definition_version,
        lines=priced.lines,
        price=priced.price,
        shipping_address=question.shipping_address,
        updated_at=now,
    )
    cause = f"modified:{question.revision}:{question.proposal}"
    entry = entry_of(changed, "modified", cause, worth(changed) + -worth(pledge), now=now)
    return Change(pledge=changed, entry=msgspec.structs.replace(entry, lines=changed.lines))


def taxed_at(pledge: Pledge) -> Address | None:
    """Return where the pledge is taxed, as far as the rate depends on it.

    The jurisdiction is all that is kept of where a supporter of digital things lives.
    """
    details = pledge.price.tax_details
    if details is None or details.provider != "table":
        return None
    country, _, province = details.jurisdiction.partition("-")
    return Address(country=country, province=province)


def _held(lines: Sequence[PricedLine]) -> tuple[WantedLine, ...]:
    """Return what is in a pledge as if it were wanted: one line for each thing.

    Answers are not repeated: what is held keeps its own, whatever its author asks today.
    """
    found: dict[Key, WantedLine] = {}
    for line in lines:
        key = (line.kind, line.item_id, line.variant_id)
        before = found.get(key)
        is_money = line.kind in ("support_item", "custom_amount")
        found[key] = WantedLine(
            kind=line.kind,
            item_id=line.item_id,
            variant_id=line.variant_id,
            quantity=line.quantity + (before.quantity if before else 0),
            amount_cents=line.total_cents if is_money else None,
        )
    return tuple(found.values())


def _tiers(now: Sequence[WantedLine], asked: ModifyRequest) -> list[WantedLine]:
    held = [each for each in now if each.kind == "tier"]
    if asked.add_tiers is not None:
        named = [(f"addTiers[{at}].id", each) for at, each in enumerate(asked.add_tiers)]
        return [_tier(each, field) for field, each in named if each.qty]
    if asked.new_tier_id is None and asked.new_tier_qty is None:
        return held
    first = held[0] if held else None
    if asked.new_tier_id is None and first is None:
        problem = "there is no reward to change"
        raise InputRefused("unknown_item", "Name a reward.", fields={"newTierId": problem})
    item_id = asked.new_tier_id or (first.item_id if first else "")
    quantity = asked.new_tier_qty
    if quantity is None:
        quantity = first.quantity if first and first.item_id == item_id else 1
    primary = _tier(TierWanted(id=item_id, qty=quantity), "newTierId")
    return [*([primary] if quantity else []), *held[1:]]


def _tier(wanted: TierWanted, field: str) -> WantedLine:
    return WantedLine(
        kind="tier",
        item_id=wanted.id,
        quantity=wanted.qty,
        answers=wanted.fields,
        field=field,
    )


def _support(now: Sequence[WantedLine], asked: ModifyRequest) -> list[WantedLine]:
    found = {each.item_id: each for each in now if each.kind == "support_item"}
    for at, each in enumerate(asked.support_items or ()):
        field = f"supportItems[{at}].amount"
        cents = _cents(each.amount, field)
        found[each.id] = WantedLine(
            kind="support_item", item_id=each.id, amount_cents=cents, field=field
        )
    return [each for each in found.values() if each.amount_cents]


def _custom(now: Sequence[WantedLine], asked: ModifyRequest) -> list[WantedLine]:
    if asked.custom_amount is None:
        return [each for each in now if each.kind == "custom_amount"]
    cents = _cents(asked.custom_amount, "customAmount")
    custom = WantedLine(
        kind="custom_amount", item_id=CUSTOM, amount_cents=cents, field="customAmount"
    )
    return [custom] if cents else []


def _add_ons(now: Sequence[WantedLine], asked: ModifyRequest) -> list[WantedLine]:
    if asked.bundle_add_ons is None:
        return [each for each in now if each.kind == "add_on"]
    return [
        WantedLine(
            kind="add_on",
            item_id=each.product_id,
            variant_id=each.variant_id or None,
            quantity=each.quantity,
            field=f"bundleAddOns[{at}].productId",
        )
        for at, each in enumerate(asked.bundle_add_ons)
        if each.quantity
    ]


def _cents(dollars: Decimal, field: str) -> Cents:
    try:
        return dollars_to_cents(dollars)
    except ValueError as exc:
        problem = "dollars, with two decimals at most"
        raise InputRefused("invalid_amount", str(exc), fields={field: problem}) from exc


def _essence(question: QuoteRevision) -> tuple[object, ...]:
    """Return what makes a revision another one than it was."""
    lines = {
        (each.kind, each.item_id if each.kind != "custom_amount" else CUSTOM, each.variant_id): (
            each.quantity,
            each.amount_cents,
        )
        for each in question.wanted
    }
    answers = {each.item_id: each.answers for each in question.wanted if each.answers}
    held = {line.item_id: line.answers for line in question.current if line.answers}
    is_answered = any(answers[item] != held.get(item) for item in answers)
    return (
        lines,
        is_answered,
        question.tip_percent,
        question.shipping_option,
        question.shipping_address,
    )

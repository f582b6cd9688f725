"""A pledge as it shall be: what stays keeps its price, what is added costs today's. Pure.

Gates, limits and closed tiers are asked only of what is added; whoever holds a thing keeps
it though its author has changed or removed it since. Source: product rules 3.3, 3.5 and
7.1; decisions "Calendar and closing" on prices.
"""

from collections.abc import Sequence

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.ids import CampaignSlug
from contracts.money import Cents
from contracts.pricing import LineKind, PricedLine
from contracts.quoting import WantedLine
from contracts.refusals import InputRefused
from services.checkout.domain.add_ons import add_on_line, found
from services.checkout.domain.cart import (
    CUSTOM,
    QUANTITY_MAX,
    Choice,
    KnownCampaign,
    beside,
    require_no_repeats,
    unknown_item,
)
from services.checkout.domain.lines import (
    custom_line,
    one_tier_only,
    require_accepting,
    require_open,
    require_subtotal,
    support_line,
    tier_line,
    tier_of,
)
from services.checkout.domain.questions import answers_to

Key = tuple[LineKind, str, str]


def revised(
    campaign: KnownCampaign,
    platform: PlatformDefinition,
    *,
    current: Sequence[PricedLine],
    wanted: Sequence[WantedLine],
) -> tuple[PricedLine, ...]:
    """Return the lines of the revision, or refuse what cannot be added.

    The campaign must take pledges; the order of lines is the order in which they are wanted.
    """
    require_accepting(campaign)
    choices = [
        _chosen(campaign.definition.slug, number, each) for number, each in enumerate(wanted)
    ]
    for kind in ("tier", "support_item", "custom_amount", "add_on"):
        require_no_repeats(
            [choice for choice in choices if choice.kind == kind], "The same item is named twice."
        )
    _require_one_tier(campaign, current, choices)
    lines: list[PricedLine] = []
    for choice, each in zip(choices, wanted, strict=True):
        held = [line for line in current if _key(line) == _wanted_key(choice)]
        if choice.kind in ("support_item", "custom_amount"):
            lines += _money(campaign, choice, each, held)
        else:
            lines += _things(campaign, platform, choice, held)
    require_subtotal(lines, choices[0].field if choices else "items")
    return tuple(lines)


def _chosen(campaign: CampaignSlug, number: int, wanted: WantedLine) -> Choice:
    field = wanted.field or f"wanted[{number}].id"
    if not 1 <= wanted.quantity <= QUANTITY_MAX:
        problem = f"from 1 to {QUANTITY_MAX}"
        raise InputRefused("invalid_quantity", f"A quantity is {problem}.", fields={field: problem})
    return Choice(
        kind=wanted.kind,
        campaign=campaign,
        item_id=CUSTOM if wanted.kind == "custom_amount" else wanted.item_id,
        field=field,
        quantity=wanted.quantity,
        answers=dict(wanted.answers),
        variant_id=wanted.variant_id or "",
    )


def _require_one_tier(
    campaign: KnownCampaign, current: Sequence[PricedLine], choices: Sequence[Choice]
) -> None:
    """Refuse a second tier, unless it was there before the rule was."""
    tiers = [choice for choice in choices if choice.kind == "tier"]
    if not campaign.definition.single_tier_only or len(tiers) < 2:
        return
    had = {line.item_id for line in current if line.kind == "tier"}
    for choice in tiers:
        if choice.item_id not in had:
            raise one_tier_only(choice.field)


def _things(
    campaign: KnownCampaign,
    platform: PlatformDefinition,
    choice: Choice,
    held: Sequence[PricedLine],
) -> list[PricedLine]:
    """Return what is held of a tier or add-on up to what is wanted, then what is added."""
    kept = _kept(held, choice.quantity)
    added = choice.quantity - sum(line.quantity for line in kept)
    if not added:
        return _answered(campaign, choice, kept)
    if choice.kind == "tier":
        tier = tier_of(campaign.definition, choice)
        require_open(campaign, choice, tier)
        # Whoever answered when the first was pledged need not answer again.
        asked = {field.name for field in tier.fields}
        before = kept[0].answers if kept else {}
        known = {name: text for name, text in before.items() if name in asked}
        answers = choice.answers or known
        line = tier_line(msgspec.structs.replace(choice, answers=answers), tier)
    else:
        line = add_on_line(found(choice, choice.campaign, campaign, platform))
    total = Cents(line.unit_cents * added)
    return _joined(kept, msgspec.structs.replace(line, quantity=added, total_cents=total))


def _kept(held: Sequence[PricedLine], wanted: int) -> list[PricedLine]:
    """Return the first so many of what is held: what was pledged last goes first."""
    kept: list[PricedLine] = []
    for line in held:
        quantity = min(line.quantity, wanted - sum(each.quantity for each in kept))
        if quantity > 0:
            total = Cents(line.unit_cents * quantity)
            kept.append(msgspec.structs.replace(line, quantity=quantity, total_cents=total))
    return kept


def _joined(kept: Sequence[PricedLine], added: PricedLine) -> list[PricedLine]:
    """Return one line where the price is the same, two where it is not."""
    kept = [msgspec.structs.replace(line, answers=added.answers) for line in kept]
    if not kept or kept[-1].unit_cents != added.unit_cents:
        return [*kept, added]
    quantity = kept[-1].quantity + added.quantity
    total = Cents(added.unit_cents * quantity)
    return [*kept[:-1], msgspec.structs.replace(added, quantity=quantity, total_cents=total)]


def _answered(
    campaign: KnownCampaign, choice: Choice, kept: Sequence[PricedLine]
) -> list[PricedLine]:
    """Return what is kept with new answers, if there are any."""
    if not choice.answers:
        return list(kept)
    tier = campaign.definition.tier(choice.item_id) if choice.kind == "tier" else None
    questions = tier.fields if tier else ()
    answers = answers_to(questions, choice.answers, field=beside(choice.field, "fields"))
    return [msgspec.structs.replace(line, answers=answers) for line in kept]


def _money(
    campaign: KnownCampaign, choice: Choice, wanted: WantedLine, held: Sequence[PricedLine]
) -> list[PricedLine]:
    """Return a chosen amount; a part of the budget that is gone can only be given less."""
    cents = wanted.amount_cents
    if cents is None or cents < 0:
        raise InputRefused(
            "invalid_amount", "An amount is needed.", fields={choice.field: "cents, 0 or more"}
        )
    if cents == 0:
        return []
    if choice.kind == "custom_amount":
        return [custom_line(cents)]
    items = {item.item_id: item for item in campaign.definition.support_items}
    if choice.item_id in items:
        return [support_line(items[choice.item_id], cents)]
    before = sum(line.total_cents for line in held)
    if cents > before:
        raise unknown_item(choice.field)
    return [msgspec.structs.replace(held[0], unit_cents=cents, total_cents=cents)]


def _key(line: PricedLine) -> Key:
    return line.kind, line.item_id, line.variant_id or ""


def _wanted_key(choice: Choice) -> Key:
    return choice.kind, choice.item_id, choice.variant_id

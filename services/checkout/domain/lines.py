"""One campaign's lines: what was chosen, at today's prices, or why it cannot be had. Pure.

Source: product rules 3.2 and 3.3; decisions "Cards and charges", late support.
"""

from collections.abc import Sequence

from contracts.campaign import CampaignDefinition, SupportItem, Tier
from contracts.money import Cents, dollars_to_cents
from contracts.pricing import PricedLine
from contracts.refusals import InputRefused, StateRefused
from services.checkout.domain.add_ons import add_on_line
from services.checkout.domain.cart import (
    CUSTOM,
    Choice,
    KnownCampaign,
    beside,
    require_no_repeats,
    unknown_item,
)
from services.checkout.domain.questions import answers_to

CUSTOM_LABEL = "Custom support"
SUBTOTAL_MAX = 100_000_000


def lines_for(campaign: KnownCampaign, choices: Sequence[Choice]) -> tuple[PricedLine, ...]:
    """Return one campaign's lines at today's prices, or refuse.

    Order of the checks as in product rules 3.2: the campaign, its tiers, what they add up
    to, their gates. Whether units are left is decided where they are reserved.
    """
    definition = campaign.definition
    require_accepting(campaign, choices)
    tiers = [choice for choice in choices if choice.kind == "tier"]
    require_no_repeats(tiers, "The same tier is in the cart twice.")
    chosen = [(choice, tier_of(definition, choice)) for choice in tiers]
    if definition.single_tier_only and len(tiers) > 1:
        raise one_tier_only(tiers[1].field)
    _require_nothing_asked(choices)
    lines = [tier_line(choice, tier) for choice, tier in chosen]
    lines += _support_lines(definition, choices)
    lines += _custom_line(choices)
    lines += [add_on_line(choice) for choice in choices if choice.kind == "add_on"]
    require_subtotal(lines, choices[0].field)
    for choice, tier in chosen:
        require_open(campaign, choice, tier)
    return tuple(lines)


def require_accepting(campaign: KnownCampaign, choices: Sequence[Choice] = ()) -> None:
    """Refuse unless the campaign takes pledges at this instant.

    A drained campaign takes none, even if somebody moved the clock back: the ledger has
    been told which orders exist. Then only what its author leaves open can be had, once
    the campaign is settled; it is charged at once.
    """
    definition = campaign.definition
    state = definition.state_at(campaign.now)
    if is_after_the_end(campaign):
        if is_late_support(campaign, choices):
            return
        raise StateRefused(
            "deadline_passed", "This campaign has ended.", campaignSlug=definition.slug
        )
    if state == "upcoming" or definition.is_charged:
        raise StateRefused(
            "not_live", "This campaign takes no pledges now.", campaignSlug=definition.slug
        )


def is_after_the_end(campaign: KnownCampaign) -> bool:
    """Tell whether the campaign's deadline is behind it, or its orders were counted."""
    return campaign.is_drained or campaign.definition.state_at(campaign.now) == "post"


def is_late_support(campaign: KnownCampaign, choices: Sequence[Choice]) -> bool:
    """Tell whether all of this stays open once a funded campaign is settled."""
    definition = campaign.definition
    late = {f"tier {tier.tier_id}" for tier in definition.tiers if tier.late_support}
    late |= {f"support_item {e.item_id}" for e in definition.support_items if e.late_support}
    if definition.custom_late_support:
        late.add(f"custom_amount {CUSTOM}")
    wanted = {f"{choice.kind} {choice.item_id}" for choice in choices}
    return campaign.is_settled and bool(wanted) and wanted <= late


def tier_of(definition: CampaignDefinition, choice: Choice) -> Tier:
    """Return the tier that is chosen, or refuse one that is not sold or not so often."""
    tier = definition.tier(choice.item_id)
    if tier is None:
        raise unknown_item(choice.field)
    if choice.quantity > 1 and not tier.is_stackable:
        raise InputRefused(
            "not_stackable",
            "This tier can be taken once.",
            fields={beside(choice.field, "quantity"): "at most 1"},
        )
    return tier


def tier_line(choice: Choice, tier: Tier) -> PricedLine:
    """Return a tier's line with what the supporter answered to its questions."""
    return PricedLine(
        kind="tier",
        item_id=tier.tier_id,
        label=tier.name,
        quantity=choice.quantity,
        unit_cents=tier.price_cents,
        total_cents=Cents(tier.price_cents * choice.quantity),
        is_physical=tier.category == "physical",
        answers=answers_to(tier.fields, choice.answers, field=beside(choice.field, "fields")),
    )


def support_line(item: SupportItem, cents: int) -> PricedLine:
    """Return the line of what is given to a part of the budget."""
    return PricedLine(
        kind="support_item",
        item_id=item.item_id,
        label=item.label,
        quantity=1,
        unit_cents=Cents(cents),
        total_cents=Cents(cents),
        is_physical=item.category == "physical",
    )


def custom_line(cents: int) -> PricedLine:
    """Return the line of support without a reward."""
    return PricedLine(
        kind="custom_amount",
        item_id=CUSTOM,
        label=CUSTOM_LABEL,
        quantity=1,
        unit_cents=Cents(cents),
        total_cents=Cents(cents),
    )


def one_tier_only(field: str) -> InputRefused:
    """Return the refusal of a second tier."""
    return InputRefused(
        "single_tier_only",
        "This campaign takes one tier per pledge.",
        fields={field: "one tier per pledge"},
    )


def require_subtotal(lines: Sequence[PricedLine], field: str) -> None:
    """Refuse a pledge of nothing, and one of more than a million dollars."""
    subtotal = sum(line.total_cents for line in lines)
    if not 0 < subtotal <= SUBTOTAL_MAX:
        problem = "a pledge is more than 0 and at most 1,000,000 dollars"
        raise InputRefused("invalid_amount", problem.capitalize() + ".", fields={field: problem})


def require_open(campaign: KnownCampaign, choice: Choice, tier: Tier) -> None:
    """Refuse a tier whose author closed it, or whose gate is still shut.

    A pledge does not help to open its own gate.
    """
    where = {"campaignSlug": campaign.definition.slug, "tierId": tier.tier_id}
    gate = tier.requires_threshold_cents or 0
    if campaign.pledged_cents < gate:
        raise StateRefused(
            "threshold_locked",
            "This tier opens when the campaign has reached its threshold.",
            fields={choice.field: "not open yet"},
            thresholdAmount=gate,
            **where,
        )
    if tier.is_sold_out:
        raise StateRefused(
            "sold_out",
            "This tier is sold out.",
            fields={choice.field: "sold out"},
            remaining=0,
            **where,
        )


def _require_nothing_asked(choices: Sequence[Choice]) -> None:
    """Refuse answers where no question is: tiers alone ask any."""
    for choice in choices:
        if choice.kind != "tier":
            answers_to((), choice.answers, field=beside(choice.field, "fields"))


def _support_lines(definition: CampaignDefinition, choices: Sequence[Choice]) -> list[PricedLine]:
    known = {item.item_id: item for item in definition.support_items}
    sums: dict[str, int] = {}
    for choice in choices:
        if choice.kind == "support_item":
            if choice.item_id not in known:
                raise unknown_item(choice.field)
            sums[choice.item_id] = sums.get(choice.item_id, 0) + _chosen_cents(choice)
    return [support_line(known[item_id], cents) for item_id, cents in sums.items() if cents > 0]


def _custom_line(choices: Sequence[Choice]) -> list[PricedLine]:
    cents = sum(_chosen_cents(each) for each in choices if each.kind == "custom_amount")
    return [custom_line(cents)] if cents else []


def _chosen_cents(choice: Choice) -> int:
    field = beside(choice.field, "amount")
    if choice.amount is None:
        raise InputRefused(
            "invalid_amount", "An amount is needed.", fields={field: "dollars, such as 25"}
        )
    try:
        return dollars_to_cents(choice.amount)
    except ValueError as exc:
        raise InputRefused(
            "invalid_amount", str(exc).capitalize(), fields={field: str(exc)}
        ) from exc

"""What can be in a pledge: rewards, parts of the budget, any amount, add-ons. Pure."""

from contracts.campaign import AddOn, CampaignDefinition, Tier
from services.site.cart.checks import answer_field
from services.site.cart.shown import Answer
from services.site.manage.form import ANSWER, EXTRA, ITEM, TIER, whole
from services.site.manage.shown import EditRow
from services.site.manage.wanted import Change, is_single
from services.site.public import formatting
from services.site.public.add_ons import add_on_id
from services.site.public.cards import remaining, stock_fact, tier_state
from services.site.public.language import catalogue
from services.site.public.state import CampaignState


def rewards(change: Change) -> tuple[EditRow, ...]:
    """Return what is pledged for first, then every reward from the cheapest up."""
    definition = change.state.definition if change.state else None
    offered = {tier.tier_id: tier for tier in definition.tiers} if definition else {}
    held = {line.item_id: line.label for line in change.record.lines if line.kind == "tier"}
    ids = dict.fromkeys((*held, *sorted(offered, key=lambda each: offered[each].price_cents)))
    return tuple(_reward(change, tier_id, offered.get(tier_id), held) for tier_id in ids)


def _reward(change: Change, tier_id: str, tier: Tier | None, held: dict[str, str]) -> EditRow:
    texts = catalogue(change.language)
    typed = change.form.tiers.get(tier_id, "")
    has = sum(line.quantity for line in change.record.lines if line.item_id == tier_id)
    left = remaining(change.state, tier) if change.state and tier else 0
    most = 1_000 if left is None else has + left
    single = is_single(change.state)
    is_stackable = tier.is_stackable if tier else has > 1
    is_chosen = change.form.one_tier == tier_id if single else bool(whole(typed))
    return EditRow(
        key=f"{TIER}{tier_id}",
        name="one-tier" if single else f"{TIER}{tier_id}",
        label=tier.name if tier else held[tier_id],
        detail=_detail(change, tier),
        kind="radio" if single else "count" if is_stackable else "check",
        value=(typed or "0") if is_stackable and not single else tier_id if single else "1",
        is_chosen=is_chosen,
        count_max=max(1, most),
        is_open=has > 0 or _is_open(change.state, tier),
        tag=texts.gettext("Yours") if has else "",
        answers=_answers(change, tier_id, tier) if is_chosen and tier else (),
    )


def _is_open(state: CampaignState | None, tier: Tier | None) -> bool:
    return (
        state is not None
        and tier is not None
        and tier_state(state, "live", tier) in ("available", "opened")
    )


def _detail(change: Change, tier: Tier | None) -> str:
    texts = catalogue(change.language)
    if tier is None or change.state is None:
        return texts.gettext("No longer offered; it stays yours")
    parts = [formatting.money(tier.price_cents)]
    looks = tier_state(change.state, "live", tier)
    if looks == "locked":
        amount = formatting.money(tier.requires_threshold_cents or 0)
        parts.append(texts.gettext("Opens when pledges reach %(amount)s") % {"amount": amount})
    left = remaining(change.state, tier)
    if looks == "sold_out":
        parts.append(texts.gettext("Sold out"))
    elif left is not None and tier.limit_total:
        parts.append(stock_fact(left, tier.limit_total, tier.tier_id, change.language).text)
    by = texts.gettext("posted to you"), texts.gettext("by email")
    parts.append(by[0] if tier.category == "physical" else by[1])
    return " · ".join(parts)


def _answers(change: Change, tier_id: str, tier: Tier) -> tuple[Answer, ...]:
    given = change.form.answers.get(tier_id, {})
    return tuple(
        Answer(
            field=answer_field(f"{TIER}{tier_id}", index),
            name=f"{ANSWER}{tier_id}.{question.name}",
            label=question.name,
            kind=question.kind,
            value=given.get(question.name, ""),
            error="",
            is_required=question.is_required,
            choices=question.choices,
        )
        for index, question in enumerate(tier.fields)
    )


def parts(change: Change) -> tuple[EditRow, ...]:
    """Return the parts of the budget: those still open, and those that are given to."""
    definition: CampaignDefinition | None = change.state.definition if change.state else None
    labels = {
        line.item_id: line.label for line in change.record.lines if line.kind == "support_item"
    }
    offered = {item.item_id: item for item in definition.support_items} if definition else {}
    labels |= {item_id: item.label for item_id, item in offered.items()}
    texts = catalogue(change.language)
    return tuple(
        EditRow(
            key=f"{ITEM}{item_id}",
            name=f"{ITEM}{item_id}",
            label=label,
            detail=texts.gettext("%(amount)s needed in all")
            % {"amount": formatting.money(offered[item_id].target_cents)}
            if item_id in offered
            else "",
            kind="amount",
            value=change.form.items.get(item_id, ""),
        )
        for item_id, label in labels.items()
    )


def custom(change: Change) -> EditRow:
    """Return the amount that is given without a reward."""
    texts = catalogue(change.language)
    return EditRow(
        key="custom",
        name="custom",
        label=texts.gettext("Support without a reward"),
        detail=texts.gettext("Any amount, for the film as a whole"),
        kind="amount",
        value=change.form.custom,
    )


def extras(change: Change) -> tuple[EditRow, ...]:
    """Return the film's and the platform's products, each variant by itself."""
    shop, rows = change.shop, []
    known: set[str] = set()
    for product in shop.products():
        if product.slug not in ("", change.record.campaign_slug):
            continue
        variants = [(each.variant_id, each.label) for each in product.add_on.variants]
        for variant_id, label in variants or [("", "")]:
            item_id = add_on_id(product.add_on.product_id, variant_id)
            known.add(item_id)
            thing = shop.thing(item_id)
            price = _price_of(product.add_on, variant_id)
            name = f"{product.add_on.name}, {label}" if label else product.add_on.name
            rows.append(
                _extra(change, item_id, name, formatting.money(price), thing.left if thing else 0)
            )
    texts = catalogue(change.language)
    for line in change.record.lines:
        item_id = add_on_id(line.item_id, line.variant_id or "")
        if line.kind == "add_on" and item_id not in known:
            gone = texts.gettext("No longer offered; it stays yours")
            rows.append(_extra(change, item_id, line.label, gone, 0))
    return tuple(rows)


def _price_of(add_on: AddOn, variant_id: str) -> int:
    chosen = next((each for each in add_on.variants if each.variant_id == variant_id), None)
    own = chosen.price_cents if chosen else None
    return add_on.price_cents if own is None else own


def _extra(change: Change, item_id: str, name: str, detail: str, left: int | None) -> EditRow:
    texts = catalogue(change.language)
    has = sum(
        line.quantity
        for line in change.record.lines
        if line.kind == "add_on" and add_on_id(line.item_id, line.variant_id or "") == item_id
    )
    most = 1_000 if left is None else has + left
    return EditRow(
        key=f"{EXTRA}{item_id}",
        name=f"{EXTRA}{item_id}",
        label=name,
        detail=texts.gettext("Sold out") if most == 0 else detail,
        kind="count",
        value=change.form.extras.get(item_id, "") or "0",
        is_chosen=bool(whole(change.form.extras.get(item_id, ""))),
        count_max=most,
        is_open=most > 0,
        tag=texts.gettext("Yours") if has else "",
    )

"""The rows of a cart, its add-ons, and what else could be put in. Pure."""

from collections.abc import Mapping, Sequence

from contracts.api.checkout import Quote
from services.site.cart.checks import Problem, answer_field, item_field, quantity
from services.site.cart.form import ANSWER, CartForm, takes_amount
from services.site.cart.late import is_late
from services.site.cart.naming import thing_name
from services.site.cart.shop import Product, Shop, Thing, campaigns_in, product_of
from services.site.cart.shown import AddOnGroup, Answer, CartItem, Choice, Shelf
from services.site.public import formatting
from services.site.public.add_ons import VARIANT_MARK, add_on_card
from services.site.public.cards import tier_state
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import CampaignState, Stage
from services.site.public.views import AddOnCard


def cart_items(
    form: CartForm,
    shop: Shop,
    quote: Quote | None,
    problems: Sequence[Problem],
    language: Language,
) -> tuple[CartItem, ...]:
    """Return a row for each thing in the cart, in the order it was put in."""
    wrong = {problem.field: problem.message for problem in problems}
    prices = _prices(quote)
    return tuple(
        _row(each.item_id, form=form, shop=shop, prices=prices, wrong=wrong, language=language)
        for each in form.items
    )


def _row(
    item_id: str,
    *,
    form: CartForm,
    shop: Shop,
    prices: Mapping[str, int],
    wrong: Mapping[str, str],
    language: Language,
) -> CartItem:
    thing = shop.thing(item_id)
    typed = form.typed(item_id) or ""
    number = quantity(typed) or 1
    state = shop.campaign(thing.slug) if thing and thing.slug else None
    price = prices.get(item_id)
    field = item_field(item_id)
    name = thing_name(thing, language) or catalogue(language).gettext("No longer offered")
    most = thing.quantity_max if thing else 1
    return CartItem(
        item_id=item_id,
        field=field,
        name=name,
        of=_of(thing, state, shop, language),
        url=f"{prefix(language)}/campaigns/{state.slug}/" if state else "",
        picture=thing.picture if thing else None,
        typed=typed,
        price="" if price is None else formatting.money(price, always_cents=True),
        error=wrong.get(field, ""),
        is_amount=takes_amount(item_id) and thing is not None,
        has_stepper=thing is not None and thing.is_stackable,
        can_less=number > 1 or (thing is not None and thing.kind == "add_on"),
        can_more=number < most,
        quantity_max=max(most, number),
        answers=_answers(form, thing, wrong),
    )


def _prices(quote: Quote | None) -> dict[str, int]:
    shares = quote.campaigns if quote else ()
    return {line.id: line.amount for share in shares for line in share.lines}


def _of(thing: Thing | None, state: CampaignState | None, shop: Shop, language: Language) -> str:
    """Return “The Salt Line · posted to you”."""
    texts = catalogue(language)
    if thing is None:
        return ""
    whose = state.definition.title if state else shop.platform.platform_name
    by_post, by_email = texts.gettext("posted to you"), texts.gettext("by email")
    if thing.is_physical:
        return f"{whose} · {by_post}"
    return f"{whose} · {by_email}" if thing.kind == "tier" else whose


def _answers(form: CartForm, thing: Thing | None, wrong: Mapping[str, str]) -> tuple[Answer, ...]:
    if thing is None:
        return ()
    given = form.answers.get(thing.item_id, {})
    return tuple(
        Answer(
            field=answer_field(thing.item_id, index),
            name=f"{ANSWER}{thing.item_id}.{question.name}",
            label=question.name,
            kind=question.kind,
            value=given.get(question.name, ""),
            error=wrong.get(answer_field(thing.item_id, index), ""),
            is_required=question.is_required,
            choices=question.choices,
        )
        for index, question in enumerate(thing.questions)
    )


def anchors(form: CartForm, states: Sequence[CampaignState], anchor: str) -> tuple[Choice, ...]:
    """Return the campaigns the platform's products could go with, where there is a choice."""
    if len(states) < 2:
        return ()
    return tuple(
        Choice(value=state.slug, label=state.definition.title, is_chosen=state.slug == anchor)
        for state in states
    )


def add_on_groups(form: CartForm, shop: Shop, language: Language) -> tuple[AddOnGroup, ...]:
    """Return what can be had beside the rewards: the films' own, then the platform's."""
    texts = catalogue(language)
    states = campaigns_in(form, shop)
    products = list(shop.products())
    groups = []
    for state in states:
        if shop.late_items(state.slug):
            continue
        cards = _cards(form, shop, [p for p in products if p.slug == state.slug], language)
        title = texts.gettext("Add-ons of %(title)s") % {"title": state.definition.title}
        groups.append(AddOnGroup(title=title, note="", cards=cards))
    is_open = any(not shop.late_items(state.slug) for state in states)
    own = _cards(form, shop, [p for p in products if not p.slug], language) if is_open else ()
    name = shop.platform.platform_name
    groups.append(
        AddOnGroup(
            title=texts.gettext("From %(platform)s") % {"platform": name},
            note=texts.gettext("These pay for this site. They don't count toward a film's goal."),
            cards=own,
        )
    )
    return tuple(group for group in groups if group.cards)


def _cards(
    form: CartForm, shop: Shop, products: Sequence[Product], language: Language
) -> tuple[AddOnCard, ...]:
    # What is there already has a row of its own; a variant can still be changed.
    held = {product_of(each.item_id): each.item_id for each in form.items}
    return tuple(
        add_on_card(
            each.add_on,
            each.content,
            language=language,
            left=shop.left,
            low_stock=shop.platform.add_ons_low_stock,
            chosen=_variant(form, held.get(each.add_on.product_id, ""), each.add_on.product_id),
            is_in_cart=each.add_on.product_id in held,
        )
        for each in products
        if each.add_on.product_id not in held or each.add_on.variants
    )


def _variant(form: CartForm, held_id: str, product_id: str) -> str:
    """Return which variant a menu shows: the one in the cart, else the one last looked at."""
    in_cart = held_id.partition(VARIANT_MARK)[2]
    return in_cart or form.variants.get(product_id, "")


def shelves(form: CartForm, shop: Shop, language: Language) -> tuple[Shelf, ...]:
    """Return what can be pledged for now and is not in the cart, by film; closing first.

    Beside what is charged now stands only what a film that is over left open.
    """
    stage: Stage = "funded" if is_late(form, shop) else "live"
    live = [each for each in shop.campaigns.values() if each.stage_at(shop.now) == stage]
    live = [each for each in live if not each.definition.is_test_only]
    live.sort(key=lambda state: state.definition.deadline_at)
    found = (_shelf(form, state, stage, language) for state in live)
    return tuple(shelf for shelf in found if shelf.choices)


def _shelf(form: CartForm, state: CampaignState, stage: Stage, language: Language) -> Shelf:
    choices = []
    for tier in sorted(state.definition.tiers, key=lambda tier: tier.price_cents):
        item_id = f"{state.slug}__{tier.tier_id}"
        is_open = tier_state(state, stage, tier) in ("available", "opened", "late")
        if is_open and not form.typed(item_id):
            label = f"{tier.name}, {formatting.money(tier.price_cents)}"
            choices.append(Choice(value=item_id, label=label))
    return Shelf(title=state.definition.title, choices=tuple(choices))

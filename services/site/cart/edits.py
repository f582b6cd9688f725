"""What a pressed button does to a cart: one more, one less, out, another reward. Pure."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from services.site.cart.form import CartForm, Chosen, takes_amount
from services.site.cart.shop import Shop, Thing, lonely_add_ons, product_of
from services.site.public.add_ons import ADD_ON, VARIANT_MARK, add_on_id

NoteKind = Literal["", "added", "removed", "replaced", "gone"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What was just done, to be said: which thing came, and which it replaced."""

    kind: NoteKind = ""
    thing: Thing | None = None
    replaced: Thing | None = None


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """The cart after the button, and what happened."""

    form: CartForm
    note: Note = Note()


def edit(form: CartForm, shop: Shop) -> Edited:
    """Return the cart as the pressed button wants it. A button that fits nothing does nothing."""
    name, value = form.button
    if name == "add":
        return _added(form, shop, value or form.pick)
    if name in ("less", "more"):
        return Edited(form=_stepped(form, value, 1 if name == "more" else -1))
    if name == "remove":
        return _removed(form, shop, value)
    if form.deed == "next":
        return Edited(form=replace(form, step="card"))
    if form.deed == "back":
        return Edited(form=replace(form, step="cart"))
    return Edited(form=form)


def _added(form: CartForm, shop: Shop, item_id: str) -> Edited:
    product = product_of(item_id)
    if product and VARIANT_MARK not in item_id and not shop.thing(item_id):
        # The button of a product with variants names the product; the menu beside it says which.
        item_id = add_on_id(product, form.variants.get(product, ""))
    thing = shop.thing(item_id)
    if thing is None:
        return Edited(form=form, note=Note(kind="gone") if item_id else Note())
    other = _crowded_out(form, shop, thing)
    kept = tuple(each for each in form.items if other is None or each.item_id != other.item_id)
    items = _put(kept, thing, _typed_for(form, thing))
    note = Note(kind="replaced" if other else "added", thing=thing, replaced=other)
    return Edited(form=replace(form, items=items), note=note)


def _typed_for(form: CartForm, thing: Thing) -> str:
    if takes_amount(thing.item_id):
        return form.amount
    before = form.typed(thing.item_id)
    if before is None:
        return "1"
    if not before.isdigit() or not thing.is_stackable:
        return before
    return str(min(int(before) + 1, thing.quantity_max))


def _crowded_out(form: CartForm, shop: Shop, thing: Thing) -> Thing | None:
    """Return what has to go for it: another variant, or the one reward a film allows."""
    product = product_of(thing.item_id)
    state = shop.campaign(thing.slug)
    is_single = thing.kind == "tier" and state is not None and state.definition.single_tier_only
    for each in form.items:
        other = shop.thing(each.item_id)
        if other is None or other.item_id == thing.item_id:
            continue
        is_variant = bool(product) and product_of(other.item_id) == product
        is_rival = is_single and other.kind == "tier" and other.slug == thing.slug
        if is_variant or is_rival:
            return other
    return None


def _put(items: tuple[Chosen, ...], thing: Thing, typed: str) -> tuple[Chosen, ...]:
    chosen = Chosen(item_id=thing.item_id, typed=typed)
    if any(each.item_id == thing.item_id for each in items):
        return tuple(chosen if each.item_id == thing.item_id else each for each in items)
    return (*items, chosen)


def _stepped(form: CartForm, item_id: str, by: int) -> CartForm:
    """Return the cart with one more or less; an add-on of which none is left goes out."""
    typed = form.typed(item_id) or ""
    if not typed.isdigit() or takes_amount(item_id):
        return form
    wanted = int(typed) + by
    if wanted < 1 and item_id.startswith(ADD_ON):
        return _without(form, item_id)
    chosen = Chosen(item_id=item_id, typed=str(max(1, wanted)))
    items = tuple(chosen if each.item_id == item_id else each for each in form.items)
    return replace(form, items=items)


def _removed(form: CartForm, shop: Shop, name: str) -> Edited:
    """Take one thing out, or with a campaign's name all that belongs to it."""
    is_campaign = shop.campaign(name) is not None and form.typed(name) is None
    if not is_campaign:
        thing = shop.thing(name)
        form = _without(form, name)
        # What went with a film's last reward goes with it.
        for item_id in lonely_add_ons(form, shop):
            form = _without(form, item_id)
        return Edited(form=form, note=Note(kind="removed", thing=thing))
    gone = [each.item_id for each in form.items if _slug(shop, each.item_id) == name]
    for item_id in gone:
        form = _without(form, item_id)
    return Edited(form=form)


def _slug(shop: Shop, item_id: str) -> str:
    thing = shop.thing(item_id)
    return thing.slug if thing else item_id.partition("__")[0]


def _without(form: CartForm, item_id: str) -> CartForm:
    items = tuple(each for each in form.items if each.item_id != item_id)
    answers = {name: given for name, given in form.answers.items() if name != item_id}
    return replace(form, items=items, answers=answers)

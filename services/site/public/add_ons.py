"""Add-ons as cart and campaign page show them. Pure."""

from collections.abc import Callable

from contracts.campaign import AddOn, AddOnVariant
from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.state import AddOnContent
from services.site.public.views import AddOnCard, Fact, Variant

ADD_ON = "addon__"
VARIANT_MARK = "__variant__"

Left = Callable[[AddOn, str], int | None]
"""How many of a product, or of one of its variants, are left; None when nobody counts."""


def add_on_id(product_id: str, variant_id: str = "") -> str:
    """Return the item id of a product, or of one of its variants."""
    return f"{ADD_ON}{product_id}" + (f"{VARIANT_MARK}{variant_id}" if variant_id else "")


def configured(add_on: AddOn, variant_id: str = "") -> int | None:
    """Return how many its author says there are, before anybody bought one."""
    chosen = next((each for each in add_on.variants if each.variant_id == variant_id), None)
    return chosen.inventory if chosen else add_on.inventory


def add_on_card(
    add_on: AddOn,
    content: AddOnContent,
    *,
    language: Language,
    left: Left,
    low_stock: int,
    chosen: str = "",
    is_in_cart: bool = False,
) -> AddOnCard:
    """Return an add-on with its variants and, where it is little, what is left of it."""
    variants = tuple(
        Variant(
            variant_id=each.variant_id,
            label=_label(add_on, each, left(add_on, each.variant_id), low_stock, language),
            is_gone=left(add_on, each.variant_id) == 0,
            is_chosen=each.variant_id == chosen,
        )
        for each in add_on.variants
    )
    mine = left(add_on, "")
    is_gone = all(variant.is_gone for variant in variants) if variants else mine == 0
    if is_gone:
        stock = stock_note(0, low_stock, language)
    else:
        stock = None if variants else stock_note(mine, low_stock, language)
    return AddOnCard(
        product_id=add_on.product_id,
        item_id=add_on_id(add_on.product_id),
        name=add_on.name,
        description=content.description,
        price=formatting.money(add_on.price_cents),
        picture=content.picture,
        option_name=content.option_name or catalogue(language).gettext("Kind"),
        variants=variants,
        stock=stock,
        is_gone=is_gone,
        is_in_cart=is_in_cart,
        is_physical=add_on.category == "physical",
    )


def stock_note(left: int | None, low_stock: int, language: Language) -> Fact | None:
    """Return what is left, said only where it is little: a fact in small type, no pressure."""
    texts = catalogue(language)
    if left == 0:
        return Fact(icon="ticket", text=texts.gettext("Sold out"))
    if left is None or left > low_stock:
        return None
    words = texts.ngettext("%(num)s left", "%(num)s left", left) % {"num": left}
    return Fact(icon="ticket", text=words, tone="lamp")


def _label(
    add_on: AddOn, variant: AddOnVariant, left: int | None, low_stock: int, language: Language
) -> str:
    """Return “Large, $24, 2 left”: the price only where it differs."""
    own = variant.price_cents
    price = "" if own in (None, add_on.price_cents) else formatting.money(own or 0)
    note = stock_note(left, low_stock, language)
    return ", ".join(part for part in (variant.label, price, note.text if note else "") if part)

"""Support after a funded end in a cart: what is charged now, and what does not go with it. Pure.

A film that is over sells what it left open, and no add-ons with it; it is charged at once, so
it has an order of its own.
"""

from collections.abc import Mapping, Sequence

from contracts.api.checkout import QuotedCampaign
from services.site.cart.form import CartForm
from services.site.cart.shop import Shop, campaigns_in
from services.site.public.add_ons import ADD_ON


def is_charged_now(shares: Sequence[QuotedCampaign]) -> bool:
    """Tell whether all that was priced is charged now."""
    return bool(shares) and all(share.charged_now for share in shares)


def is_late(form: CartForm, shop: Shop) -> bool:
    """Tell whether anything in a cart is charged now, so that its sentences must say so."""
    return any(_sold(form, shop).values())


def mixed_in(form: CartForm, shop: Shop) -> tuple[str, ...]:
    """Return what is charged now in a cart whose rest is charged later, if ever."""
    sold = _sold(form, shop)
    if all(sold.values()):
        return ()
    late = [slug for slug, names in sold.items() if names]
    ids = (each.item_id for each in form.items)
    return tuple(item_id for item_id in ids if item_id.partition("__")[0] in late)


def left_out(form: CartForm, shop: Shop) -> tuple[str, ...]:
    """Return what a film that is over does not sell any more."""
    sold = _sold(form, shop)
    return tuple(each.item_id for each in form.items if _is_out(each.item_id, sold))


def _sold(form: CartForm, shop: Shop) -> dict[str, frozenset[str]]:
    """Return what each film of a cart sells after its end; mostly nothing."""
    return {state.slug: shop.late_items(state.slug) for state in campaigns_in(form, shop)}


def _is_out(item_id: str, sold: Mapping[str, frozenset[str]]) -> bool:
    if item_id.startswith(ADD_ON):
        return bool(sold) and all(sold.values())
    slug, _, inner = item_id.partition("__")
    names = sold.get(slug)
    return bool(names) and inner not in (names or ())

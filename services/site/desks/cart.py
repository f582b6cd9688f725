"""The counter: a cart's form comes in, a page goes out, or the way to a saved card."""

import secrets
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from contracts.api.checkout import Quote, Summary
from services.site.asking.asker import Caller
from services.site.asking.checkout import Checkout, Opened
from services.site.cart import orders, sums
from services.site.cart.answers import Refused
from services.site.cart.checks import Problem, standing_problems
from services.site.cart.edits import edit
from services.site.cart.form import CartForm
from services.site.cart.page import View, start_problems, step_problems
from services.site.cart.seen import price_changed
from services.site.cart.shop import Shop
from services.site.cart.troubles import Trouble, add_ons_alone, explain
from services.site.live.world import World
from services.site.public.add_ons import ADD_ON
from services.site.public.language import Language, prefix

STARTING = ("card", "pledge")
CHECKING = ("save", *STARTING)
SAVED = ("completed", "persisted")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The cart again, with the status of what is in the way."""

    view: View
    status: int = 200


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """The browser goes on elsewhere: to Stripe's page, or to the receipt it already has."""

    url: str


class CardStep(msgspec.Struct, frozen=True, kw_only=True):
    """The card is entered here: checkout's own answer, for the script."""

    raw: bytes


Outcome = Page | Away | CardStep


class Desk:
    """Serves one form at a time; nothing is remembered in between."""

    def __init__(
        self, checkout: Checkout, shop: Callable[[], Shop], *, challenge_key: str = ""
    ) -> None:
        self._checkout = checkout
        self._shop = shop
        self._challenge_key = challenge_key

    async def serve(self, form: CartForm, language: Language, caller: Caller) -> Outcome:
        """Do what the form's button says and return what is to be seen then."""
        if form.left_order:
            await self._checkout.abandon(form.left_order, caller)
        shop = self._shop()
        edited = edit(form, shop)
        form = edited.form
        if not form.items:
            empty = replace(form, step="cart")
            return Page(view=View(form=empty, shop=shop, note=edited.note, key=_key()))
        form, problems = _checked(form, shop, language)
        if form.deed in STARTING and not problems and form.expected_cents is not None:
            started = await self._start(form, shop, language, caller)
            if not isinstance(started, Refused):
                return _gone_on(started, form, language)
            return await self._shown(form, shop, language, caller, refused=started)
        page = await self._shown(form, shop, language, caller, problems=problems)
        is_asked = form.deed in ("next", *CHECKING)
        view = replace(page.view, note=edited.note)
        return replace(page, view=view, status=400 if problems and is_asked else page.status)

    async def _shown(
        self,
        form: CartForm,
        shop: Shop,
        language: Language,
        caller: Caller,
        *,
        problems: tuple[Problem, ...] = (),
        refused: Refused | None = None,
    ) -> Page:
        """Return the cart with its newest price, and what a start was refused for."""
        if not _can_be_priced(form, shop):
            trouble = add_ons_alone(form, language)
            view = View(form=form, shop=shop, trouble=trouble, problems=problems, key=_key())
            return Page(view=view)
        quote = refused.quote() if refused and refused.error == "price_changed" else None
        asked = quote or await self._checkout.quote(orders.quote_body(form, shop, language), caller)
        if refused and refused.error == "challenge_needed":
            form = replace(form, is_challenged=True)
        known = asked if isinstance(asked, Quote) else None
        no = refused or (asked if isinstance(asked, Refused) else None)
        trouble = _trouble(no, known, form, shop, language) if no else None
        view = View(
            form=form,
            shop=shop,
            quote=known,
            trouble=trouble,
            problems=problems or (trouble.problems if trouble else ()),
            key=_key(),
            challenge_key=self._challenge_key,
        )
        return Page(view=view, status=no.status if no else 200)

    async def _start(
        self, form: CartForm, shop: Shop, language: Language, caller: Caller
    ) -> Opened | Summary | Refused:
        """Start once per form. One that was used up either led somewhere, or is begun anew."""
        body = orders.start_body(form, shop, language)
        first = await self._checkout.start(body, caller, key=form.key)
        if isinstance(first, Opened) and form.deed == "pledge" and not first.started.url:
            return Refused(status=503, error="unavailable")
        if not isinstance(first, Refused) or first.error != "conflict":
            return first
        order_id = str(first.extra.get("orderId") or "")
        receipt = await self._checkout.receipt(order_id, caller) if order_id else first
        if isinstance(receipt, Summary) and receipt.status in SAVED:
            return receipt
        return await self._checkout.start(body, caller, key=_key())


def shop_of(world: World) -> Shop:
    """Return what is for sale now, as this process knows it."""
    campaigns = {
        slug: state for slug in world.campaigns if (state := world.state(slug)) is not None
    }
    left = {f"{ADD_ON}{name}": stock.remaining for name, stock in world.add_on_stock().items()}
    for state in campaigns.values():
        left |= state.add_on_left
    return Shop(
        campaigns=campaigns,
        platform=world.platform,
        platform_content=world.platform_add_ons,
        add_on_left=left,
        now=world.clock.now(),
    )


def _checked(
    form: CartForm, shop: Shop, language: Language
) -> tuple[CartForm, tuple[Problem, ...]]:
    """Return the form in the step it may be in, and what is wrong as far as it was asked."""
    wrong = step_problems(form, shop, language)
    if form.step == "card" and wrong:
        return replace(form, step="cart", is_checked=True), wrong
    if form.step == "cart":
        is_asked = form.is_checked and form.deed != "back"
        return form, wrong if is_asked else standing_problems(form, shop, language)
    if form.deed not in CHECKING and not form.is_checked:
        return form, ()
    form = replace(form, is_checked=True)
    needs_consent = form.deed in ("save", "pledge")
    return form, start_problems(form, shop, language, needs_consent=needs_consent)


def _can_be_priced(form: CartForm, shop: Shop) -> bool:
    return any(not item_id.startswith(ADD_ON) for item_id in orders.priced(form, shop))


def _trouble(
    no: Refused, quote: Quote | None, form: CartForm, shop: Shop, language: Language
) -> Trouble:
    if no.error == "price_changed" and quote is not None:
        was_complete = not _waited(form, quote)
        return price_changed(quote, form, shop, language, was_complete=was_complete)
    return explain(no, form, shop, language)


def _waited(form: CartForm, quote: Quote) -> bool:
    """Tell whether the page this came from could not know the shipping yet."""
    return sums.is_complete(quote) and form.was_estimated


def _gone_on(started: Opened | Summary, form: CartForm, language: Language) -> Outcome:
    if isinstance(started, Summary):
        slug = started.campaigns[0].campaign_slug
        place = f"{prefix(language)}/campaigns/{slug}/pledge-success/"
        return Away(url=f"{place}?order={started.order_id}")
    if form.deed == "pledge" and started.started.url:
        return Away(url=started.started.url)
    return CardStep(raw=started.raw)


def _key() -> str:
    return secrets.token_hex(16)

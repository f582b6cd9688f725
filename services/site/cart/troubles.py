"""What a refusal means to a person: which thing it is about, and the way out. Pure."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from services.site.cart.answers import Refused
from services.site.cart.checks import Problem, answer_field, item_field
from services.site.cart.form import CONTACT, CartForm, Pair
from services.site.cart.naming import thing_name
from services.site.cart.orders import priced
from services.site.cart.shop import Shop, Thing, product_of
from services.site.public.add_ons import add_on_id
from services.site.public.language import Language, catalogue

ITEM_FIELD = re.compile(r"items\[(\d{1,3})\](?:\.(\w+))?(?:\.(.+))?", re.DOTALL)
AWAY = (429, 500, 502, 503, 504)


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """A button that mends it: its name and value in the form, and its words."""

    button: Pair
    label: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that is not what the page showed before."""

    label: str
    before: str
    after: str


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the way, what to do, and the fields or figures it is about."""

    title: str
    text: str = ""
    tone: Literal["info", "lamp", "bad"] = "bad"
    way_out: WayOut | None = None
    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    is_passing: bool = False


def fields_to_mend(problems: Sequence[Problem], language: Language) -> Trouble:
    """Return the summary over fields that are not right yet."""
    title = catalogue(language).gettext("Please look at these fields")
    return Trouble(title=title, problems=tuple(problems))


def add_ons_alone(form: CartForm, language: Language) -> Trouble | None:
    """Return what to say of a cart that pledges to no film."""
    if form.items and all(product_of(each.item_id) for each in form.items):
        texts = catalogue(language)
        return Trouble(
            title=texts.gettext("Add-ons come with a pledge."),
            text=texts.gettext("Put in a reward, or any amount for a film, and they go along."),
            tone="info",
        )
    return None


def explain(refused: Refused, form: CartForm, shop: Shop, language: Language) -> Trouble:
    """Return a refusal in words. What a changed price says is in `seen`."""
    texts = catalogue(language)
    if refused.error in ("challenge_needed", "too_many_cards"):
        return _too_many_cards(refused, form, language)
    if refused.error == "shipping_unavailable":
        return carrier_away(language)
    # A sentence that checkout does not know yet is one of a version that is being rolled out.
    if refused.status in AWAY or refused.error == "unknown_consent":
        return Trouble(
            title=texts.gettext("We are busy for a moment. Nothing was changed."),
            text=texts.gettext("What you chose is still here. Try again in a few seconds."),
            tone="lamp",
            way_out=WayOut(button=("do", "update"), label=texts.gettext("Try again")),
            is_passing=True,
        )
    about = _about(refused, form, shop)
    known = (
        _state(refused, about, shop, language),
        _answer(refused, about, language),
        _input(refused, language),
    )
    for explained in known:
        if explained:
            return explained
    return Trouble(
        title=texts.gettext("Something in your cart has changed. Nothing was saved."),
        text=texts.gettext("Take it out and put it in again from the film's page."),
        way_out=_out(about, shop, language),
    )


def carrier_away(language: Language) -> Trouble:
    """Return what to say while nobody can tell what posting costs."""
    texts = catalogue(language)
    return Trouble(
        title=texts.gettext("We can't ask the carrier for its price just now."),
        text=texts.gettext("So nothing that is posted can be pledged for. Try again in a while."),
        tone="lamp",
        is_passing=True,
    )


def _too_many_cards(refused: Refused, form: CartForm, language: Language) -> Trouble:
    texts = catalogue(language)
    title = texts.gettext("Too many cards did not work here. Nothing was charged.")
    if refused.error == "too_many_cards":
        text = texts.gettext("Try again in an hour, or from another connection.")
    elif form.is_scripted:
        text = texts.gettext("Show below that you are a person, and the card form opens.")
    else:
        text = texts.gettext("Try again in an hour, or with JavaScript switched on.")
    return Trouble(title=title, text=text, tone="lamp")


def _about(refused: Refused, form: CartForm, shop: Shop) -> Thing | None:
    """Return the thing a refusal names: by campaign and tier, by product, or by its place."""
    extra = refused.extra
    tier = shop.thing(f"{refused.campaign}__{extra.get('tierId')}")
    if tier:
        return tier
    if extra.get("productId"):
        wanted = add_on_id(str(extra["productId"]), str(extra.get("variantId") or ""))
        found = shop.thing(wanted)
        return found or _in_cart(form, shop, str(extra["productId"]))
    ids = priced(form, shop)
    for name in refused.fields:
        matched = ITEM_FIELD.fullmatch(name)
        if matched and int(matched[1]) < len(ids):
            return shop.thing(ids[int(matched[1])])
    return None


def _in_cart(form: CartForm, shop: Shop, product_id: str) -> Thing | None:
    ids = (each.item_id for each in form.items if product_of(each.item_id) == product_id)
    return shop.thing(next(ids, ""))


def _state(refused: Refused, about: Thing | None, shop: Shop, language: Language) -> Trouble | None:
    texts = catalogue(language)
    name = {"name": thing_name(about, language)}
    if refused.error == "sold_out":
        return _sold_out(refused, about, shop, language)
    if refused.error in ("not_live", "deadline_passed"):
        state = shop.campaign(refused.campaign)
        title = {"title": state.definition.title if state else refused.campaign}
        return Trouble(
            title=texts.gettext("%(title)s is not taking pledges now. Nothing was saved.") % title,
            text=texts.gettext("Take it out of the cart to go on with the rest."),
            way_out=WayOut(
                button=("remove", refused.campaign),
                label=texts.gettext("Take out %(title)s") % title,
            ),
        )
    if refused.error == "threshold_locked" and about:
        return Trouble(
            title=texts.gettext("%(name)s is not open yet. Nothing was saved.") % name,
            text=texts.gettext("Take it out of the cart, or choose another reward."),
            way_out=_out(about, shop, language),
        )
    return None


def _sold_out(refused: Refused, about: Thing | None, shop: Shop, language: Language) -> Trouble:
    texts = catalogue(language)
    left = refused.extra.get("remaining")
    name = {"name": thing_name(about, language)}
    if about is None:
        title = texts.gettext("Something in your cart is sold out. Nothing was saved.")
    elif isinstance(left, int) and left > 0:
        return Trouble(
            title=texts.ngettext(
                "Only %(num)s of %(name)s is left. Nothing was saved.",
                "Only %(num)s of %(name)s are left. Nothing was saved.",
                left,
            )
            % {**name, "num": left},
            text=texts.gettext("Take fewer, or choose another reward."),
            problems=(_fewer(about, left, language),),
        )
    else:
        title = texts.gettext("Somebody was faster: %(name)s is sold out. Nothing was saved.")
        title %= name
    return Trouble(
        title=title,
        text=texts.gettext("Take it out of the cart, or choose another reward."),
        way_out=_out(about, shop, language),
    )


def _fewer(about: Thing, left: int, language: Language) -> Problem:
    words = catalogue(language).gettext("Take at most %(num)s.") % {"num": left}
    return Problem(field=item_field(about.item_id), message=words)


def _answer(refused: Refused, about: Thing | None, language: Language) -> Trouble | None:
    """Return which answer of a reward is not one that it takes."""
    if about is None:
        return None
    found = []
    for name in refused.fields:
        matched = ITEM_FIELD.fullmatch(name)
        for index, question in enumerate(about.questions):
            if matched and (matched[2], matched[3]) == ("fields", question.name):
                words = catalogue(language).gettext("This can't be taken: %(label)s.")
                message = words % {"label": question.name}
                found.append(Problem(field=answer_field(about.item_id, index), message=message))
    return fields_to_mend(found, language) if found else None


def _input(refused: Refused, language: Language) -> Trouble | None:
    """Return which fields of the form an input refusal names, if it names any of ours."""
    texts = catalogue(language)
    if refused.error == "cart_too_large":
        return Trouble(
            title=texts.gettext("This is too much for one checkout. Nothing was saved."),
            text=texts.gettext("Take some of it out, and pledge for the rest afterwards."),
        )
    names = [_ours(name) for name in refused.fields]
    if refused.error == "country_not_served" or "country" in names:
        message = texts.gettext("Nothing is posted to this country yet.")
        return fields_to_mend((Problem(field="country", message=message),), language)
    ours = [name for name in names if name in CONTACT]
    if not ours:
        return None
    message = texts.gettext("Check this field.")
    return fields_to_mend([Problem(field=name, message=message) for name in ours], language)


def _ours(name: str) -> str:
    """Return which field of our form checkout speaks of; a whole address is its postal code."""
    if name in ("shippingAddress", "billingAddress"):
        return "postalCode"
    return name.removeprefix("shippingAddress.").removeprefix("billingAddress.")


def _out(about: Thing | None, shop: Shop, language: Language) -> WayOut | None:
    if about is None:
        return None
    label = catalogue(language).gettext("Take out %(title)s") % {
        "title": thing_name(about, language)
    }
    return WayOut(button=("remove", about.item_id), label=label)

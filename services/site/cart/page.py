"""A cart as it stands becomes its page: rows, figures, fields, and what is in the way. Pure."""

import msgspec

from contracts.api.checkout import Quote
from services.site.cart import details, rows, sums
from services.site.cart.checks import (
    POSTED_TO,
    TAXED_AT,
    Problem,
    answer_problems,
    consent_problem,
    contact_problems,
    is_posted,
    number_problems,
    standing_problems,
)
from services.site.cart.consent import has_consent, shown_consent
from services.site.cart.edits import Note
from services.site.cart.form import ANSWER, CONTACT, ITEM, SEEN, CartForm
from services.site.cart.late import is_charged_now, is_late
from services.site.cart.naming import thing_name
from services.site.cart.seen import seen_figures
from services.site.cart.shop import Shop, anchor_of, campaigns_in, tip_percent
from services.site.cart.shown import CartPage, Details, Field, Hidden
from services.site.cart.troubles import Trouble, carrier_away, fields_to_mend
from services.site.cart.why import is_taxed_by_place
from services.site.public import formatting
from services.site.public.language import Language, catalogue


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is made of: the cart, what it costs, what was done, what is in the way.

    `key` is the name under which a start from this page is done once.
    """

    form: CartForm
    shop: Shop
    quote: Quote | None = None
    note: Note = Note()
    trouble: Trouble | None = None
    problems: tuple[Problem, ...] = ()
    key: str = ""
    challenge_key: str = ""


def step_problems(form: CartForm, shop: Shop, language: Language) -> tuple[Problem, ...]:
    """Return what keeps a cart from its second step."""
    return (
        *standing_problems(form, shop, language),
        *number_problems(form, shop, language),
        *answer_problems(form, shop, language),
    )


def start_problems(
    form: CartForm, shop: Shop, language: Language, *, needs_consent: bool
) -> tuple[Problem, ...]:
    """Return what keeps a cart from its card."""
    posted, taxed = is_posted(form, shop), form.is_taxed_by_place
    found = contact_problems(form, POSTED_TO if posted else TAXED_AT if taxed else (), language)
    if not needs_consent or has_consent(form, shop, language):
        return found
    return (*found, consent_problem(language))


def cart_page(view: View, language: Language) -> CartPage:
    """Return the page of a cart in the step it is in."""
    form, shop, quote = view.form, view.shop, view.quote
    if not form.items:
        return CartPage(
            language=language,
            is_scripted=form.is_scripted,
            said=_said(view, language),
            trouble=view.trouble,
            shelves=rows.shelves(form, shop, language),
            hidden=_carried(view, language),
        )
    states = campaigns_in(form, shop)
    is_cart = form.step == "cart"
    return CartPage(
        language=language,
        step=form.step,
        is_scripted=form.is_scripted,
        is_quoted=quote is not None,
        said=_said(view, language),
        focus=_focus(view),
        trouble=_trouble(view, language),
        items=rows.cart_items(form, shop, quote, view.problems, language),
        anchors=rows.anchors(form, states, anchor_of(form, states)),
        groups=rows.add_on_groups(form, shop, language) if is_cart else (),
        shelves=rows.shelves(form, shop, language) if is_cart else (),
        destination=_destination(view, language),
        tip=sums.tip(form, shop, quote, language),
        totals=sums.totals(quote, form, shop, language) if quote else (),
        promise=sums.promise(quote, shop, language),
        is_charged_now=quote is not None and is_charged_now(quote.campaigns),
        save_label=sums.save_label(quote, language),
        details=None if is_cart else _details(view, language),
        hidden=_carried(view, language),
    )


def _asks_destination(view: View) -> bool:
    """Tell whether the first step asks where it goes: only where that changes a figure."""
    if view.form.step != "cart" or not is_posted(view.form, view.shop):
        return False
    is_waiting = view.quote is not None and not sums.is_complete(view.quote)
    return is_waiting or bool(view.form.contact.get("postalCode"))


def _destination(view: View, language: Language) -> tuple[Field, ...]:
    if not _asks_destination(view):
        return ()
    has_state = _is_taxed_by_place(view)
    return details.destination_fields(
        view.form, view.shop, view.problems, language, has_state=has_state
    )


def _details(view: View, language: Language) -> Details:
    form, shop, quote, problems = view.form, view.shop, view.quote, view.problems
    return Details(
        email=details.email_field(form, problems, language, is_charged_now=is_late(form, shop)),
        address=_address(view, language),
        is_posted=is_posted(form, shop),
        delivery=details.delivery_options(quote, form, language) if quote else (),
        consent=shown_consent(quote, form, shop, problems, language) if quote else None,
        pay=sums.pay_rows(quote, shop, language) if quote else (),
        challenge_key=view.challenge_key if form.is_challenged else "",
    )


def _address(view: View, language: Language) -> tuple[Field, ...]:
    """Return the fields for where it goes; where nothing goes, those the tax depends on."""
    if is_posted(view.form, view.shop):
        return details.address_fields(view.form, view.shop, view.problems, language)
    if _is_taxed_by_place(view):
        return details.place_fields(view.form, view.problems, language)
    return ()


def _is_taxed_by_place(view: View) -> bool:
    return view.quote is not None and is_taxed_by_place(view.quote.campaigns)


def _trouble(view: View, language: Language) -> Trouble | None:
    if view.trouble:
        return view.trouble
    if view.problems:
        return fields_to_mend(view.problems, language)
    is_away = view.quote and view.quote.states.get("shipping") == "provider_unavailable"
    return carrier_away(language) if is_away else None


def _said(view: View, language: Language) -> str:
    """Return what a screen reader hears after the change: what was done, and the new total."""
    texts = catalogue(language)
    parts = [_noted(view.note, language)]
    if view.quote:
        label = sums.total_label(view.quote, language)
        amount = formatting.money(view.quote.totals.amount, always_cents=True)
        parts.append(texts.gettext("%(label)s: %(amount)s") % {"label": label, "amount": amount})
    return " ".join(part for part in parts if part)


def _noted(note: Note, language: Language) -> str:
    texts = catalogue(language)
    name = thing_name(note.thing, language)
    if note.kind == "replaced":
        old = thing_name(note.replaced, language)
        if note.thing and note.thing.kind == "add_on":
            return texts.gettext("%(name)s replaces %(old)s.") % {"name": name, "old": old}
        return texts.gettext(
            "This film takes one reward per pledge. %(name)s replaces %(old)s."
        ) % {"name": name, "old": old}
    if note.kind == "added":
        return texts.gettext("%(name)s is in your cart.") % {"name": name}
    if note.kind == "removed":
        return texts.gettext("%(name)s was taken out.") % {"name": name} if name else ""
    if note.kind == "gone":
        return texts.gettext("That is no longer offered.")
    return ""


def _focus(view: View) -> str:
    """Return the field to go to when the one that was used is gone."""
    if view.trouble or view.problems:
        return "trouble"
    if view.note.kind == "removed" or view.form.deed in ("next", "back"):
        return "cart-title"
    return ""


def _carried(view: View, language: Language) -> tuple[Hidden, ...]:
    """Return what the form carries along because this step shows no field for it."""
    form = view.form
    found = [
        Hidden(name="step", value=form.step),
        Hidden(name="key", value=view.key),
        Hidden(name="tip-was", value=str(tip_percent(form, view.shop))),
        *(Hidden(name=name, value=text) for name, text in form.attribution.items()),
    ]
    flags = {
        "checked": form.is_checked,
        "challenged": form.is_challenged,
        "taxed-by-place": _is_taxed_by_place(view),
    }
    found += [Hidden(name=name, value="1") for name, is_set in flags.items() if is_set]
    if view.quote and not sums.is_complete(view.quote):
        found.append(Hidden(name="estimated", value="1"))
    if view.quote:
        found.append(Hidden(name="expected", value=str(view.quote.totals.amount)))
        figures = seen_figures(view.quote).items()
        found += [Hidden(name=f"{SEEN}{name}", value=str(cents)) for name, cents in figures]
    if form.step == "card":
        return (*found, *_chosen(form, view.shop))
    shown = {field.name for field in _destination(view, language)}
    found += [
        Hidden(name=name, value=form.contact.get(name, ""), is_private=True)
        for name in CONTACT
        if name not in shown and form.contact.get(name)
    ]
    return (*found, *((Hidden(name="option", value=form.option),) if form.option else ()))


def _chosen(form: CartForm, shop: Shop) -> tuple[Hidden, ...]:
    """Return the first step's fields for the second, which shows none of them."""
    anchor = anchor_of(form, campaigns_in(form, shop))
    return (
        *(Hidden(name=f"{ITEM}{each.item_id}", value=each.typed) for each in form.items),
        *(
            Hidden(name=f"{ANSWER}{item_id}.{name}", value=text, is_private=True)
            for item_id, given in form.answers.items()
            for name, text in given.items()
        ),
        Hidden(name="anchor", value=anchor),
    )

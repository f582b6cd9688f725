"""The second step of a cart: who, where to, how it is posted. Pure."""

from collections.abc import Sequence

from contracts.api.checkout import Quote
from services.site.cart.checks import Problem, address_labels, is_home, state_code
from services.site.cart.form import CartForm
from services.site.cart.shop import Shop
from services.site.cart.shown import Choice, Field
from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.places import COUNTRIES, HOME, STATES, countries

TOKENS = {
    "name": "shipping name",
    "address1": "shipping address-line1",
    "address2": "shipping address-line2",
    "city": "shipping address-level2",
    "postalCode": "shipping postal-code",
    "province": "shipping address-level1",
    "country": "shipping country",
}


def email_field(
    form: CartForm, problems: Sequence[Problem], language: Language, *, is_charged_now: bool
) -> Field:
    """Return the field for the email, which everybody fills in."""
    texts = catalogue(language)
    return Field(
        name="email",
        label=texts.gettext("Email"),
        autocomplete="email",
        value=form.contact.get("email", ""),
        error=_errors(problems).get("email", ""),
        hint=texts.gettext("Your receipt goes here.")
        if is_charged_now
        else texts.gettext("Your receipt and the link to cancel go here."),
        kind="email",
        inputmode="email",
        length_max=254,
    )


def address_fields(
    form: CartForm, shop: Shop, problems: Sequence[Problem], language: Language
) -> tuple[Field, ...]:
    """Return the fields of an address, in the order people fill them in."""
    names = tuple(address_labels(language))
    return _some(names, form, problems, language, among=_posted_to(shop))


def destination_fields(
    form: CartForm,
    shop: Shop,
    problems: Sequence[Problem],
    language: Language,
    *,
    has_state: bool,
) -> tuple[Field, ...]:
    """Return the fields an estimate of the shipping needs; the state only where it is taxed by."""
    names = ("country", "postalCode", *(("province",) if has_state else ()))
    return _some(names, form, problems, language, among=_posted_to(shop))


def place_fields(
    form: CartForm, problems: Sequence[Problem], language: Language
) -> tuple[Field, ...]:
    """Return the fields that say where somebody lives, as far as the tax depends on it."""
    return _some(("postalCode", "province", "country"), form, problems, language)


def _posted_to(shop: Shop) -> tuple[str, ...]:
    return tuple(shop.platform.shipping_countries) or COUNTRIES


def _some(
    names: tuple[str, ...],
    form: CartForm,
    problems: Sequence[Problem],
    language: Language,
    *,
    among: tuple[str, ...] = COUNTRIES,
) -> tuple[Field, ...]:
    errors = _errors(problems)
    return tuple(_field(name, form, errors, language, among) for name in names)


def _field(
    name: str,
    form: CartForm,
    errors: dict[str, str],
    language: Language,
    among: tuple[str, ...],
) -> Field:
    label, value = address_labels(language)[name], form.contact.get(name, "")
    options: tuple[tuple[str, str], ...] = ()
    if name == "country":
        value, options = value or HOME, countries(language, among)
    elif name == "province" and is_home(form):
        label = catalogue(language).gettext("State")
        # Without scripts the country may change after the field was drawn: there it is a text.
        options = tuple(STATES.items()) if form.is_scripted else ()
        value = state_code(value) if value else ""
    return Field(
        name=name,
        label=label,
        autocomplete=TOKENS[name],
        value=value,
        error=errors.get(name, ""),
        length_max=20 if name == "postalCode" else 200,
        is_optional=name == "address2" or (name == "province" and not is_home(form)),
        options=options,
    )


def delivery_options(quote: Quote, form: CartForm, language: Language) -> tuple[Choice, ...]:
    """Return the ways of posting, where there is more than one."""
    if len(quote.shipping_options) < 2:
        return ()
    has_chosen = any(option.selected for option in quote.shipping_options)
    wanted = form.option or "standard"
    return tuple(
        Choice(
            value=option.id,
            label=option_name(option.id, language),
            amount=formatting.money(option.amount, always_cents=True),
            is_chosen=option.selected if has_chosen else option.id == wanted,
        )
        for option in quote.shipping_options
    )


def option_name(option: str, language: Language) -> str:
    """Return what a way of posting is called."""
    texts = catalogue(language)
    names = {
        "standard": texts.gettext("Standard"),
        "signature_required": texts.gettext("Signature on delivery"),
        "adult_signature_required": texts.gettext("Signature of an adult on delivery"),
    }
    return names.get(option, option)


def _errors(problems: Sequence[Problem]) -> dict[str, str]:
    return {problem.field: problem.message for problem in problems}

"""What is still wrong with a cart, each problem at its field and in words. Pure."""

import re
from decimal import Decimal

import msgspec

from contracts.ids import canonical_email
from contracts.money import Cents, dollars_to_cents
from services.site.cart.form import CartForm, takes_amount
from services.site.cart.late import left_out, mixed_in
from services.site.cart.shop import Question, Shop, Thing, lonely_add_ons
from services.site.public.language import Language, catalogue
from services.site.public.places import HOME, STATES

AMOUNT = re.compile(r"\$?\s*(\d{1,7}|\d{1,3}(?:,\d{3}){1,2})(?:[.,](\d{1,2}))?")
AMOUNT_CENTS_MIN = 100
ZIP = re.compile(r"\d{5}(?:-?\d{4})?")
NUMBER = re.compile(r"-?\d{1,12}(?:[.,]\d{1,6})?")
TAXED_AT = ("postalCode", "country")
POSTED_TO = ("name", "address1", "city", "postalCode", "country")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and the id of the field that mends it."""

    field: str
    message: str


def amount_cents(typed: str) -> Cents | None:
    """Return dollars as somebody writes them, None for anything else or less than one.

    >>> amount_cents("$1,250.50"), amount_cents("12,5"), amount_cents("0.50")
    (125050, 1250, None)
    """
    matched = AMOUNT.fullmatch(typed.strip())
    if matched is None:
        return None
    whole, part = matched[1].replace(",", ""), matched[2] or "0"
    try:
        cents = dollars_to_cents(Decimal(f"{whole}.{part}"))
    except ValueError:
        return None
    return cents if cents >= AMOUNT_CENTS_MIN else None


def quantity(typed: str) -> int | None:
    """Return a whole number from 1, None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < int(typed) < 10_000 else None


def item_field(item_id: str) -> str:
    """Return the id of the field that holds how many, or how much."""
    return f"item-{item_id}"


def answer_field(item_id: str, index: int) -> str:
    """Return the id of the field that holds an answer."""
    return f"answer-{item_id}-{index}"


def standing_problems(form: CartForm, shop: Shop, language: Language) -> tuple[Problem, ...]:
    """Return which items cannot be had as the cart is, whether anybody asked or not."""
    texts = catalogue(language)
    gone = texts.gettext("Take out what is no longer offered.")
    over = left_out(form, shop)
    found = [
        Problem(field=item_field(each.item_id), message=gone)
        for each in form.items
        if each.item_id in over or shop.thing(each.item_id) is None
    ]
    apart = texts.gettext(
        "This is charged now, and the rest of your cart later. Take it out, and pay for it on"
        " its own."
    )
    mixed = [item_id for item_id in mixed_in(form, shop) if item_id not in over]
    found += [Problem(field=item_field(item_id), message=apart) for item_id in mixed]
    for item_id, slug in lonely_add_ons(form, shop).items():
        state = shop.campaign(slug)
        words = texts.gettext("Comes with a pledge to %(title)s. Put one in, or take this out.")
        title = state.definition.title if state else slug
        found.append(Problem(field=item_field(item_id), message=words % {"title": title}))
    return tuple(found)


def number_problems(form: CartForm, shop: Shop, language: Language) -> tuple[Problem, ...]:
    """Return which items say no number of things, or no amount of money."""
    texts = catalogue(language)
    found = []
    for each in form.items:
        if takes_amount(each.item_id):
            if amount_cents(each.typed) is not None:
                continue
            message = texts.gettext("Write an amount from $1, with at most two decimals.")
        else:
            if quantity(each.typed) is not None:
                continue
            message = texts.gettext("Use a whole number from 1.")
        if shop.thing(each.item_id):
            found.append(Problem(field=item_field(each.item_id), message=message))
    return tuple(found)


def answer_problems(form: CartForm, shop: Shop, language: Language) -> tuple[Problem, ...]:
    """Return which questions of the rewards are not answered, or not as they were asked."""
    found = []
    for each in form.items:
        thing = shop.thing(each.item_id)
        for index, question in enumerate(thing.questions if thing else ()):
            given = form.answers.get(each.item_id, {}).get(question.name, "")
            message = _answer_problem(question, given, language)
            if message:
                found.append(Problem(field=answer_field(each.item_id, index), message=message))
    return tuple(found)


def fits(question: Question, given: str) -> bool:
    """Tell whether an answer is one the question takes."""
    if not given:
        return not question.is_required
    if question.kind == "number":
        return NUMBER.fullmatch(given) is not None
    return question.kind != "choice" or given in question.choices


def _answer_problem(question: Question, given: str, language: Language) -> str:
    texts = catalogue(language)
    if fits(question, given):
        return ""
    if not given:
        words = texts.gettext("Fill in: %(label)s.")
    elif question.kind == "number":
        words = texts.gettext("Use a number: %(label)s.")
    else:
        words = texts.gettext("Choose one: %(label)s.")
    return words % {"label": question.name}


def contact_problems(
    form: CartForm, needed: tuple[str, ...], language: Language
) -> tuple[Problem, ...]:
    """Return what is wrong with the email and with the parts of the address that are needed."""
    return (*_email_problems(form, language), *address_problems(form, needed, language))


def _email_problems(form: CartForm, language: Language) -> tuple[Problem, ...]:
    texts = catalogue(language)
    email = form.contact.get("email", "")
    if not email:
        message = texts.gettext("Add your email address. The receipt goes there.")
    elif _is_email(email):
        return ()
    else:
        message = texts.gettext("Check the email address. It looks like name@example.org.")
    return (Problem(field="email", message=message),)


def address_problems(
    form: CartForm, needed: tuple[str, ...], language: Language
) -> tuple[Problem, ...]:
    """Return which parts of the address are missing or malformed, in the form's order."""
    if not needed:
        return ()
    texts = catalogue(language)
    labels = address_labels(language)
    if is_home(form):
        labels["province"] = texts.gettext("State")
    wanted = (*needed, *(("province",) if is_home(form) else ()))
    found = [
        Problem(field=name, message=texts.gettext("Fill in: %(label)s.") % {"label": labels[name]})
        for name in labels
        if name in wanted and not form.contact.get(name)
    ]
    postal_code, province = form.contact.get("postalCode", ""), form.contact.get("province", "")
    if is_home(form) and postal_code and not ZIP.fullmatch(postal_code):
        message = texts.gettext("Use five digits, or five plus four.")
        found.append(Problem(field="postalCode", message=message))
    if is_home(form) and province and state_code(province) not in STATES:
        message = texts.gettext("Write the state as two letters, such as NM.")
        found.append(Problem(field="province", message=message))
    order = list(labels)
    return tuple(sorted(found, key=lambda problem: order.index(problem.field)))


def address_labels(language: Language) -> dict[str, str]:
    """Return what the fields of the address are called, in the order they stand in."""
    _ = catalogue(language).gettext
    return {
        "name": _("Full name"),
        "address1": _("Street and number"),
        "address2": _("Apartment, floor"),
        "city": _("City"),
        "postalCode": _("Postal code"),
        "province": _("State or province"),
        "country": _("Country"),
    }


def is_home(form: CartForm) -> bool:
    """Tell whether the address is in the platform's own country."""
    return form.contact.get("country", HOME) in (HOME, "")


def state_code(written: str) -> str:
    """Return a state's two letters, whether they or its name was written."""
    folded = written.strip().casefold()
    by_name = {name.casefold(): code for code, name in STATES.items()}
    return by_name.get(folded, written.strip().upper())


def consent_problem(language: Language) -> Problem:
    """Return what is wrong while the box beside the sentence about the charge is not ticked."""
    message = catalogue(language).gettext(
        "Tick the sentence about the charge, so that we may save your card."
    )
    return Problem(field="consent", message=message)


def is_posted(form: CartForm, shop: Shop) -> bool:
    """Tell whether anything in the cart is posted."""
    things: list[Thing | None] = [shop.thing(each.item_id) for each in form.items]
    return any(thing.is_physical for thing in things if thing)


def _is_email(text: str) -> bool:
    try:
        canonical_email(text)
    except ValueError:
        return False
    return True

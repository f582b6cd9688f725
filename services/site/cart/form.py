"""A cart as the pairs of a form: texts in, one cart out. Pure.

The same form is the drawer, the page, and the way without scripts. Whatever a person typed
stays as typed until it is priced, so that it can be shown again with what is wrong about it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from contracts.attribution import clean_word
from contracts.ids import ORDER_PATTERN
from contracts.refusals import InputRefused
from services.site.public.add_ons import ADD_ON

Pair = tuple[str, str]
Step = Literal["cart", "card"]

ITEM, ANSWER, VARIANT, SEEN = "item.", "answer.", "variant.", "seen."
BUTTONS = ("remove", "less", "more", "add", "do")
OPTIONS = ("standard", "signature_required", "adult_signature_required")
DEEDS = ("update", "next", "back", "save", "card", "pledge")
PLACE = ("address1", "address2", "city", "province", "postalCode", "country")
CONTACT = ("email", "name", *PLACE)
ATTRIBUTION = ("ref", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
TEXT_LENGTH_MAX = 500
NAME_LENGTH_MAX = 400
CHALLENGE = "cf-turnstile-response"
CHALLENGE_LENGTH_MAX = 2_048
ITEMS_MAX = 100


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the cart: how many of it, or how many dollars, as typed."""

    item_id: str
    typed: str


class CartForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart form says.

    `button` is what was pressed: its name and value. `expected_cents` and `seen` are the
    figures on the page it was pressed on; nothing is priced by them. `consent` is the value
    of the ticked box, which names the wording and the sums of the sentences beside it.
    """

    items: tuple[Chosen, ...] = ()
    answers: dict[str, dict[str, str]] = {}
    tip_percent: int | None = None
    anchor: str = ""
    option: str = ""
    contact: dict[str, str] = {}
    attribution: dict[str, str] = {}
    variants: dict[str, str] = {}
    pick: str = ""
    amount: str = ""
    consent: str = ""
    expected_cents: int | None = None
    seen: dict[str, int] = {}
    key: str = ""
    challenge: str = ""
    step: Step = "cart"
    button: Pair = ("do", "update")
    is_checked: bool = False
    # Whether a figure of the page still waited for the address.
    was_estimated: bool = False
    is_scripted: bool = False
    # Whether the page this came from knew the tax to depend on where somebody lives.
    is_taxed_by_place: bool = False
    # Whether this browser was asked to show that a person is at it.
    is_challenged: bool = False
    # An order whose card step was left; its units are given back first.
    left_order: str = ""

    @property
    def deed(self) -> str:
        """Return what is to be done besides showing the cart."""
        name, value = self.button
        return value if name == "do" else name

    def typed(self, item_id: str) -> str | None:
        """Return what was typed for an item, None when it is not in the cart."""
        return next((each.typed for each in self.items if each.item_id == item_id), None)


def read_form(pairs: Sequence[Pair], *, referred: Sequence[Pair] = ()) -> CartForm:
    """Return the cart a form describes. What it does not know is left out.

    `referred` is the query of the page the form stood on: without scripts it is the only
    word about where the visitor came from.
    """
    _require_clean(pairs)
    fields = dict(pairs)
    return CartForm(
        items=_items(pairs),
        answers=_answers(pairs),
        tip_percent=_tip(fields),
        anchor=fields.get("anchor", ""),
        option=fields["option"] if fields.get("option") in OPTIONS else "",
        contact={name: fields.get(name, "").strip() for name in CONTACT},
        attribution=_attribution(fields, dict(referred)),
        variants=_named(pairs, VARIANT),
        pick=fields.get("pick", ""),
        amount=fields.get("amount", "").strip(),
        consent=fields.get("consent", ""),
        expected_cents=_number(fields.get("expected", "")),
        seen={
            name: cents
            for name, text in _named(pairs, SEEN).items()
            if (cents := _number(text)) is not None
        },
        key=fields.get("key", "")[:100],
        challenge=fields.get(CHALLENGE, ""),
        step="card" if fields.get("step") == "card" else "cart",
        button=_button(fields),
        is_checked="checked" in fields,
        was_estimated="estimated" in fields,
        is_scripted="script" in fields,
        is_taxed_by_place="taxed-by-place" in fields,
        is_challenged="challenged" in fields,
        left_order=_order(fields.get("order", "")),
    )


def _items(pairs: Iterable[Pair]) -> tuple[Chosen, ...]:
    """Return the items in the form's order. One that is there twice is there twice as often."""
    found: dict[str, str] = {}
    for item_id, typed in ((name[len(ITEM) :], text) for name, text in pairs if _is(name, ITEM)):
        known, more = _number(found.get(item_id, "")), _number(typed)
        is_counted = known is not None and more is not None and not takes_amount(item_id)
        found[item_id] = str((known or 0) + (more or 0)) if is_counted else typed.strip()
    if len(found) > ITEMS_MAX:
        problem = f"at most {ITEMS_MAX} different things"
        raise InputRefused("invalid_input", "The cart is too full.", fields={"items": problem})
    return tuple(Chosen(item_id=item_id, typed=typed) for item_id, typed in found.items())


def takes_amount(item_id: str) -> bool:
    """Tell whether an item is an amount of dollars instead of a number of things."""
    _, _, inner = item_id.partition("__")
    is_support = inner == "custom-support" or inner.startswith("support__")
    return is_support and not item_id.startswith(ADD_ON)


def _answers(pairs: Iterable[Pair]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, text in _named(pairs, ANSWER).items():
        item_id, _, question = name.partition(".")
        found.setdefault(item_id, {})[question] = text.strip()
    return found


def _tip(fields: dict[str, str]) -> int | None:
    """Return the tip that was chosen: the stop or the slider, whichever was moved."""
    before = fields.get("tip-was", "")
    for name in ("tip-stop", "tip"):
        if fields.get(name, before) != before:
            return _number(fields[name])
    return _number(before or fields.get("tip-stop", fields.get("tip", "")))


def _attribution(fields: dict[str, str], referred: dict[str, str]) -> dict[str, str]:
    known = {
        name: clean_word(fields.get(name)) or clean_word(referred.get(name)) for name in ATTRIBUTION
    }
    return {name: word for name, word in known.items() if word}


def _button(fields: dict[str, str]) -> Pair:
    for name in BUTTONS:
        if name in fields:
            value = fields[name]
            return (name, value) if name != "do" or value in DEEDS else ("do", "update")
    return ("do", "update")


def _order(text: str) -> str:
    return text if ORDER_PATTERN.fullmatch(text) else ""


def _named(pairs: Iterable[Pair], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: text for name, text in pairs if _is(name, prefix)}


def _is(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and len(name) > len(prefix)


def _number(text: str) -> int | None:
    """Return a whole number of at most nine digits, None for anything else."""
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= 9 else None


def _require_clean(pairs: Iterable[Pair]) -> None:
    """Refuse what no field of ours can hold: a browser's own input never does.

    Where somebody came from is a word of the link they followed, and no input: it is cleaned.
    """
    for name, text in pairs:
        if name in ATTRIBUTION:
            continue
        length_max = CHALLENGE_LENGTH_MAX if name == CHALLENGE else TEXT_LENGTH_MAX
        if len(name) > NAME_LENGTH_MAX or len(text) > length_max:
            raise InputRefused(
                "invalid_input", "That text is too long.", fields={name[:80]: "too long"}
            )
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name + text):
            problem = "control characters are not allowed"
            raise InputRefused("invalid_input", problem.capitalize(), fields={name[:80]: problem})

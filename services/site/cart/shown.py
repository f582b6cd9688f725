"""What a cart page shows, in words and ready to print. Templates decide nothing."""

from typing import Literal

import msgspec

from services.site.cart.form import Step
from services.site.cart.troubles import Trouble
from services.site.public.language import Language
from services.site.public.state import Picture
from services.site.public.views import AddOnCard


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A text field of the form. `name` is its id as well."""

    name: str
    label: str
    autocomplete: str
    value: str = ""
    error: str = ""
    hint: str = ""
    kind: Literal["text", "email"] = "text"
    inputmode: str = ""
    length_max: int = 200
    is_optional: bool = False
    options: tuple[tuple[str, str], ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A question a reward asks, and what was answered."""

    field: str
    name: str
    label: str
    kind: str
    value: str
    error: str
    is_required: bool
    choices: tuple[str, ...] = ()


class CartItem(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the cart."""

    item_id: str
    field: str
    name: str
    of: str
    url: str
    picture: Picture | None
    typed: str
    price: str
    error: str
    is_amount: bool
    has_stepper: bool
    can_less: bool
    can_more: bool
    quantity_max: int
    answers: tuple[Answer, ...] = ()


class AddOnGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Add-ons of one campaign, or of the platform."""

    title: str
    note: str
    cards: tuple[AddOnCard, ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several: a tip stop, a campaign, a way of posting."""

    value: str
    label: str
    is_chosen: bool = False
    amount: str = ""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What else could be put in, by film: the way to a bundle without scripts."""

    title: str
    choices: tuple[Choice, ...]


class Tip(msgspec.Struct, frozen=True, kw_only=True):
    """The tip as it is set. `spoken` is for those who hear the slider."""

    percent: int
    percent_max: int
    amount: str
    spoken: str
    stops: tuple[Choice, ...]


class TotalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A figure, its name, and why it is that much."""

    label: str
    amount: str
    why: tuple[str, ...] = ()
    is_last: bool = False


class ConsentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with a sum in it."""

    before: str
    amount: str
    after: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences about the charge. `value` names their wording and the sums they speak of."""

    value: str
    lead: str
    lines: tuple[ConsentLine, ...]
    terms: str
    is_given: bool
    error: str


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """A value the form carries along. A private one is about the person, not the cart."""

    name: str
    value: str
    is_private: bool = False


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """The second step: who, where to, how it is posted, and the consent."""

    email: Field
    address: tuple[Field, ...]
    is_posted: bool
    delivery: tuple[Choice, ...]
    consent: Consent | None
    pay: tuple[TotalRow, ...]
    challenge_key: str = ""


class CartPage(msgspec.Struct, frozen=True, kw_only=True):
    """The cart in one of its two steps. A shell knows nothing yet: a script will fill it."""

    language: Language
    step: Step = "cart"
    is_scripted: bool = False
    is_quoted: bool = False
    is_shell: bool = False
    said: str = ""
    focus: str = ""
    trouble: Trouble | None = None
    items: tuple[CartItem, ...] = ()
    anchors: tuple[Choice, ...] = ()
    groups: tuple[AddOnGroup, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    destination: tuple[Field, ...] = ()
    tip: Tip | None = None
    totals: tuple[TotalRow, ...] = ()
    promise: str = ""
    is_charged_now: bool = False
    save_label: str = ""
    details: Details | None = None
    hidden: tuple[Hidden, ...] = ()

"""What the manage page shows, in words and ready to print. Templates decide nothing."""

from typing import Literal

import msgspec

from services.site.cart.shown import Answer, Choice, Field, Tip, TotalRow
from services.site.cart.troubles import Trouble
from services.site.manage.changes import Row
from services.site.public.language import Language
from services.site.public.state import Picture
from services.site.public.views import Fact, Notice, Waterline

Mode = Literal["shell", "list", "edit", "receipt", "data", "erase", "erased"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened to a pledge."""

    when: str
    text: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One pledge in one of its states, and what may be done with it."""

    key: str
    token: str
    title: str
    url: str
    picture: Picture | None
    tag: Fact
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    note: str
    notice: Notice | None
    sum: str
    means: str
    totals: tuple[TotalRow, ...]
    history: tuple[Told, ...]
    bar: Waterline | None = None
    left: str = ""
    can_modify: bool = False
    can_cancel: bool = False
    can_change_card: bool = False
    card_words: str = ""
    # What another card would pay for, said before one is asked for.
    pays_for: str = ""
    has_recovery: bool = False
    needs_bank: bool = False
    next_try: str = ""
    mark: str = ""


class EditRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that can be in the pledge: chosen, counted, or given an amount."""

    key: str
    name: str
    label: str
    detail: str
    kind: Literal["radio", "check", "count", "amount"]
    value: str = ""
    is_chosen: bool = False
    count_max: int = 1
    is_open: bool = True
    tag: str = ""
    error: str = ""
    answers: tuple[Answer, ...] = ()


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be changed, from what to what, and what it comes to."""

    changes: tuple[Row, ...]
    sums: tuple[Row, ...]
    linked: tuple[Row, ...]
    moves: str
    promise: str


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """The form in which one pledge is changed."""

    title: str
    picture: Picture | None
    rewards: tuple[EditRow, ...]
    is_single: bool
    parts: tuple[EditRow, ...]
    custom: EditRow
    extras: tuple[EditRow, ...]
    tip: Tip
    address: tuple[Field, ...]
    delivery: tuple[Choice, ...]
    totals: tuple[TotalRow, ...]
    linked: tuple[Row, ...]
    linked_note: str
    has_changes: bool
    is_priced: bool
    hidden: tuple[tuple[str, str], ...]
    confirm: Confirm | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One pledge on paper."""

    title: str
    heading: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[TotalRow, ...]
    totals: tuple[TotalRow, ...]
    history: tuple[Told, ...]
    note: str


class OwnPledge(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept with one pledge."""

    key: str
    title: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[TotalRow, ...]
    totals: tuple[TotalRow, ...]
    moved: tuple[tuple[str, str], ...]
    history: tuple[Told, ...]


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept about somebody."""

    facts: tuple[tuple[str, str], ...]
    pledges: tuple[OwnPledge, ...]
    mails: tuple[Told, ...]
    mails_note: str = ""


class Farewell(msgspec.Struct, frozen=True, kw_only=True):
    """What erasing somebody would do: to each pledge, what goes, what stays."""

    pledges: tuple[tuple[str, str], ...]
    goes: tuple[str, ...]
    stays: tuple[str, ...]
    warnings: tuple[str, ...]
    is_possible: bool


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Whose page this is: “From your checkout on November 3, 2026, as”, and the address."""

    sentence: str
    email: str


class ManagePage(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page. A shell knows nothing yet: the script has the link, or nobody has."""

    language: Language
    mode: Mode = "shell"
    token: str = ""
    own: str = ""
    who: Who | None = None
    said: str = ""
    focus: str = ""
    notice: Notice | None = None
    trouble: Trouble | None = None
    meanwhile: tuple[Told, ...] = ()
    active: tuple[Card, ...] = ()
    closed: tuple[Card, ...] = ()
    edit: Edit | None = None
    receipt: Receipt | None = None
    own_data: Own | None = None
    farewell: Farewell | None = None
    # Whether a lost link can be sent again from here.
    asks_email: bool = False


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A page, with the status of what is in the way."""

    page: ManagePage
    status: int = 200


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """The browser goes on elsewhere: to Stripe's page for a card."""

    url: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be kept: JSON."""

    body: bytes

"""The table of pledges: what is asked of it in an address, and the addresses it leads to. Pure."""

from collections.abc import Mapping, Sequence
from typing import get_args
from urllib.parse import urlencode

import msgspec

from contracts.api.desk import Fulfilment, PledgeOrder
from contracts.api.pledges import PledgeStatus
from contracts.refusals import InputRefused

STATUSES = get_args(PledgeStatus)
FULFILMENTS = get_args(Fulfilment)
ORDERS: tuple[PledgeOrder, ...] = get_args(PledgeOrder)
WORDS_MAX, AFTER_MAX = 200, 600
COUNTRY_LENGTH = 2
# How a column begins that is clicked for the first time.
FIRST_DESCENDING = {"created": True, "amount": True, "email": False}


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of the table shows; what is empty matches everything."""

    search: str = ""
    status: str = ""
    fulfilment: str = ""
    country: str = ""
    campaign: str = ""
    order: PledgeOrder = "created"
    is_descending: bool = True
    after: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """Return what is filtered by, by the names of the address."""
        names = ("search", "status", "fulfilment", "country", "campaign")
        return {name: value for name in names if (value := str(getattr(self, name)))}

    @property
    def sorting(self) -> dict[str, str]:
        """Return the order, where it is not the usual one."""
        if self.order == "created" and self.is_descending:
            return {}
        return {"order": self.order, "way": "down" if self.is_descending else "up"}

    @property
    def first(self) -> str:
        """Return the query of the first page."""
        return urlencode({**self.filters, **self.sorting})

    def following(self, after: str) -> str:
        """Return the query of the page that begins there."""
        return urlencode({**self.filters, **self.sorting, "after": after})

    def sorted_by(self, order: PledgeOrder) -> str:
        """Return the query of a click on a column's head: the other way, if it is that already."""
        down = not self.is_descending if order == self.order else FIRST_DESCENDING[order]
        return urlencode({**self.filters, "order": order, "way": "down" if down else "up"})

    def aria_sort(self, order: PledgeOrder) -> str:
        """Return how a column is sorted, as a screen reader says it."""
        if order != self.order:
            return "none"
        return "descending" if self.is_descending else "ascending"

    def asked(self, campaigns: Sequence[str], *, limit: int, after: str) -> str:
        """Return the query for the ledger."""
        pairs = [("campaignSlug", slug) for slug in campaigns]
        pairs += [("limit", str(limit)), ("order", self.order)]
        pairs += [("descending", "true" if self.is_descending else "false")]
        more = {
            "search": self.search,
            "status": self.status,
            "fulfilment": self.fulfilment,
            "country": self.country,
            "after": after,
        }
        return urlencode([*pairs, *((name, value) for name, value in more.items() if value)])


def read_table(given: Mapping[str, str]) -> Table:
    """Return what an address asks for. Raises `InputRefused` naming the field."""
    order = given.get("order", "") or "created"
    if order not in ORDERS:
        raise _wrong("order")
    way = given.get("way", "")
    if way not in ("", "up", "down"):
        raise _wrong("way")
    return Table(
        search=_words(given, "search", WORDS_MAX),
        status=_choice(given, "status", STATUSES),
        fulfilment=_choice(given, "fulfilment", FULFILMENTS),
        country=_country(given),
        campaign=_words(given, "campaign", WORDS_MAX),
        order=order,
        is_descending=way == "down" if way else FIRST_DESCENDING[order],
        after=_words(given, "after", AFTER_MAX),
    )


def _words(given: Mapping[str, str], name: str, most: int) -> str:
    text = given.get(name, "").strip()
    if len(text) > most:
        raise _wrong(name, "This is too long.")
    return text


def _choice(given: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    text = given.get(name, "").strip()
    if text and text not in known:
        raise _wrong(name)
    return text


def _country(given: Mapping[str, str]) -> str:
    text = given.get("country", "").strip().upper()
    if text and (len(text) != COUNTRY_LENGTH or not text.isascii() or not text.isalpha()):
        raise _wrong("country", "Write a country as two letters.")
    return text


def _wrong(name: str, message: str = "This is no page.") -> InputRefused:
    return InputRefused("invalid_input", message, fields={name: message})

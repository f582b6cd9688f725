"""What a form is made of: fields of a few kinds, and lists of rows of fields. Pure.

A field's name in a form is its path in the campaign file, such as `tiers[2].price`: the
same path by which a mistake names it. `asset` fields take a path or an address as text;
a picker of the media library belongs beside them, in `admin/form.html.j2`.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

Kind = Literal[
    "text",
    "long",
    "rich",
    "money",
    "whole",
    "number",
    "flag",
    "choice",
    "choices",
    "day",
    "moment",
    "lines",
    "asset",
    "url",
    "id",
    "record",
    "rows",
]
Option = tuple[str, str]
"""A value, and what it is called."""
ROWS_MAX = 100


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field. A `record` has fields; `rows` have them each, or `by_type` the type's own.

    An absent choice or flag says `default`. `id_from` names the field a new row's id is
    made of. With `is_short` a row that says only its first field is written as that text.
    Rows with `is_line` stand in a line each; `has_order` says that their order means something.
    Rows `by_id` may have been moved about since they were saved.
    `listed` names the suggestions of an input; `empty` says what no row at all means.
    """

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    is_required: bool = False
    length_max: int = 160
    options: tuple[Option, ...] = ()
    default: str = ""
    freezes: bool = False
    fields: "tuple[Field, ...]" = ()
    by_type: "dict[str, tuple[Field, ...]]" = {}
    row: str = ""
    types: tuple[Option, ...] = ()
    id_from: str = ""
    is_short: bool = False
    by_id: bool = False
    is_line: bool = False
    has_order: bool = True
    rows_max: int = ROWS_MAX
    listed: str = ""
    empty: str = ""

    @property
    def every_field(self) -> "tuple[Field, ...]":
        """Return the fields of all types of its rows."""
        return (*self.fields, *(field for kind in self.by_type.values() for field in kind))

    def fields_for(self, kind: str) -> "tuple[Field, ...]":
        """Return the fields of a row; of a type nobody knows, none."""
        return self.by_type.get(kind, ()) if self.by_type else self.fields


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One screen of a campaign's editor."""

    name: str
    label: str
    intro: str
    fields: tuple[Field, ...]

    @property
    def roots(self) -> frozenset[str]:
        """Return the fields of the file that stand on this screen."""
        return frozenset(field.name for field in self.fields)


def root_of(path: str) -> str:
    """Return the field of the file that a path begins with.

    >>> root_of("tiers[2].price"), root_of("title")
    ('tiers', 'title')
    """
    return path.partition("[")[0].partition(".")[0]


def html_id(path: str) -> str:
    """Return a path as an id in a page.

    >>> html_id("tiers[2].price")
    'f-tiers-2-price'
    """
    return "f-" + path.replace("[", "-").replace("].", "-").replace("]", "").replace(".", "-")


def steps_of(path: str) -> Iterator[str | int]:
    """Yield the names and numbers of a path.

    >>> list(steps_of("diary[0].content[12]"))
    ['diary', 0, 'content', 12]
    """
    for part in path.replace("]", "").replace("[", ".").split("."):
        yield int(part) if part.isdecimal() else part

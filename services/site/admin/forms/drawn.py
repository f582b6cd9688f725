"""A form as a template draws it: each field with its value, its place, and what is wrong. Pure."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from markupsafe import Markup

from services.site.admin.forms.fields import Field, Kind, Sheet, html_id
from services.site.publishing.markdown import to_html
from services.site.publishing.plain import Fields, Plain

Wrong = Mapping[str, Sequence[str]]
"""What is wrong, in words, by path."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several."""

    value: str
    label: str
    is_chosen: bool


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A field with what it says now."""

    path: str
    kind: Kind
    label: str
    help: str = ""
    value: str = ""
    html: Markup = Markup("")
    is_required: bool = False
    is_frozen: bool = False
    length_max: int = 160
    wrong: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    inputs: "tuple[Input, ...]" = ()
    rows: "tuple[Row, ...]" = ()
    row: str = ""
    is_line: bool = False
    has_order: bool = True
    listed: str = ""
    empty: str = ""
    adds: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Return its id in the page."""
        return html_id(self.path)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a list."""

    path: str
    title: str
    type: str
    inputs: tuple[Input, ...]
    wrong: tuple[str, ...]
    is_first: bool
    is_last: bool
    is_open: bool

    @property
    def id(self) -> str:
        """Return its id in the page."""
        return html_id(self.path)


def drawn(
    sheet: Sheet, fields: Fields, wrong: Wrong, *, frozen: Collection[str] = ()
) -> tuple[Input, ...]:
    """Return the inputs of a screen. `frozen` names what may not change any more."""
    inputs = _inputs(sheet.fields, fields, wrong, "")
    return tuple(
        msgspec.structs.replace(each, is_frozen=True) if each.path in frozen else each
        for each in inputs
    )


def _inputs(fields: Sequence[Field], said: Fields, wrong: Wrong, prefix: str) -> tuple[Input, ...]:
    return tuple(
        _input(field, said.get(field.name), wrong, prefix + field.name) for field in fields
    )


def _input(field: Field, said: Plain | None, wrong: Wrong, path: str) -> Input:
    shown = Input(
        path=path,
        kind=field.kind,
        label=field.label,
        help=field.help,
        is_required=field.is_required,
        length_max=field.length_max,
        wrong=tuple(wrong.get(path, ())),
        row=field.row,
        is_line=field.is_line,
        has_order=field.has_order,
        listed=field.listed,
        empty=field.empty,
        adds=field.types or ((("", field.row),) if field.kind == "rows" else ()),
    )
    if field.kind == "rows":
        return msgspec.structs.replace(shown, rows=_rows(field, said, wrong, path))
    if field.kind == "record":
        record = said if isinstance(said, dict) else {}
        return msgspec.structs.replace(
            shown, inputs=_inputs(field.fields, record, wrong, f"{path}.")
        )
    if field.kind in ("choices", "lines"):
        return _several(field, shown, said, wrong)
    value = said if isinstance(said, str) else ""
    if field.kind in ("choice", "flag"):
        value = value.strip() or field.default
    return msgspec.structs.replace(
        shown,
        value=value.rstrip("\n"),
        html=to_html(value) if field.kind == "long" else Markup(""),
        choices=_choices(field, value),
    )


def _several(field: Field, shown: Input, said: Plain | None, wrong: Wrong) -> Input:
    listed = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    inside = [each for at in range(len(listed)) for each in wrong.get(f"{shown.path}[{at}]", ())]
    return msgspec.structs.replace(
        shown,
        value="\n".join(listed),
        wrong=(*shown.wrong, *inside),
        choices=tuple(
            Choice(value=value, label=label, is_chosen=value in listed)
            for value, label in field.options
        ),
    )


def _choices(field: Field, value: str) -> tuple[Choice, ...]:
    """Return what can be chosen; an older file's own word stays choosable."""
    if field.kind != "choice":
        return ()
    known = {each for each, _ in field.options}
    own = () if value in known or not value else ((value, value),)
    return tuple(
        Choice(value=each, label=label, is_chosen=each == value)
        for each, label in (*field.options, *own)
    )


def _rows(field: Field, said: Plain | None, wrong: Wrong, path: str) -> tuple[Row, ...]:
    listed = said if isinstance(said, list) else []
    return tuple(
        _row(field, row, wrong, f"{path}[{at}]", (at, len(listed))) for at, row in enumerate(listed)
    )


def _row(field: Field, said: Plain, wrong: Wrong, path: str, place: tuple[int, int]) -> Row:
    first = field.fields[0].name if field.fields else ""
    record: Fields = {first: said} if isinstance(said, str) else {}
    record = said if isinstance(said, dict) else record
    kind = str(record.get("type", ""))
    at, count = place
    is_wrong = any(each == path or each.startswith((f"{path}.", f"{path}[")) for each in wrong)
    named = dict(field.types).get(kind, field.row)
    return Row(
        path=path,
        title=_title(record) or f"{named} {at + 1}",
        type=named if field.by_type else "",
        inputs=_inputs(field.fields_for(kind), record, wrong, f"{path}."),
        wrong=tuple(wrong.get(path, ())),
        is_first=at == 0,
        is_last=at == count - 1,
        # What is short, new or wrong is looked at without another press.
        is_open=count <= 3 or is_wrong or not _title(record),
    )


def _title(record: Fields) -> str:
    for name in ("name", "label", "title", "author", "caption", "alt", "body", "text", "src"):
        found = record.get(name, "")
        if isinstance(found, str) and found.strip():
            line = " ".join(found.split())
            return line if len(line) <= 60 else f"{line[:60].rstrip()}…"
    return ""

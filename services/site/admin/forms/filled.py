"""What a form says, as the fields of a campaign file; and rows added, moved, taken away. Pure.

Nothing is checked here: whatever was typed goes into the working copy, wrong or not, and
the reader of campaign files says what is wrong with it.
"""

import copy
import re
import sys
from collections.abc import Mapping, Sequence

from contracts.refusals import InputRefused
from services.site.admin.forms.fields import Field, Sheet, root_of, steps_of
from services.site.publishing.diary_fields import id_of_title
from services.site.publishing.plain import Fields, Plain, tidied

Given = Mapping[str, Sequence[str]]
TYPING = "typing"
"""Names the field somebody is in while the form saves itself: half a name makes no id."""
DEED = re.compile(
    r"(?P<deed>add|up|down|remove)\|(?P<path>[a-z_]+(?:\[\d{1,3}\])?(?:\.[a-z_]+(?:\[\d{1,3}\])?)*)"
    r"(?:\|(?P<type>[a-z]*))?"
)
TEXTS = ("text", "long", "rich", "money", "whole", "number", "day", "moment", "asset", "url")


def filled(sheet: Sheet, before: Fields, given: Given) -> Fields:
    """Return the file's fields as this form says them; what is not on it stays."""
    return _record(sheet.fields, before, given, "")


def done(sheet: Sheet, fields: Fields, deed: str) -> Fields:
    """Return the fields after a row was added, moved or taken away."""
    match = DEED.fullmatch(deed)
    if match is None or root_of(match["path"]) not in sheet.roots:
        raise InputRefused("invalid_input", "There is no such button.")
    after = copy.deepcopy(fields)
    *way, last = steps_of(match["path"])
    try:
        if match["deed"] == "add":
            rows = field_at(sheet, match["path"])
            _add(_at(after, way, makes=True), str(last), match["type"] or "", rows)
        else:
            _move(_at(after, way), last, match["deed"])
    except (KeyError, IndexError, TypeError):
        # The row is gone already: somebody pressed twice.
        return fields
    return after


def place(fields: Fields, deed: str) -> str:
    """Return the path of the row to look at after a deed: the new one, or the one after a gap."""
    match = DEED.fullmatch(deed)
    assert match is not None, deed
    path = match["path"]
    *way, last = steps_of(path)
    if match["deed"] == "add":
        way, last = [*way, last], sys.maxsize
    elif isinstance(last, int):
        path = path.rpartition("[")[0]
        last += {"up": -1, "down": 1, "remove": 0}[match["deed"]]
    try:
        listed = _at(fields, way)
    except (KeyError, IndexError, TypeError):
        return path
    if not isinstance(listed, list) or not listed or isinstance(last, str):
        return path
    return f"{path}[{min(max(0, last), len(listed) - 1)}]"


def field_at(sheet: Sheet, path: str) -> Field | None:
    """Return the field of a path, whatever types its rows may have."""
    fields, found = sheet.fields, None
    for step in steps_of(path):
        if isinstance(step, str):
            found = next((field for field in fields if field.name == step), None)
            fields = found.every_field if found else ()
    return found


def rows_at(fields: Fields, path: str) -> list[Plain]:
    """Return the rows that stand at a path; none where there is no list."""
    try:
        found = _at(fields, list(steps_of(path)))
    except (KeyError, IndexError, TypeError):
        return []
    return found if isinstance(found, list) else []


def _at(fields: Plain, way: Sequence[str | int], *, makes: bool = False) -> Plain:
    """Return what stands there; with `makes` a record that is not there yet is begun."""
    found = fields
    for step in way:
        if makes and isinstance(found, dict):
            found.setdefault(str(step), {})
        found = found[step]  # type: ignore[index]
    return found


def _add(holder: Plain, name: str, kind: str, field: Field | None) -> None:
    if not isinstance(holder, dict) or field is None:
        raise TypeError(name)
    listed = holder.setdefault(name, [])
    if not isinstance(listed, list) or len(listed) >= field.rows_max:
        return
    fresh: Plain = {"type": kind} if kind else {}
    listed.append("" if field.is_short else fresh)


def _move(holder: Plain, at: str | int, deed: str) -> None:
    if not isinstance(holder, list) or not isinstance(at, int):
        raise TypeError(deed)
    row = holder.pop(at)
    if deed == "remove":
        return
    holder.insert(max(0, at - 1) if deed == "up" else at + 1, row)


def _record(fields: Sequence[Field], before: Fields, given: Given, prefix: str) -> Fields:
    after = dict(before)
    for field in fields:
        value = _value(field, before.get(field.name), given, prefix + field.name)
        if value is None:
            after.pop(field.name, None)
        else:
            after[field.name] = value
    return after


def _value(field: Field, before: Plain | None, given: Given, path: str) -> Plain | None:
    """Return what a field says now; None when the file is to say nothing of it."""
    if field.kind == "rows":
        return _rows(field, before, given, path)
    if field.kind == "record":
        record = _record(field.fields, _as_record(before), given, f"{path}.")
        return record or None
    if field.kind == "id" or (path not in given and f"{path}?" not in given):
        # What cannot be changed stays: it is not sent, or says alone which row this is.
        return before
    found = [each.replace("\r\n", "\n") for each in given.get(path, ())]
    if field.kind in ("choices", "lines"):
        return _several(field, before, found)
    written = found[0] if found else ""
    if field.kind == "flag":
        written = "true" if written else "false"
    return _one(field, before, written)


def _one(field: Field, before: Plain | None, written: str) -> Plain | None:
    is_said = isinstance(before, str)
    old = before if isinstance(before, str) else ""
    if field.kind in ("flag", "choice"):
        is_same = (old.strip() or field.default) == written
        return before if is_same else (written or None)
    new = "\n".join(line.rstrip() for line in written.split("\n")).strip()
    if field.kind not in ("long", "rich"):
        new, old = " ".join(new.split()), " ".join(old.split())
    if is_said and tidied(new) == tidied(old):
        return before
    return new or None


def _several(field: Field, before: Plain | None, found: Sequence[str]) -> Plain | None:
    if field.kind == "lines":
        found = "\n".join(found).split("\n")
    new: list[Plain] = [line.strip() for line in found if line.strip()]
    old = before if isinstance(before, list) else []
    known = {value for value, _ in field.options}
    if field.kind == "choices":
        old = [each for each in old if each in known]
    return before if tidied(new) == tidied(old) else (new or None)


def _rows(field: Field, before: Plain | None, given: Given, path: str) -> Plain | None:
    if f"{path}?" not in given:
        return before
    old = before if isinstance(before, list) else []
    rows: list[Plain] = []
    while f"{path}[{len(rows)}]" in given and len(rows) < field.rows_max:
        at, ident = len(rows), given.get(f"{path}[{len(rows)}].id", ())
        row = _known(old, ident) if field.by_id else (old[at] if at < len(old) else {})
        rows.append(_row(field, row, given, f"{path}[{at}]"))
    if field.id_from:
        now = given.get(TYPING, ())
        is_typed = [f"{path}[{at}].{field.id_from}" in now for at in range(len(rows))]
        rows = _with_ids(rows, field.id_from, is_typed)
    return rows if rows or before == [] else None


def _known(old: Sequence[Plain], ident: Sequence[str]) -> Plain:
    """Return what a row said that may stand elsewhere now; of a new one, nothing."""
    same = (row for row in old if isinstance(row, dict) and row.get("id") in ident)
    return next(same, {})


def _row(field: Field, before: Plain, given: Given, path: str) -> Plain:
    first = field.fields[0].name if field.fields else ""
    record: Fields = {first: before} if isinstance(before, str) and before else _as_record(before)
    if field.by_type and "type" not in record:
        record = {"type": next(iter(given.get(f"{path}.type", ())), ""), **record}
    kind = record.get("type", "")
    after = _record(field.fields_for(str(kind)), record, given, f"{path}.")
    if field.is_short and set(after) <= {first}:
        return after.get(first, "")
    return after


def _as_record(value: Plain | None) -> Fields:
    return value if isinstance(value, dict) else {}


def _with_ids(rows: list[Plain], name: str, is_typed: Sequence[bool]) -> list[Plain]:
    """Return rows in which each that has a name has an id; one that has an id keeps it."""
    taken = {str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")}
    named: list[Plain] = []
    for row, is_half in zip(rows, is_typed, strict=True):
        title = row.get(name, "") if isinstance(row, dict) else ""
        is_new = isinstance(row, dict) and not row.get("id") and not is_half
        if is_new and isinstance(row, dict) and isinstance(title, str) and title:
            stem, number = id_of_title(title), 1
            fresh = stem
            while fresh in taken:
                number += 1
                fresh = f"{stem}-{number}"
            taken.add(fresh)
            named.append({"id": fresh, **row})
            continue
        named.append(row)
    return named

"""A screen of settings that is a list: what it shows of a text, and the text it makes. Pure."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from contracts.refusals import InputRefused
from services.site.admin.forms import tax_rows
from services.site.admin.forms.drawn import Input, drawn
from services.site.admin.forms.fields import Sheet, html_id
from services.site.admin.forms.filled import DEED, done, field_at, filled, rows_at
from services.site.admin.forms.platform_sheets import entitled, in_capitals, platform_sheet
from services.site.public.language import Language
from services.site.publishing.model import Mistake
from services.site.publishing.plain import Fields, Plain
from services.site.publishing.platform_text import fields_in, saying

TAX = "tax"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen says: of the file, or of what was sent. `focus` is where a button led."""

    sheet: Sheet
    fields: Fields
    focus: str = ""

    def inputs(self, wrong: Mapping[str, Sequence[str]], language: Language) -> tuple[Input, ...]:
        """Return what a template draws."""
        return entitled(drawn(self.sheet, self.fields, wrong), language)


def opened(name: str, source: str, language: Language) -> Form:
    """Return a screen as the text in force fills it in; an unreadable text fills in nothing."""
    sheet = _sheet(name, language)
    try:
        fields = fields_in(source)
    except InputRefused:
        fields = {}
    return Form(sheet=sheet, fields=tax_rows.unfolded(fields) if name == TAX else fields)


def sent(form: Form, given: Mapping[str, Sequence[str]], deed: str) -> Form:
    """Return a screen as it was sent, with a row added, moved or taken away by its button."""
    found = in_capitals(filled(form.sheet, form.fields, given))
    fields = found if isinstance(found, dict) else {}
    match = DEED.fullmatch(deed)
    if match is None:
        return msgspec.structs.replace(form, fields=fields)
    fields = done(form.sheet, fields, deed)
    return Form(sheet=form.sheet, fields=fields, focus=_focus(form.sheet, fields, match))


def _focus(sheet: Sheet, fields: Fields, match: re.Match[str]) -> str:
    """Return where somebody goes on: in the row that was added or moved, else below the list."""
    path, listed, at = match["path"], rows_at(fields, match["path"]), -1
    if match["deed"] == "add":
        at = len(listed) - 1
    else:
        path, _, number = path.removesuffix("]").rpartition("[")
        listed = rows_at(fields, path)
        at = int(number) + {"up": -1, "down": 1, "remove": 0}[match["deed"]]
    rows = field_at(sheet, path)
    is_open = rows is not None and (match["deed"] == "add" or rows.is_line)
    if rows is None or not is_open or not 0 <= at < len(listed):
        return f"{html_id(path)}-add"
    return html_id(f"{path}[{at}].{rows.fields[0].name}")


def text_of(form: Form, source: str) -> tuple[str, list[Mistake]]:
    """Return the text that says what the screen says, and what can't be written at all."""
    if form.sheet.name != TAX:
        return saying(source, form.fields), []
    fields, mistakes = tax_rows.folded(fields_in(source), form.fields)
    return (source, mistakes) if mistakes else (saying(source, fields), [])


def changes(before: Plain, after: Plain, path: str = "") -> dict[str, str]:
    """Return by path what is another value now; what is gone is empty.

    >>> changes({"a": ["1", "2"]}, {"a": ["1"], "b": "3"})
    {'a[1]': '', 'b': '3'}
    """
    old, new = _leaves(before, path), _leaves(after, path)
    return {name: new.get(name, "") for name in {**old, **new} if old.get(name) != new.get(name)}


def _leaves(value: Plain, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, each in value.items():
            found |= _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, each in enumerate(value):
            found |= _leaves(each, f"{path}[{at}]")
    else:
        found[path] = value
    return found


def _sheet(name: str, language: Language) -> Sheet:
    found = platform_sheet(name, language)
    assert found is not None, f"{name} is no screen of settings"
    return found

"""What is wrong with settings, in the reader's words, and where it is put right. Pure."""

from collections.abc import Iterable

import msgspec

from services.site.admin.forms import tax_rows
from services.site.admin.forms.fields import Field as Input
from services.site.admin.forms.fields import html_id, steps_of
from services.site.admin.forms.filled import field_at
from services.site.admin.forms.mistakes import said
from services.site.admin.forms.platform_sheets import platform_sheet, platform_sheets
from services.site.admin.settings_fields import SECTIONS, Field, Section
from services.site.admin.settings_words import label, section_name
from services.site.public.language import Language
from services.site.publishing.model import Mistake
from services.site.publishing.plain import Fields

AT = {"shipping.usps": "shipping.usps.enabled"}
"""Whose field a mistake about several of them stands at."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake: the section and the place in it, what stands there, and what is wrong."""

    section: str
    path: str
    id: str
    label: str
    message: str


def settings_told(
    mistakes: Iterable[Mistake], here: Section, form: Fields, language: Language
) -> tuple[Told, ...]:
    """Return mistakes with their places. `form` is what the table of taxes says on the screen."""
    found: dict[Told, None] = {}
    for each in mistakes:
        section, path, at, name = _place(each.field, form, language)
        message = said(each.message, language)
        if here.name == "file":
            section, at, message = "file", "source", f"{message} ({each.file}:{each.line})"
        told = Told(section=section, path=path, id=at, label=name, message=message)
        found[told] = None
    return tuple(found)


def _place(written: str, form: Fields, language: Language) -> tuple[str, str, str, str]:
    """Return section, path, id in the page, and name of a field."""
    path = AT.get(written, written)
    plain = path.partition("[")[0]
    for section in SECTIONS:
        for field in section.fields:
            if field.path == plain:
                return section.name, plain, field.name, label(plain, language)
    on_tax = path if path.startswith("rows[") else tax_rows.place(path, form)
    if on_tax:
        return "tax", on_tax, html_id(on_tax), _named("tax", on_tax, language)
    for name, roots in (
        ("countries", ("shipping.countries", "shipping.usps.")),
        ("products", ("add_ons",)),
    ):
        if path.startswith(roots):
            path = _first_of_short(name, path, language)
            return name, path, html_id(path), _named(name, path, language)
    owner = next((each for each in SECTIONS if _owns(each, path)), None)
    if owner is None:
        return "file", path, "source", path or "platform.yml"
    return owner.name, path, "main", section_name(owner.name, language)


def _first_of_short(name: str, path: str, language: Language) -> str:
    """Return the field of a row that the file writes as one text."""
    sheet = platform_sheet(name, language)
    rows = field_at(sheet, path) if sheet and path.endswith("]") else None
    return f"{path}.{rows.fields[0].name}" if rows and rows.is_short else path


def _owns(section: Section, path: str) -> bool:
    first: tuple[Field, ...] = section.fields[:1]
    return any(field.path.partition(".")[0] == path.partition(".")[0] for field in first)


def _named(name: str, path: str, language: Language) -> str:
    """Return what stands at a place of a screen of rows, such as `Country 3 · Own rate`."""
    sheet = next(each for each in platform_sheets(language) if each.name == name)
    fields: tuple[Input, ...] = sheet.fields
    parts: list[str] = []
    found: Input | None = None
    for step in steps_of(path):
        if isinstance(step, int):
            if found is not None and parts:
                parts[-1] = f"{found.row} {step + 1}"
            continue
        found = next((each for each in fields if each.name == step), None)
        if found is None:
            break
        fields = found.fields
        if found.kind != "record":
            parts.append(found.label)
    return " · ".join(parts) or sheet.label

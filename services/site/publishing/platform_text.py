"""`platform.yml` as a text that forms change: a value here and there, every remark kept. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from ruamel.yaml.error import YAMLError

from contracts.refusals import InputRefused, StateRefused
from services.site.publishing.plain import Fields, Plain, fields_of
from services.site.publishing.rewriting import rewrite

FILE = "platform.yml"
FENCE = "---\n"
NO_RECORD = "The file is no list of names with values. Put it right as a whole."


class PlatformText(msgspec.Struct, frozen=True, kw_only=True):
    """What the file said when it became the one in force. The newest one is."""

    text_id: int
    version: int
    source: str
    sha256: str
    author: str
    origin: Literal["dashboard", "folder"]
    published_at: datetime


class Outdated(StateRefused):
    """Somebody else saved other settings since the form was opened."""

    def __init__(self) -> None:
        super().__init__(
            "settings_overtaken", "Somebody else has saved other settings since you opened this."
        )


def values_of(source: str) -> dict[str, Plain]:
    """Return what a text says by path, such as `pricing.sales_tax_rate`; of none nothing."""
    found: dict[str, Plain] = {}
    try:
        _flatten(fields_of(_fenced(source)[0]), "", found)
    except (ValueError, YAMLError):
        return {}
    return found


def changed(source: str, values: Mapping[str, Plain]) -> str:
    """Return the text with other values by path; an empty one is taken out.

    Raises `InputRefused` for a text that is no record.
    """
    fields = fields_in(source)
    for path, value in values.items():
        _set(fields, path.split("."), value)
    return saying(source, fields)


def fields_in(source: str) -> Fields:
    """Return the fields of a text as it nests them. Raises `InputRefused` for no record."""
    try:
        return fields_of(_fenced(source)[0])
    except (ValueError, YAMLError) as exc:
        raise InputRefused("invalid_input", NO_RECORD) from exc


def saying(source: str, fields: Fields) -> str:
    """Return the text with other fields, and every remark that still has its place.

    Raises `InputRefused` for a text that is no record.
    """
    fenced, had_fence = _fenced(source)
    try:
        text = rewrite(fenced, fields)
    except (ValueError, YAMLError) as exc:
        raise InputRefused("invalid_input", NO_RECORD) from exc
    inner = text.removeprefix(FENCE).removesuffix(FENCE)
    return FENCE + inner if had_fence else inner


def _fenced(source: str) -> tuple[str, bool]:
    """Return a text between two fences, as a campaign's front matter stands, and if it had one."""
    text = source.replace("\r\n", "\n").removeprefix("\ufeff")
    had_fence = text.startswith(FENCE)
    text = text.removeprefix(FENCE)
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{FENCE}{text}{FENCE}", had_fence


def _flatten(fields: Fields, prefix: str, found: dict[str, Plain]) -> None:
    for name, value in fields.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            _flatten(value, path, found)
        else:
            found[path] = value


def _set(fields: Fields, names: list[str], value: Plain) -> None:
    name, rest = names[0], names[1:]
    if not rest:
        if value in ("", []):
            fields.pop(name, None)
        else:
            fields[name] = value
        return
    inner = fields.get(name)
    if not isinstance(inner, dict):
        inner = {}
    _set(inner, rest, value)
    if inner:
        fields[name] = inner
    else:
        fields.pop(name, None)

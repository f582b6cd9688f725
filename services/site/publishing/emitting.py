"""Plain values as YAML that our own reader reads back as the same texts. Pure."""

import re

from services.site.publishing.plain import Fields, Plain

STEP = 2
PLAIN_TEXT = re.compile(r"[A-Za-z0-9\u00c0-\u024f$(/.+][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")
ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\"\\]")
WORDS_OF_YAML = ("null", "~")
SHORT = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def scalar(text: str) -> str:
    """Return a text of one line as a scalar, quoted where it has to be.

    >>> scalar("19.99"), scalar("Nine: Bridges"), scalar("")
    ('19.99', '"Nine: Bridges"', '""')
    """
    is_plain = (
        PLAIN_TEXT.fullmatch(text)
        and ": " not in text
        and " #" not in text
        and not text.endswith((":", " "))
        and text.lower() not in WORDS_OF_YAML
    )
    return text if is_plain else _quoted(text)


def entry(name: str, value: Plain, indent: int) -> list[str]:
    """Return a name with its value as lines, `indent` blanks deep."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return [f"{pad}{name}:\n", *record(value, indent + STEP)]
    if isinstance(value, list) and value:
        items = [line for each in value for line in item(each, indent + STEP)]
        return [f"{pad}{name}:\n", *items]
    return _led(f"{pad}{name}: ", value, indent)


def record(fields: Fields, indent: int) -> list[str]:
    """Return the lines of a record that is not empty."""
    return [line for name, value in fields.items() for line in entry(name, value, indent)]


def item(value: Plain, indent: int) -> list[str]:
    """Return the lines of a list's member; its dash is `indent` blanks deep."""
    if isinstance(value, dict) and value:
        lines = record(value, indent + STEP)
        return [dashed(lines[0], indent), *lines[1:]]
    if isinstance(value, list):
        raise ValueError("a list in a list has no place in a campaign file")
    return _led(f"{' ' * indent}- ", value, indent)


def dashed(line: str, indent: int) -> str:
    """Return a line with a dash in front of what begins two blanks further."""
    return f"{line[:indent]}-{line[indent + 1 :]}"


def _led(lead: str, value: Plain, indent: int) -> list[str]:
    if isinstance(value, dict):
        return [f"{lead}{{}}\n"]
    if isinstance(value, list):
        return [f"{lead}[]\n"]
    if "\n" not in value:
        return [f"{lead}{scalar(value)}\n"]
    lines = value.rstrip("\n").split("\n")
    if lines[0].startswith((" ", "\t")) or not lines[0] or any(map(_is_odd, lines)):
        return [f"{lead}{_quoted(value)}\n"]
    pad = " " * (indent + STEP)
    return [f"{lead}|\n", *(f"{pad}{line}\n" if line.strip() else "\n" for line in lines)]


def _is_odd(line: str) -> bool:
    return bool(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]", line))


def _quoted(text: str) -> str:
    return f'"{ODD.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    return SHORT.get(sign) or f"\\u{ord(sign):04x}"

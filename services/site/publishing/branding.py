"""Reading `branding`: a platform's own colours, shapes and typefaces, never CSS code.

Colours that people could not read on each other are refused with what was measured.
"""

import re

from services.site.public.contrast import HEX
from services.site.public.theme import COLOURS, FONTS, KEYS, LENGTHS, Pair, key_of, unreadable
from services.site.publishing.reading import Reader, Record, Value
from services.site.publishing.scalars import text

LENGTH = re.compile(r"0|\d{1,4}(?:\.\d{1,3})?(?:px|rem|em)")
FONT_LIST = re.compile(r"[A-Za-z0-9 ,'\"-]{1,200}")
SHAPES = {
    **dict.fromkeys(FONTS, (FONT_LIST, "is not a list of typefaces")),
    **dict.fromkeys(LENGTHS, (LENGTH, "is not a length such as 6px or 78rem")),
    **dict.fromkeys(COLOURS, (HEX, "is not a colour such as #0a5a69")),
}


def _branding(value: Value) -> dict[str, str]:
    fields = Record(value)
    found: dict[str, str] = {}
    for name in KEYS:
        written = fields.get(name, text(200), "").strip()
        if not written:
            continue
        shape, message = SHAPES[name]
        if shape.fullmatch(written) is None:
            fields.wrong(name, message)
        else:
            found[name] = written
    fields.close()
    for field, pair in _worst(found).items():
        front, back = key_of(pair.front), key_of(pair.back)
        fields.wrong(
            field,
            f"gives {front} on {back} a contrast of {pair.ratio:.2f}; it needs {pair.needed:.1f}",
        )
    return found


def _worst(found: dict[str, str]) -> dict[str, Pair]:
    """Return the least readable pair of each key that makes one."""
    worst: dict[str, Pair] = {}
    for pair in sorted(unreadable(found), key=lambda each: each.ratio / each.needed):
        front, back = key_of(pair.front), key_of(pair.back)
        worst.setdefault(front if front in found else back, pair)
    return worst


BRANDING: Reader[dict[str, str]] = Reader(_branding, {})

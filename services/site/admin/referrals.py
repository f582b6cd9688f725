"""Links that tell who brought somebody: their words, codes, addresses and drawings. Pure."""

import io
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

import msgspec
import segno
from markupsafe import Markup

from contracts.attribution import clean_word
from contracts.refusals import InputRefused
from services.site.public.language import LANGUAGES, Language, prefix

NAME_MAX = 80
WORD_MAX = 60
CODE_MAX = 40
CODES_MAX = 500
PNG_PIXELS_A_DOT = 16
QUIET_DOTS = 4
"""White around the dots, which readers need. Source: ISO/IEC 18004."""

TAKEN = frozenset({"embed"})
"""Words that addresses of ours have where a code would stand."""

FIELDS = ("referrer", "source", "medium", "content")
Drawing = Literal["svg", "png"]


class LinkWords(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants a link to say: who is behind it, and where it stands."""

    referrer: str = ""
    source: str = ""
    medium: str = ""
    content: str = ""
    language: Language = "en"

    @property
    def fields(self) -> dict[str, str]:
        """Return the words by the names of the form's fields."""
        return msgspec.structs.asdict(self)


class Referral(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is kept, and what its link says. A retired one still counts who comes by it."""

    code: str
    words: LinkWords
    created_by: str
    created_at: datetime
    retired_at: datetime | None = None


def read_link_words(given: Mapping[str, str]) -> LinkWords:
    """Return what a form wants. Raises `InputRefused` naming each field that is wrong."""
    found = {name: clean_word(given.get(name, "")) for name in FIELDS}
    wrong: dict[str, str] = {}
    if not found["referrer"]:
        wrong["referrer"] = "Write who brings people here."
    for name in FIELDS:
        if len(found[name]) > (NAME_MAX if name == "referrer" else WORD_MAX):
            wrong[name] = "This is too long."
    if wrong:
        raise InputRefused("invalid_input", next(iter(wrong.values())), fields=wrong)
    language = next((each for each in LANGUAGES if each == given.get("language")), LANGUAGES[0])
    return LinkWords(**found, language=language)


def code_of(referrer: str, number: int = 1) -> str:
    """Return the code of a name: its letters and digits as an address has them.

    The second of a name has a number behind it; a name without any such letter is a `link`.

    >>> code_of("Ada Lovelace & Söhne"), code_of("愛", 2)
    ('ada-lovelace-sohne', 'link-2')
    """
    plain = unicodedata.normalize("NFKD", referrer).encode("ascii", "ignore").decode().lower()
    tail = "" if number == 1 else f"-{number}"
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: CODE_MAX - len(tail)].strip("-")
    return ("link" if not name or name in TAKEN else name) + tail


def link_of(site_base: str, slug: str, code: str, words: LinkWords) -> str:
    """Return the address that says all this. What is empty is not in it."""
    said = {
        "utm_source": words.source,
        "utm_medium": words.medium,
        "utm_campaign": slug,
        "utm_content": words.content,
        "ref": code,
    }
    query = urlencode({name: word for name, word in said.items() if word})
    return f"{site_base}{prefix(words.language)}/campaigns/{slug}/?{query}"


def drawn_inline(address: str) -> Markup:
    """Return the address as a QR code for a page: a path without style or script."""
    made = segno.make_qr(address, error="m")
    drawing = made.svg_inline(
        border=QUIET_DOTS, omitsize=True, svgclass="qr", lineclass=None, light="#fff"
    )
    return Markup(drawing)  # noqa: S704 (the library's own, of dots alone)


def drawn(address: str, kind: Drawing) -> bytes:
    """Return the address as a file to print: SVG, or PNG of at least 500 pixels a side."""
    made = segno.make_qr(address, error="m")
    out = io.BytesIO()
    if kind == "svg":
        made.save(out, kind="svg", border=QUIET_DOTS, scale=10, light="#fff")
    else:
        made.save(out, kind="png", border=QUIET_DOTS, scale=PNG_PIXELS_A_DOT, light="#fff")
    return out.getvalue()

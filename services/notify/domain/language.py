"""The languages of mails, and their catalogues: the msgid is the English text."""

import functools
import gettext
import io
from pathlib import Path
from typing import Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALES: dict[Language, str] = {"en": "en_US", "es": "es_US"}
CATALOGUES = Path(__file__).parents[1] / "translations"


def N_(text: str) -> str:
    """Mark a text for the catalogue where it is written; it is translated where it is used."""
    return text


@functools.cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """Return the translations of a language; English needs none.

    Compiled in memory at the first use, so that the `.po` file is the only one to keep.
    """
    if language == "en":
        return gettext.NullTranslations()
    with (CATALOGUES / language / "LC_MESSAGES" / "notify.po").open("rb") as source:
        messages = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def chosen(asked: str, offered: tuple[str, ...]) -> Language:
    """Return the language to write in: the one asked for if we have and offer it."""
    wanted = asked.lower().partition("-")[0]
    for language in LANGUAGES:
        if language == wanted and language in offered:
            return language
    return "en"


def prefix(language: Language) -> str:
    """Return what every path of the site begins with in a language."""
    return "" if language == "en" else f"/{language}"

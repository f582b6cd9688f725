"""The languages of the chrome, and their catalogues: the msgid is the English text."""

import functools
import gettext
import io
from pathlib import Path
from typing import Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"en": "English", "es": "Español"}
CATALOGUES = Path(__file__).parents[1] / "translations"


@functools.cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """Return the translations of a language; English needs none.

    Compiled in memory at the first use, so that the `.po` file is the only one to keep.
    """
    if language == "en":
        return gettext.NullTranslations()
    path = CATALOGUES / language / "LC_MESSAGES" / "site.po"
    with path.open("rb") as source:
        messages = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def prefix(language: Language) -> str:
    """Return what every path of a language begins with."""
    return "" if language == "en" else f"/{language}"

"""Words of a link that say where a visitor came from: anybody's, kept short, never in the way."""

import unicodedata

LENGTH_MAX = 200


def clean_word(given: object) -> str:
    """Return what is kept of such a word: one line of at most 200 characters, or nothing.

    Whatever is no text, or not fit to be written down, counts as not said: nobody's pledge
    fails because a link was mistyped.

    >>> clean_word(" zine\\n "), clean_word(7)
    ('zine', '')
    """
    if not isinstance(given, str):
        return ""
    kept = "".join(
        " " if sign.isspace() else sign
        for sign in given[: 4 * LENGTH_MAX]
        if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cs", "Cn")
    )
    return " ".join(kept.split())[:LENGTH_MAX].strip()

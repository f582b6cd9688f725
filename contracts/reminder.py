"""What somebody agrees to who wants to be told of a launch: the sentence, with its version.

Pages show it and notify keeps which was shown, in its very words. A changed sentence is a
new version; the old one stays, or yesterday's open pages would be refused. Source: look.md 7.
"""

CONSENT_VERSION = "2026-12"
"""The version that pages show today."""

TEXTS: dict[tuple[str, str], str] = {
    ("2026-12", "en"): "One email on the day it opens. Then we forget the address.",
    ("2026-12", "es"): "Un correo el día que abra. Después olvidamos la dirección.",
}


def text_in(language: str, version: str = CONSENT_VERSION) -> str | None:
    """Return the sentence of a version in a language, in English where we have no other."""
    return TEXTS.get((version, language)) or TEXTS.get((version, "en"))

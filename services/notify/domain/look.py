"""A platform's own look in mails: our values in the style sheet give way to theirs. Pure."""

from collections.abc import Mapping

OURS = {
    "text_strong": "#0c1a1e",
    "text": "#25363b",
    "text_muted": "#53666c",
    "sheet": "background-color: #ffffff",
    "ground": "#e8eeec",
    "border": "#d3dcda",
    "on_primary": "font-weight: 600; color: #ffffff",
    "primary": "#0a5a69",
    "on_primary_dark": "#04232a",
    "primary_dark": "#7fd0d8",
    "radius": "border-radius: 6px",
    "font_text": '"Instrument Sans", "Helvetica Neue"',
    "font_display": '"Newsreader Display", "Iowan Old Style"',
}
"""Each as it is written in `mail.css` and nowhere else there with another meaning."""


def painted(html: str, look: Mapping[str, str]) -> str:
    """Return a mail in a platform's own look. What it does not set stays ours."""
    for name, ours in OURS.items():
        if name in look:
            html = html.replace(ours, _in_place_of(ours, look[name]))
    return html


def _in_place_of(ours: str, value: str) -> str:
    """Return a value where ours stood: behind its property, or before ours as a typeface."""
    if ours.startswith('"'):
        return f"{value}, {ours}"
    prefix, colon, _ = ours.rpartition(": ")
    return f"{prefix}{colon}{value}"

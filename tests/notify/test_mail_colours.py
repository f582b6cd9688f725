"""A mail's colours are the house's, and can be read in light and dark."""

import re

import pytest

from services.notify.domain.letters import TEMPLATES
from services.notify.domain.look import OURS, painted

CSS = (TEMPLATES / "mail.css").read_text(encoding="utf-8")
LIGHT, DARK = CSS.split("@media (prefers-color-scheme: dark)")
AA = 4.5

# Words and what they stand on; the values are look/tokens.css'.
PAIRS = {
    "light": [
        ("#0c1a1e", "#ffffff"),
        ("#25363b", "#ffffff"),
        ("#53666c", "#ffffff"),
        ("#0a5a69", "#ffffff"),
        ("#ffffff", "#0a5a69"),
    ],
    "dark": [
        ("#f1f6f5", "#121e21"),
        ("#cfdbda", "#121e21"),
        ("#9db0b2", "#121e21"),
        ("#7fd0d8", "#121e21"),
        ("#04232a", "#7fd0d8"),
    ],
}
GROUNDS_AND_LINES = {"#e8eeec", "#d3dcda", "#060d0f", "#24353a", "#dfe7e5", "#22343a"}
# How far a bar is filled must be seen against what is not.
BARS = [("#0a5a69", "#dfe7e5"), ("#7fd0d8", "#22343a")]
SEEN = 3


@pytest.mark.parametrize(("scheme", "css"), [("light", LIGHT), ("dark", DARK)])
def test_every_word_can_be_read(scheme: str, css: str) -> None:
    used = set(re.findall(r"#[0-9a-f]{6}", css))
    checked = {colour for pair in PAIRS[scheme] for colour in pair}

    assert used - checked <= GROUNDS_AND_LINES
    for words, ground in PAIRS[scheme]:
        assert words in used
        assert ratio(words, ground) >= AA, (words, ground)


def test_how_far_the_bar_is_filled_can_be_seen() -> None:
    for filled, track in BARS:
        assert filled in CSS
        assert track in CSS
        assert ratio(filled, track) >= SEEN, (filled, track)


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 computes it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return how bright a colour is."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", OURS)
def test_every_part_of_a_look_reaches_a_mail_and_no_other_part(name: str) -> None:
    value = "Georgia" if name.startswith("font") else "3px" if name == "radius" else "#aabbcc"

    theirs = painted(CSS, {name: value})

    assert theirs != CSS
    lines = [(a, b) for a, b in zip(CSS.splitlines(), theirs.splitlines(), strict=True) if a != b]
    for before, after in lines:
        assert value in after
        if name not in ("font_text", "font_display"):
            assert OURS[name] in before
            assert OURS[name] not in after


def test_a_look_that_says_nothing_changes_nothing() -> None:
    assert painted(CSS, {}) == CSS
    assert painted(CSS, {"unknown": "#aabbcc"}) == CSS


def test_a_button_stays_readable_in_a_pale_brand() -> None:
    theirs = painted(CSS, {"primary": "#f6e770", "on_primary": "#0c1a1e"})

    assert ".button { background-color: #f6e770;" in theirs
    assert "font-weight: 600; color: #0c1a1e; text-decoration: none" in theirs
    assert ".sheet { width: 100%; max-width: 600px; background-color: #ffffff; }" in theirs

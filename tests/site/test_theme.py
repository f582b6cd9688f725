"""A platform's own colours: each key reaches the pages, and nobody gets what can't be read."""

import re

import pytest

from services.site.public.contrast import SHAPE_MIN, TEXT_MIN, lightened, ratio, readable_on
from services.site.public.theme import (
    COLOURS,
    FONTS,
    KEYS,
    LENGTHS,
    mail_look,
    ours,
    theme_of,
    unreadable,
    written_values,
)
from tests.site.test_look import STATIC_DIR

SHEETS = "\n".join(
    path.read_text() for path in (STATIC_DIR / "css").glob("*.css") if path.name != "tokens.css"
)
BRAND = {
    "color_primary": "#7a1f5c",
    "color_page_background": "#fffaf2",
    "radius_md": "0",
    "font_body": "Georgia, serif",
}


def test_there_are_the_keys_of_the_field() -> None:
    assert len(KEYS) == len(set(KEYS)) == 37
    assert {"font_body", "layout_max_width", "radius_chip", "surface_tint_hover"} <= set(KEYS)


@pytest.mark.parametrize("token", [*FONTS.values(), *LENGTHS.values(), *COLOURS.values()])
def test_every_key_sets_something_that_a_page_uses(token: str) -> None:
    values = written_values()
    assert token in values
    used_alone = f"var(--{token})" in SHEETS
    used_by_another = any(f"var(--{token})" in value for value in values.values())
    assert used_alone or used_by_another


def test_without_branding_there_is_no_sheet() -> None:
    assert (theme_of(()).css, theme_of(()).name) == ("", "")


def test_a_sheet_holds_what_was_set_and_is_named_by_its_bytes() -> None:
    theme = theme_of(tuple(sorted(BRAND.items())))

    assert "--pool: light-dark(#7a1f5c, #" in theme.css
    assert "--paper: light-dark(#fffaf2, light-dark(#f4f7f6, #0b1416));" in theme.css
    assert "--radius: 0;" in theme.css
    assert "--font-text: Georgia, serif, var(--fallback-font-text);" in theme.css
    assert theme.light_paper == "#fffaf2"
    assert re.fullmatch(r"[0-9a-f]{12}", theme.name)
    assert theme.name != theme_of((("radius_md", "1px"),)).name


@pytest.mark.parametrize("colour", ["#7a1f5c", "#000", "#0a5a69", "#104010", "#d2691e", "#6f8f2f"])
def test_a_brand_can_be_read_in_the_dark_and_on_its_buttons(colour: str) -> None:
    css = theme_of((("color_primary", colour),)).css
    pool = re.search(r"--pool: light-dark\((#\w+), (#\w+)\)", css)
    on_pool = re.search(r"--on-pool: light-dark\((#\w+), (#\w+)\)", css)
    strong = re.search(r"--pool-strong: light-dark\((#\w+), (#\w+)\)", css)

    assert pool
    assert on_pool
    assert strong
    assert ratio(on_pool[1], strong[1]) >= TEXT_MIN
    assert ratio(on_pool[2], strong[2]) >= TEXT_MIN
    assert ratio(pool[2], ours()["paper"][1]) >= TEXT_MIN
    assert ratio(on_pool[1], pool[1]) >= TEXT_MIN
    assert ratio(on_pool[2], pool[2]) >= TEXT_MIN


@pytest.mark.parametrize(
    ("key", "colour", "back"),
    [
        ("color_text_muted", "#7b8494", "sunk"),
        ("color_border_strong", "#d2d7df", "paper"),
        ("color_success", "#28a745", "paper"),
        ("color_page_background", "#777777", "paper"),
        ("color_primary_focus_ring", "#f6e770", "paper"),
    ],
)
def test_what_can_t_be_read_is_found_with_what_was_measured(
    key: str, colour: str, back: str
) -> None:
    found = unreadable({key: colour})

    assert back in {pair.back for pair in found}
    assert all(pair.ratio < pair.needed for pair in found)


def test_our_own_colours_are_readable() -> None:
    assert unreadable({}) == []
    own = {key: ours()[token][0] for key, token in COLOURS.items() if token in ours()}
    assert unreadable(own) == []


def test_ratios_are_those_of_the_standard() -> None:
    assert round(ratio("#000", "#ffffff"), 2) == 21.0
    assert round(ratio("#777777", "#ffffff"), 2) == 4.48
    assert readable_on("#0a5a69") == "#ffffff"
    assert readable_on("#f6e770") != "#ffffff"
    assert ratio(lightened("#000000", "#0b1416", ratio_min=SHAPE_MIN), "#0b1416") >= SHAPE_MIN


def test_mails_take_the_brand_with_what_reads_on_it() -> None:
    look = mail_look({**BRAND, "color_text": "#222222"})

    assert look["primary"] == "#7a1f5c"
    assert look["text"] == "#222222"
    assert (look["radius"], look["font_text"]) == ("0", "Georgia, serif")
    assert ratio(look["on_primary"], look["primary"]) >= TEXT_MIN
    assert ratio(look["on_primary_dark"], look["primary_dark"]) >= TEXT_MIN
    assert mail_look({}) == {}

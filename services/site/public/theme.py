"""A platform's own colours, shapes and typefaces: what `branding` sets, as a style sheet. Pure.

A colour is set for the light scheme. The dark one keeps our grounds and inks; what carries the
brand is made lighter until it can be read there. Source: look 3, pages 8.
"""

import functools
import hashlib
import re
from collections.abc import Mapping

import msgspec

from services.site.public.assets import STATIC_DIR
from services.site.public.contrast import (
    SHAPE_MIN,
    TEXT_MIN,
    darkened,
    lightened,
    ratio,
    readable_on,
)

FONTS = {"font_body": "font-text", "font_display": "font-display"}
LENGTHS = {
    "layout_max_width": "page-max",
    "radius_sm": "radius-sm",
    "radius_chip": "radius-chip",
    "radius_md": "radius",
    "radius_lg": "radius-lg",
    "radius_xl": "radius-xl",
}
COLOURS = {
    "color_text": "ink",
    "color_text_strong": "ink-strong",
    "color_text_muted": "ink-muted",
    "color_text_soft": "ink-soft",
    "color_page_background": "paper",
    "color_surface_base": "surface",
    "color_surface_subtle": "sunk",
    "color_surface_soft": "bar-track",
    "color_surface_strong": "sunk-strong",
    "color_overlay": "backdrop",
    "color_overlay_soft": "shade",
    "color_overlay_strong": "shadow",
    "color_border": "hairline",
    "color_border_soft": "hairline-soft",
    "color_border_strong": "edge",
    "color_primary": "pool",
    "color_primary_hover": "pool-strong",
    "color_primary_soft": "pool-wash",
    "color_primary_border": "pool-edge",
    "color_primary_focus_ring": "focus",
    "color_progress": "bar-pledged",
    "color_success": "good",
    "color_danger_soft": "bad-wash",
    "color_danger_softer": "bad-tint",
    "surface_tint_softer": "tint-softer",
    "surface_tint_soft": "tint-soft",
    "surface_tint_medium": "tint-medium",
    "surface_tint_hover": "tint-hover",
    "surface_tint_strong": "tint-strong",
}
KEYS = (*FONTS, *LENGTHS, *COLOURS)
BRIGHT = ("pool", "pool-strong", "pool-edge", "bar-pledged", "good")
"""What is made lighter for the dark scheme; everything else keeps our dark value there."""

MAIL_COLOURS = {
    "text_strong": "ink-strong",
    "text": "ink",
    "text_muted": "ink-muted",
    "sheet": "surface",
    "ground": "sunk",
    "border": "hairline",
}
"""What mails take of the light scheme; the brand's own colour they have in both."""

TEXTS = tuple(
    (ink, ground)
    for ink in ("ink-strong", "ink", "ink-muted", "ink-soft", "pool", "good")
    for ground in ("paper", "surface", "sunk")
)
SHAPES = (
    ("edge", "paper"),
    ("edge", "surface"),
    ("focus", "paper"),
    ("bar-pledged", "bar-track"),
    ("pool-edge", "paper"),
)


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """A style sheet and the name of its bytes; without branding both are empty."""

    css: str = ""
    name: str = ""
    light_paper: str = ""
    dark_paper: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two colours that can't be told apart well enough: what was measured, what is needed."""

    front: str
    back: str
    ratio: float
    needed: float


@functools.lru_cache(maxsize=8)
def theme_of(written: tuple[tuple[str, str], ...]) -> Theme:
    """Return what pages load after our own tokens."""
    branding = dict(written)
    light, dark = ours()["paper"]
    light = branding.get("color_page_background", light)
    if not branding:
        return Theme(light_paper=light, dark_paper=dark)
    rules = [
        f"--{FONTS[key]}: {value}, var(--fallback-{FONTS[key]})"
        for key, value in _of(branding, FONTS)
    ]
    rules += [f"--{LENGTHS[key]}: {value}" for key, value in _of(branding, LENGTHS)]
    rules += [f"--{token}: light-dark({day}, {night})" for token, (day, night) in _pairs(branding)]
    css = ":root {\n" + "".join(f"  {rule};\n" for rule in rules) + "}\n"
    name = hashlib.sha256(css.encode()).hexdigest()[:12]
    return Theme(css=css, name=name, light_paper=light, dark_paper=dark)


def mail_look(branding: Mapping[str, str]) -> dict[str, str]:
    """Return what mails take of a branding, by the names notify knows."""
    pairs = dict(_pairs(branding))
    found = {name: pairs[token][0] for name, token in MAIL_COLOURS.items() if token in pairs}
    if "pool" in pairs:
        found |= {"primary": pairs["pool"][0], "primary_dark": pairs["pool"][1]}
        found |= {"on_primary": pairs["on-pool"][0], "on_primary_dark": pairs["on-pool"][1]}
    shapes = {"radius": "radius_md", "font_text": "font_body", "font_display": "font_display"}
    return found | {name: branding[key] for name, key in shapes.items() if branding.get(key)}


def unreadable(branding: Mapping[str, str]) -> list[Pair]:
    """Return the pairs of a branding, with ours for the rest, that WCAG AA would refuse."""
    tokens = {name: pair[0] for name, pair in ours().items()}
    tokens |= {token: day for token, (day, _) in _pairs(branding)}
    touched = {token for token, _ in _pairs(branding)}
    for alias, token in (("ink-soft", "ink-muted"), ("pool-edge", "pool"), ("bar-pledged", "pool")):
        tokens.setdefault(alias, tokens[token])
    wanted = [(pair, TEXT_MIN) for pair in TEXTS] + [(pair, SHAPE_MIN) for pair in SHAPES]
    wanted += [(("on-pool", "pool"), TEXT_MIN), (("on-pool", "pool-strong"), TEXT_MIN)]
    return [
        Pair(front=front, back=back, ratio=measured, needed=needed)
        for (front, back), needed in wanted
        if {front, back} & touched and (measured := ratio(tokens[front], tokens[back])) < needed
    ]


def key_of(name: str) -> str:
    """Return the key that sets a colour, its own name where nothing sets it alone."""
    return next((key for key, each in COLOURS.items() if each == name), name)


@functools.cache
def ours() -> dict[str, tuple[str, str]]:
    """Return our own colours, light and dark, as the style sheet has them."""
    text = (STATIC_DIR / "css/tokens.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (day, night) for name, day, night in found}


@functools.cache
def written_values() -> dict[str, str]:
    """Return every token's value as the style sheet has it."""
    text = (STATIC_DIR / "css/tokens.css").read_text(encoding="utf-8")
    return dict(re.findall(r"^  --([\w-]+): ([^;]+);", text, re.MULTILINE))


def _of(branding: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key, branding[key]) for key in names if branding.get(key)]


def _pairs(branding: Mapping[str, str]) -> list[tuple[str, tuple[str, str]]]:
    night_paper = ours()["paper"][1]
    found: dict[str, tuple[str, str]] = {}
    for key, day in _of(branding, COLOURS):
        token = COLOURS[key]
        if token in BRIGHT:
            night = lightened(day, night_paper, ratio_min=2 * TEXT_MIN)
        else:
            # Ours as it is written: inside a dark scheme it is the dark one.
            night = written_values()[token]
        found[token] = (day, night)
    if "pool" in found:
        day, night = found["pool"]
        found["on-pool"] = (readable_on(day), readable_on(night))
        deeper = darkened(day)
        is_readable = ratio(readable_on(day), deeper) >= TEXT_MIN
        lighter = lightened(day, night_paper, ratio_min=12)
        found.setdefault("pool-strong", (deeper if is_readable else day, lighter))
    return list(found.items())

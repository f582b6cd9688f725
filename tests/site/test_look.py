"""The look's own numbers: contrast of every pair, sizes of what a visitor downloads."""

import gzip
import re
from pathlib import Path

import pytest

from services.site.public.assets import STATIC_DIR, static_base, static_version

TOKENS = (STATIC_DIR / "css/tokens.css").read_text()
PAIRS = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
ALIASES = dict(re.findall(r"--([\w-]+): var\(--([\w-]+)\)", TOKENS))
SCHEMES = ("light", "dark")

TEXT_MIN = 4.5
SHAPE_MIN = 3.0
INKS = ("ink-strong", "ink", "ink-muted", "pool", "good", "lamp", "bad")
TEXT = [(ink, ground) for ink in INKS for ground in ("paper", "surface", "sunk")] + [
    ("on-pool", "pool"),
    ("on-pool", "pool-strong"),
    ("on-bad", "bad"),
    ("pool-strong", "pool-wash"),
    ("ink", "pool-wash"),
    ("ink-muted", "pool-wash"),
    ("good", "good-wash"),
    ("lamp", "lamp-wash"),
    ("bad", "bad-wash"),
    *((text, f"{tone}-wash") for text in ("ink", "pool") for tone in ("lamp", "good", "bad")),
    ("pool", "pool-wash"),
]
SHAPES = [
    *(("edge", ground) for ground in ("paper", "surface", "sunk", "pool-wash", "bar-track")),
    ("pool", "paper"),
    ("pool", "bar-track"),
    ("lamp-fill", "bar-track"),
    ("lamp-fill", "paper"),
    ("bar-lost", "bar-track"),
    ("bar-lost", "paper"),
    ("bar-lost", "surface"),
    ("bar-tick", "bar-track"),
    ("bar-tick", "paper"),
    ("focus", "paper"),
    ("focus", "surface"),
]
PUBLISHED = {
    ("ink-strong", "paper", "light"): 16.48,
    ("ink-muted", "sunk", "light"): 5.13,
    ("pool", "paper", "dark"): 10.58,
    ("edge", "bar-track", "light"): 3.02,
    ("on-pool", "pool", "dark"): 9.32,
}


def colour(name: str, scheme: str) -> str:
    """Return a token's colour, through aliases such as `--bar-pledged: var(--pool)`."""
    values = {token: pair for token, *pair in PAIRS}
    while name not in values:
        name = ALIASES[name]
    return values[name][SCHEMES.index(scheme)]


def luminance(text: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(front: str, back: str, scheme: str) -> float:
    """Return the contrast ratio of two tokens."""
    light, dark = sorted(
        (luminance(colour(front, scheme)), luminance(colour(back, scheme))), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_can_be_read(front: str, back: str, scheme: str) -> None:
    assert ratio(front, back, scheme) >= TEXT_MIN


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "back"), SHAPES)
def test_what_carries_meaning_can_be_seen(front: str, back: str, scheme: str) -> None:
    assert ratio(front, back, scheme) >= SHAPE_MIN


def test_the_ratios_are_the_published_ones() -> None:
    for (front, back, scheme), expected in PUBLISHED.items():
        assert round(ratio(front, back, scheme), 2) == expected


def packed(*paths: Path) -> int:
    """Return how many bytes these files are on the wire."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_style_sheets_keep_to_their_budget() -> None:
    assert packed(*(STATIC_DIR / "css").glob("*.css")) <= 25_000


def with_imports(*names: str) -> set[Path]:
    """Return these modules and all that they import at once."""
    found: set[Path] = set()
    waiting = [STATIC_DIR / "js" / name for name in names]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            imports = re.findall(
                r'^import .*? from "\./([\w-]+\.js)"', path.read_text(), re.MULTILINE
            )
            waiting += [path.parent / name for name in imports]
    return found


def test_a_campaign_page_runs_little_until_somebody_pledges() -> None:
    at_first = with_imports("main.js", "campaign.js")
    to_pledge = at_first | with_imports("drawer.js")

    assert packed(*at_first) <= 10_000
    assert packed(*to_pledge) <= 21_000
    assert packed(*with_imports("main.js", "manage.js", "token.js")) <= 10_000
    asked_for = with_imports("tabs.js", "media.js", "share.js", "reminder.js")
    assert packed(*at_first | asked_for) <= 16_000
    assert packed(*with_imports("embed.js")) <= 2_000


def test_fonts_keep_to_their_budget_and_come_with_their_licences() -> None:
    fonts = list((STATIC_DIR / "fonts").glob("*.woff2"))
    licences = list((STATIC_DIR / "fonts").glob("*-OFL.txt"))

    assert sum(path.stat().st_size for path in fonts) <= 90_000
    assert len(licences) == len(fonts)


@pytest.mark.parametrize("room", ["pages", "dashboard"])
def test_every_icon_used_is_in_its_sprite(room: str) -> None:
    """Pages and the dashboard have a drawing each: neither loads what only the other shows."""
    is_dashboard = room == "dashboard"
    sprite = (STATIC_DIR / "icons" / ("admin.svg" if is_dashboard else "sprite.svg")).read_text()
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    site = STATIC_DIR.parent
    templates = [
        each
        for each in site.glob("templates/**/*.j2")
        if each.is_relative_to(site / "templates/admin") == is_dashboard
    ]
    code = site.glob("admin/*.py") if is_dashboard else site.glob("public/*.py")
    scripts = () if is_dashboard else site.glob("static/js/*.js")
    text = "\n".join(path.read_text() for path in [*templates, *code, *scripts])
    used = set(re.findall(r"icon\(static, '([\w-]+)'", text))
    used |= set(re.findall(r'(?:icon=|mark: |icon\()"([\w-]+)"', text))

    assert len(used) > 5
    assert used <= drawn


def test_colours_come_from_tokens_alone() -> None:
    sheets = set((STATIC_DIR / "css").glob("*.css")) - {STATIC_DIR / "css/tokens.css"}
    with_own = [
        path.name
        for path in sheets
        if re.search(r"#[0-9a-fA-F]{3,8}\b(?![\w-]*\")", _without_urls(path))
    ]

    assert sheets
    assert with_own == []


def test_one_version_names_the_whole_tree() -> None:
    assert static_base() == f"/static/{static_version()}"
    assert re.fullmatch(r"[0-9a-f]{12}", static_version())


def _without_urls(path: Path) -> str:
    return re.sub(r"url\([^)]*\)", "", path.read_text())

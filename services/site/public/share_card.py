"""The picture that goes along when somebody shares a campaign: drawn by us, as PNG. Pure.

1200 × 630 pixels: the art on the right; on the left what it is, how it stands, and the waterline.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image, ImageDraw, ImageFont, ImageOps

from services.site.public.assets import STATIC_DIR
from services.site.public.theme import ours

WIDTH, HEIGHT = 1200, 630
ART = 520
EDGE = 64
COLUMN = WIDTH - ART - 2 * EDGE
FONTS = STATIC_DIR / "fonts"
DISPLAY, TEXT = FONTS / "newsreader-display-latin.woff2", FONTS / "instrument-sans-latin.woff2"
TITLE_SIZES = (84, 72, 62, 54, 46)
TITLE_LINES_MAX = 3
BAR_TOP, BAR_HEIGHT = 476, 14

Font = ImageFont.FreeTypeFont


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """What a card is drawn in, as hexadecimal colours."""

    paper: str
    ink: str
    muted: str
    accent: str
    track: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a card says. `filled_permille` is None without a bar."""

    platform: str
    kind: str
    title: str
    state: str
    figures: str
    filled_permille: int | None
    art: Path | None
    colours: Colours


def draw_card(card: Card) -> bytes:
    """Return the card as a PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), card.colours.paper)
    brush = ImageDraw.Draw(image)
    if card.art is not None:
        with Image.open(card.art) as opened:
            art = ImageOps.fit(opened.convert("RGB"), (ART, HEIGHT), Image.Resampling.LANCZOS)
        image.paste(art, (WIDTH - ART, 0))
    _logo(image, (EDGE, 56), 34, card)
    brush.text(
        (EDGE + 48, 73), card.platform, card.colours.ink, _font(DISPLAY, 34, 400), anchor="lm"
    )
    if card.kind:
        kind = _cut(card.kind, _font(TEXT, 22, 400), COLUMN)
        brush.text((EDGE, 168), kind, card.colours.muted, _font(TEXT, 22, 400), anchor="lm")
    _title(brush, card)
    if card.filled_permille is not None:
        _bar(brush, card)
    figures = _font(TEXT, 28, 600)
    brush.text((EDGE, 530), card.figures, card.colours.ink, figures, anchor="lm")
    brush.text((EDGE, 572), card.state, card.colours.muted, _font(TEXT, 24, 400), anchor="lm")
    packed = io.BytesIO()
    image.save(packed, "PNG")
    return packed.getvalue()


def our_colours() -> Colours:
    """Return our own colours, for a platform that has none."""
    found = ours()
    return Colours(
        paper=found["paper"][0],
        ink=found["ink-strong"][0],
        muted=found["ink-muted"][0],
        accent=found["pool"][0],
        track=found["bar-track"][0],
    )


def _title(brush: ImageDraw.ImageDraw, card: Card) -> None:
    for size in TITLE_SIZES:
        font = _font(DISPLAY, size, 400)
        lines = _lines(card.title, font, COLUMN)
        if len(lines) <= TITLE_LINES_MAX:
            break
    step = round(size * 1.06)
    for place, line in enumerate(lines[:TITLE_LINES_MAX]):
        at = (EDGE - 3, 196 + place * step)
        brush.text(at, _cut(line, font, COLUMN), card.colours.ink, font, anchor="la")


def _bar(brush: ImageDraw.ImageDraw, card: Card) -> None:
    filled = COLUMN * min(1000, card.filled_permille or 0) // 1000
    box = (EDGE, BAR_TOP, EDGE + COLUMN, BAR_TOP + BAR_HEIGHT)
    brush.rounded_rectangle(box, BAR_HEIGHT // 2, card.colours.track)
    if filled >= BAR_HEIGHT:
        done = (EDGE, BAR_TOP, EDGE + filled, BAR_TOP + BAR_HEIGHT)
        brush.rounded_rectangle(done, BAR_HEIGHT // 2, card.colours.accent)


def _logo(image: Image.Image, at: tuple[int, int], size: int, card: Card) -> None:
    """Draw the ring, filled to a level line below its middle; four times as large, for its edge."""
    side = size * 4
    large = Image.new("RGB", (side, side), card.colours.paper)
    brush = ImageDraw.Draw(large)
    brush.ellipse((4, 4, side - 4, side - 4), outline=card.colours.accent, width=10)
    brush.chord((22, 22, side - 22, side - 22), 5, 175, fill=card.colours.accent)
    image.paste(large.resize((size, size), Image.Resampling.LANCZOS), at)


def _lines(words: str, font: Font, width: int) -> Sequence[str]:
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(words: str, font: Font, width: int) -> str:
    """Return words that fit, with an ellipsis where something had to go."""
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(f"{words}…") > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _font(file: Path, size: int, weight: int) -> Font:
    font = ImageFont.truetype(file, size)
    font.set_variation_by_axes([weight])
    return font

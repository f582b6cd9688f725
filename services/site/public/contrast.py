"""How well two colours can be told apart: WCAG 2's contrast ratio. Pure."""

import re

HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
WHITE, BLACK = "#ffffff", "#0c1a1e"
TEXT_MIN, SHAPE_MIN = 4.5, 3.0
STEP = 0.06


def ratio(front: str, back: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    >>> round(ratio("#000000", "#ffffff"))
    21
    """
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_on(ground: str) -> str:
    """Return white or ink, whichever reads better on a ground."""
    return max((WHITE, BLACK), key=lambda ink: ratio(ink, ground))


def lightened(colour: str, ground: str, *, ratio_min: float) -> str:
    """Return a colour mixed with white until it can be told from a dark ground."""
    parts = _parts(colour)
    while ratio(_hex(parts), ground) < ratio_min and min(parts) < 255:
        parts = tuple(min(255.0, part + max(4.0, (255 - part) * STEP)) for part in parts)
    return _hex(parts)


def darkened(colour: str) -> str:
    """Return a colour a third darker, as a button is under the pointer."""
    return _hex(tuple(part * 2 / 3 for part in _parts(colour)))


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (part / 255 for part in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, ...]:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return tuple(float(int(digits[at : at + 2], 16)) for at in (0, 2, 4))


def _hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in parts)

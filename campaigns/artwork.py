"""What prints posters: flat inks, a plate, stencils. It needs Pillow."""

import hashlib
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw

MEDIA = Path(__file__).parent / "media"
SIZES = {"wide": (1600, 800), "square": (1200, 1200)}
SUPERSAMPLE = 3

Point = tuple[float, float]


class Inks(NamedTuple):
    """The five inks of one poster."""

    ground: str
    mid: str
    second: str
    dark: str
    spark: str


# Eight sets, so that films side by side rarely share one; the slug's hash picks.
INK_SETS = (
    Inks("#f1e3cf", "#e08a5b", "#3f7f86", "#17313a", "#d9412f"),
    Inks("#cfdfe8", "#5f86a8", "#f2a88e", "#1b2a44", "#ff6f3c"),
    Inks("#e6e0f0", "#7a68b3", "#f0b35f", "#251d45", "#e65a46"),
    Inks("#20264a", "#39467a", "#f3d99f", "#0e1128", "#ff7a59"),
    Inks("#f2c14c", "#df5b3c", "#f9edd3", "#2b1734", "#1f9c93"),
    Inks("#edf0e0", "#79a86f", "#f3bd4e", "#1d2c2b", "#dc3f57"),
    Inks("#f4d9cd", "#e5694a", "#3b6f8a", "#16283a", "#ffd35c"),
    Inks("#dfe9e3", "#2f7a6f", "#efa08c", "#152f30", "#e8532f"),
)


def inks_for(slug: str) -> Inks:
    """Return the ink set of a campaign; the same slug always prints alike."""
    return INK_SETS[hashlib.sha256(slug.encode()).digest()[2] % len(INK_SETS)]


class Plate:
    """A sheet under the press. One unit is a hundredth of its height; the middle is (0, 0).

    A wide sheet shows x from −100 to 100, a square one from −50 to 50: what matters stays
    within ±35, and the same drawing serves both.
    """

    def __init__(self, width: int, height: int, ground: str) -> None:
        self._final = (width, height)
        self._unit = height * SUPERSAMPLE / 100
        self._size = (width * SUPERSAMPLE, height * SUPERSAMPLE)
        self._sheet = Image.new("RGB", self._size, ground)
        self.half_width = 50 * width / height

    def at(self, point: Point) -> Point:
        """Return a drawing's point in pixels of the sheet."""
        x, y = point
        return self._size[0] / 2 + x * self._unit, self._size[1] / 2 + y * self._unit

    def print(self, ink: str, draw: Callable[["Stencil"], None], *, over: bool = False) -> None:
        """Press one stencil in one ink; `over` multiplies it with what lies below."""
        mask = Image.new("L", self._size, 0)
        draw(Stencil(self, ImageDraw.Draw(mask)))
        layer = Image.new("RGB", self._size, ink)
        self._sheet.paste(ImageChops.multiply(self._sheet, layer) if over else layer, mask=mask)

    def pixels(self, units: float) -> float:
        """Return a length in pixels of the sheet."""
        return units * self._unit

    def finished(self) -> Image.Image:
        """Return the print at its final size."""
        return self._sheet.resize(self._final, Image.Resampling.LANCZOS)


class Stencil:
    """What is cut into one mask: shapes let ink through, `cut=True` closes a hole again."""

    def __init__(self, plate: Plate, draw: ImageDraw.ImageDraw) -> None:
        self._plate = plate
        self._draw = draw

    def disc(self, x: float, y: float, radius: float, *, cut: bool = False) -> None:
        """Cut a full circle."""
        self.oval(x, y, radius, radius, cut=cut)

    def oval(self, x: float, y: float, rx: float, ry: float, *, cut: bool = False) -> None:
        """Cut an upright ellipse."""
        box = (*self._plate.at((x - rx, y - ry)), *self._plate.at((x + rx, y + ry)))
        self._draw.ellipse(box, fill=0 if cut else 255)

    def shape(self, points: Iterable[Point], *, cut: bool = False) -> None:
        """Cut a polygon."""
        self._draw.polygon([self._plate.at(point) for point in points], fill=0 if cut else 255)

    def block(
        self, left: float, top: float, right: float, bottom: float, *, cut: bool = False
    ) -> None:
        """Cut an upright rectangle."""
        box = (*self._plate.at((left, top)), *self._plate.at((right, bottom)))
        self._draw.rectangle(box, fill=0 if cut else 255)

    def arch(self, x: float, top: float, width: float, bottom: float, *, cut: bool = False) -> None:
        """Cut a round-headed opening."""
        self.disc(x, top + width / 2, width / 2, cut=cut)
        self.block(x - width / 2, top + width / 2, x + width / 2, bottom, cut=cut)

    def stroke(self, points: Iterable[Point], width: float, *, cut: bool = False) -> None:
        """Cut a line with round ends and joints."""
        path = list(points)
        fill = 0 if cut else 255
        pixels = [self._plate.at(point) for point in path]
        self._draw.line(pixels, fill=fill, width=round(self._plate.pixels(width)), joint="curve")
        for x, y in path:
            self.disc(x, y, width / 2, cut=cut)


def turned(points: Iterable[Point], degrees: float, around: Point = (0, 0)) -> list[Point]:
    """Return the points turned clockwise around one of them or anything else."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    ox, oy = around
    return [
        (ox + (x - ox) * cosine - (y - oy) * sine, oy + (x - ox) * sine + (y - oy) * cosine)
        for x, y in points
    ]


def arc(x: float, y: float, radius: float, start: float, end: float) -> list[Point]:
    """Return points along a circle, in degrees clockwise from three o'clock."""
    steps = max(8, int(abs(end - start) / 2))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]

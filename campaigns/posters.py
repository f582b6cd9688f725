"""The five sample films as posters: one horizon, one great shape, one small thing with a spark.

Run from the repository root: ``python -m campaigns.posters``. It writes
``campaigns/media/<slug>-wide.webp`` and ``-square.webp``, the same bytes every time.
"""

from campaigns.artwork import MEDIA, SIZES, Inks, Plate, Point, Stencil, arc, inks_for

WHITE = "#ffffff"


def nine_bridges_north(plate: Plate, inks: Inks) -> None:
    """A viaduct of nine arches before a low sun; an inspector crosses it with a lamp."""

    def hills(cut: Stencil) -> None:
        near = [(-100, 2), (-66, 8), (-38, 21), (-8, 27)]
        cut.shape([*near, (34, 14), (64, 4), (100, 12), (100, 50), (-100, 50)])

    def viaduct(cut: Stencil) -> None:
        cut.block(-100, -7, 100, 34)
        cut.block(-100, -9.4, 100, -7.7)
        for index in range(9):
            cut.arch((index - 4) * 22, -1.5, 15.6, 34, cut=True)

    def ripples(cut: Stencil) -> None:
        for x, y, length in (
            (-72, 38, 9),
            (-34, 42, 12),
            (2, 37.5, 16),
            (13, 41.5, 9),
            (62, 39, 11),
        ):
            cut.stroke([(x, y), (x + length, y)], 0.9)

    def inspector(cut: Stencil) -> None:
        cut.disc(-14.5, -19.4, 1.4)
        cut.shape([(-15.8, -18), (-13.4, -18), (-12.2, -12.2), (-17.2, -12.2)])
        cut.stroke([(-15.4, -12.6), (-16.8, -9.6)], 1.0)
        cut.stroke([(-13.8, -12.6), (-12.4, -9.6)], 1.0)
        cut.stroke([(-14, -16.8), (-10.4, -15.6)], 0.8)
        cut.stroke([(-10.4, -15.6), (-10.4, -14)], 0.35)

    plate.print(inks.mid, lambda cut: cut.disc(14, -11, 32))
    plate.print(inks.second, hills, over=True)
    plate.print(inks.second, viaduct)
    plate.print(inks.dark, lambda cut: cut.block(-100, 33, 100, 50))
    plate.print(inks.mid, ripples)
    plate.print(inks.dark, inspector)
    plate.print(inks.spark, lambda cut: cut.disc(-10.4, -12.6, 1.8))


def the_weather_keeper(plate: Plate, inks: Inks) -> None:
    """A mountain over a pale sun; on the summit a hut with one lit window and a wind gauge."""
    crown: list[Point] = [(-3, -23), (13, -23)]

    def wind(cut: Stencil) -> None:
        for x, y, length in (
            (-92, -33, 34),
            (-74, -27, 22),
            (44, -36, 26),
            (56, -30, 40),
            (36, -17, 14),
        ):
            cut.stroke([(x, y), (x + length, y)], 0.8)

    def mountain(cut: Stencil) -> None:
        cut.shape([*crown, (27, -4), (34, 1), (68, 50), (-62, 50), (-22, 2), (-15, -4)])

    def snow(cut: Stencil) -> None:
        cut.shape(
            [*crown, (27, -4), (20, -8), (16, 1), (10, -9), (4, 4), (-1, -7), (-6, 0), (-10, -11)]
        )

    def ridge(cut: Stencil) -> None:
        left = [(-100, 24), (-68, 12), (-34, 26), (-4, 33)]
        cut.shape([*left, (28, 24), (62, 9), (100, 24), (100, 50), (-100, 50)])

    def valley(cut: Stencil) -> None:
        cut.shape([(-100, 41), (-50, 35), (4, 41), (58, 34), (100, 39), (100, 50), (-100, 50)])

    def hut(cut: Stencil) -> None:
        cut.block(-0.6, -29, 8.6, -22.8)
        cut.shape([(-2, -28.6), (4, -33.6), (10, -28.6)])
        cut.stroke([(13, -23), (13, -41)], 0.6)
        cut.stroke([(9.4, -41), (16.6, -41)], 0.6)
        for x in (9.2, 16.8):
            cut.disc(x, -41, 1.4)

    plate.print(WHITE, wind)
    plate.print(inks.second, lambda cut: cut.disc(-19, -10, 28))
    plate.print(inks.mid, mountain, over=True)
    plate.print(WHITE, snow)
    plate.print(inks.mid, ridge, over=True)
    plate.print(inks.dark, valley)
    plate.print(inks.dark, hut)
    plate.print(inks.spark, lambda cut: cut.block(2, -27.6, 5.6, -24.4))


def _chair(cut: Stencil, x: float, floor: float, size: float) -> None:
    """Cut a wooden chair seen from the front, standing on `floor`."""

    def line(width: float, *points: Point) -> None:
        cut.stroke([(x + px * size, floor - py * size) for px, py in points], width * size)

    for side in (-1, 1):
        line(0.075, (side * 0.25, 0.44), (side * 0.27, 0.97))
        line(0.08, (side * 0.33, 0.36), (side * 0.36, 0.03))
        line(0.06, (side * 0.2, 0.36), (side * 0.22, 0.11))
    line(0.12, (-0.25, 0.92), (0.25, 0.92))
    line(0.07, (-0.24, 0.72), (0.24, 0.72))
    line(0.05, (-0.33, 0.19), (0.33, 0.19))
    seat = [(-0.26, 0.49), (0.26, 0.49), (0.38, 0.4), (0.38, 0.34), (-0.38, 0.34), (-0.38, 0.4)]
    cut.shape([(x + px * size, floor - py * size) for px, py in seat])


def forty_chairs(plate: Plate, inks: Inks) -> None:
    """A row of chairs under a great lamp; one of them stands forward, a hat on its back."""

    def row(cut: Stencil) -> None:
        for index in range(-9, 10):
            _chair(cut, index * 11.5, 20.4, 15)

    def beam(cut: Stencil) -> None:
        cut.shape([(-3, -50), (9, -50), (36, 33), (-30, 33)])
        cut.oval(3, 33, 33, 6)

    def hat(cut: Stencil) -> None:
        cut.oval(11.4, -1.6, 6.4, 1.5)
        cut.shape([(7.4, -2), (15.4, -2), (14.2, -8), (8.6, -8)])
        cut.oval(11.4, -8, 2.8, 1.1)

    plate.print(inks.second, lambda cut: cut.disc(3, -9, 34))
    plate.print(inks.mid, lambda cut: cut.block(-100, 20, 100, 50))
    plate.print(inks.mid, row)
    plate.print(inks.ground, beam, over=True)
    plate.print(inks.dark, lambda cut: cut.oval(3, 35.5, 19, 2.4), over=True)
    plate.print(inks.dark, lambda cut: _chair(cut, 3, 35.5, 37))
    plate.print(inks.spark, hat)


def _opened(x: float) -> float:
    """Return how far the poppy in the frame at `x` has opened, 0 to 1."""
    return min(1.0, max(0.0, (x + 46) / 78))


def _film(plate: Plate, inks: Inks) -> None:
    """Print a strip of film across the sheet; frame by frame a poppy opens."""
    frames = [-97.5 + index * 13 for index in range(16)]

    def strip(cut: Stencil) -> None:
        cut.block(-100, 23, 100, 40)
        for x in range(-99, 100, 3):
            cut.block(x, 24.2, x + 1.4, 25.7, cut=True)
            cut.block(x, 37.3, x + 1.4, 38.8, cut=True)

    def windows(cut: Stencil) -> None:
        for x in frames:
            cut.block(x - 5.5, 27, x + 5.5, 36)

    def stems(cut: Stencil) -> None:
        for x in frames:
            cut.stroke([(x, 36), (x, 35.2 - 4.6 * _opened(x))], 0.6)

    def petals(cut: Stencil) -> None:
        for x in frames:
            if _opened(x) > 0.3:
                cut.disc(x, 35.2 - 4.6 * _opened(x), 2.4 * _opened(x))

    plate.print(inks.dark, strip)
    plate.print(inks.ground, windows)
    plate.print(inks.dark, stems)
    plate.print(inks.spark, petals)


def one_roll(plate: Plate, inks: Inks) -> None:
    """A film reel as a sun over a meadow, rolling on its own strip."""
    hub = (-2.0, -9.5)

    def reel(cut: Stencil) -> None:
        cut.disc(*hub, 32.5)
        for turn in range(5):
            (hole,) = arc(*hub, 18.2, turn * 72 - 54, turn * 72 - 54)[:1]
            cut.disc(*hole, 8.3, cut=True)
        cut.disc(*hub, 3.4, cut=True)

    def meadow(cut: Stencil) -> None:
        cut.shape([(-100, 8), (-48, 14), (2, 6), (56, 13), (100, 4), (100, 50), (-100, 50)])

    plate.print(inks.second, reel)
    plate.print(inks.mid, meadow, over=True)
    _film(plate, inks)


def a_map_of_small_noises(plate: Plate, inks: Inks) -> None:
    """A lit doorway in a dark street, and in it a microphone that hears the door."""

    def street(cut: Stencil) -> None:
        roofs = [(-100, -14), (-84, -26), (-68, -14), (-60, -14), (-44, -30), (-24, -30)]
        cut.shape([*roofs, (-24, -50), (42, -50), (42, -22), (62, -22), (78, -34), (100, -20)])
        cut.shape([(-100, -14), (100, -20), (100, 24), (-100, 24)])

    def door(cut: Stencil) -> None:
        cut.arch(9, -41, 38, 24)

    def light(cut: Stencil) -> None:
        cut.shape([(-10, 24), (28, 24), (10, 50), (-54, 50)])

    def noise(cut: Stencil) -> None:
        for radius in (16.4, 12.4, 8.4):
            cut.disc(9, -17, radius)
            cut.disc(9, -17, radius - 1.3, cut=True)
        cut.block(4.2, -34, 13.8, 24, cut=True)

    def microphone(cut: Stencil) -> None:
        cut.stroke([(9, -20), (9, -14)], 6.6)
        cut.stroke(arc(9, -14.6, 5.4, 0, 180), 1.0)
        cut.stroke([(9, -9), (9, 23)], 1.0)
        cut.stroke([(9, 14), (3.4, 24)], 1.0)
        cut.stroke([(9, 14), (14.6, 24)], 1.0)

    def windows(cut: Stencil) -> None:
        for x, y in ((-78, -4), (-52, -12), (-52, 4), (58, -8), (84, 2)):
            cut.block(x - 3, y - 4, x + 3, y + 4)

    plate.print(inks.dark, street)
    plate.print(inks.mid, windows)
    plate.print(inks.mid, lambda cut: cut.block(-100, 24, 100, 50))
    plate.print(inks.second, door)
    plate.print(inks.second, light)
    plate.print(inks.mid, noise, over=True)
    plate.print(inks.dark, microphone)
    plate.print(inks.spark, lambda cut: cut.disc(9, -20, 1.5))


POSTERS = {
    "nine-bridges-north": nine_bridges_north,
    "the-weather-keeper": the_weather_keeper,
    "forty-chairs": forty_chairs,
    "one-roll": one_roll,
    "a-map-of-small-noises": a_map_of_small_noises,
}


def main() -> None:
    """Print every poster in both sizes."""
    MEDIA.mkdir(exist_ok=True)
    for slug, draw in POSTERS.items():
        inks = inks_for(slug)
        for name, (width, height) in SIZES.items():
            plate = Plate(width, height, inks.ground)
            draw(plate, inks)
            path = MEDIA / f"{slug}-{name}.webp"
            plate.finished().save(path, "WEBP", quality=80, method=6)


if __name__ == "__main__":
    main()

"""The sample films' pictures: there, small, and the same bytes whenever they are printed."""

from pathlib import Path

import pytest
from PIL import Image

from campaigns.artwork import INK_SETS, MEDIA, SIZES, Plate, inks_for
from campaigns.posters import POSTERS

BYTES_MAX = 60_000
FILMS = sorted(path.stem for path in MEDIA.parent.glob("*.md") if path.stem != "README")


def test_every_film_has_a_poster_and_its_own_inks() -> None:
    assert sorted(POSTERS) == FILMS
    assert len({inks_for(slug) for slug in POSTERS}) == len(POSTERS)
    assert all(len(set(inks)) == 5 for inks in INK_SETS)


@pytest.mark.parametrize("slug", FILMS)
@pytest.mark.parametrize("shape", SIZES)
def test_a_poster_is_small_and_has_its_size(slug: str, shape: str) -> None:
    path = MEDIA / f"{slug}-{shape}.webp"

    assert path.stat().st_size <= BYTES_MAX
    with Image.open(path) as picture:
        assert picture.size == SIZES[shape]


def test_printing_again_gives_the_same_picture(tmp_path: Path) -> None:
    slug = "one-roll"
    prints = []
    for _ in range(2):
        plate = Plate(200, 100, inks_for(slug).ground)
        POSTERS[slug](plate, inks_for(slug))
        prints.append(plate.finished().tobytes())

    assert prints[0] == prints[1]

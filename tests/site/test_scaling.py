"""Pictures in the sizes screens need: made once, without what a camera wrote, never larger."""

import re
from pathlib import Path

import pytest
from PIL import Image

from services.site.live.scaler import Scaler
from services.site.publishing.pictures import size_of
from services.site.publishing.scaling import WIDTHS, Scaled
from services.site.publishing.shown_media import Media
from tests.site.running import RunningSite, eventually


@pytest.fixture
def scaled(tmp_path: Path) -> Scaled:
    (tmp_path / "media").mkdir()
    return Scaled(tmp_path / "media", tmp_path / "cache")


def a_photo(path: Path, size: tuple[int, int] = (1200, 800)) -> Path:
    """Keep a photo as phones make them: turned on its side, and with a place in it."""
    picture = Image.new("RGB", size, "#aa3311")
    exif = picture.getexif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(path, "JPEG", exif=exif)
    return path


async def test_a_picture_is_had_in_every_smaller_size(tmp_path: Path, scaled: Scaled) -> None:
    file = tmp_path / "media/wide.png"
    Image.new("RGBA", (1000, 500), (9, 9, 9, 90)).save(file)

    await Scaler(scaled).make_missing()

    sizes = {
        width: size_of(found) if (found := scaled.find(file, width)) else None for width in WIDTHS
    }
    assert sizes == {320: (320, 160), 480: (480, 240), 640: (640, 320), 960: (960, 480), 1600: None}
    assert scaled.missing() == []
    assert scaled.find(file, 321) is None


async def test_a_photo_is_upright_and_says_nothing_of_where_it_was(
    tmp_path: Path, scaled: Scaled
) -> None:
    file = a_photo(tmp_path / "media/phone.jpg")

    await Scaler(scaled).make_missing()

    found = scaled.find(file, 320)
    assert found
    with Image.open(found) as picture:
        assert picture.format == "WEBP"
        assert picture.height > picture.width
        assert not picture.getexif()
        assert "exif" not in picture.info


async def test_what_is_no_picture_is_tried_once_and_holds_up_nobody(
    tmp_path: Path, scaled: Scaled
) -> None:
    broken = tmp_path / "media/a-broken.png"
    a_photo(tmp_path / "media/whole.jpg")
    Image.new("RGB", (900, 900)).save(broken)
    broken.write_bytes(broken.read_bytes()[:200])
    scaler = Scaler(scaled)

    await scaler.make_missing()
    await scaler.make_missing()

    assert scaled.find(tmp_path / "media/whole.jpg", 640)
    assert scaled.missing() == [broken]


def test_a_page_offers_the_sizes_there_are(tmp_path: Path) -> None:
    Image.new("RGB", (700, 350)).save(tmp_path / "a.webp")
    Image.new("RGB", (700, 350)).save(tmp_path / "a.gif")
    media = Media(tmp_path)

    picture, moving = media.picture("media/a.webp"), media.picture("a.gif")

    assert picture
    assert re.fullmatch(
        r"/media/a\.webp\?v=\w+&w=320 320w, /media/a\.webp\?v=\w+&w=480 480w, "
        r"/media/a\.webp\?v=\w+&w=640 640w, /media/a\.webp\?v=\w+ 700w",
        picture.srcset,
    )
    assert moving
    assert moving.srcset == ""


async def test_a_size_is_sent_when_it_is_there_and_else_the_picture_itself(
    one_film: RunningSite,
) -> None:
    page = (await one_film.http.get("/campaigns/long-take/")).text
    address = re.search(r"(/media/long-take\.webp\?v=\w+&amp;w=320) 320w", page)
    assert address
    path = address[1].replace("&amp;", "&")

    async def is_small() -> bool:
        answer = await one_film.http.get(path)
        return len(answer.content) < len((await one_film.http.get(path[:-6])).content)

    await eventually(is_small, what="the small one")
    small = await one_film.http.get(path)
    other = await one_film.http.get(path.replace("w=320", "w=321"))

    assert small.headers["content-type"] == "image/webp"
    assert "immutable" in small.headers["cache-control"]
    assert "immutable" not in other.headers["cache-control"]
    assert small.headers["etag"] != other.headers["etag"]

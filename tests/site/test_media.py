"""Pictures, films and sounds: shown, in parts if wanted, and never run."""

import re
from pathlib import Path

import pytest
from PIL import Image

from services.site.publishing.pictures import size_of
from tests.site.running import RunningSite
from tests.site.samples import PICTURE, ROOT


async def test_media_is_shown_and_never_run(one_film: RunningSite) -> None:
    page = (await one_film.http.get("/campaigns/long-take/")).text
    address = re.search(r'src="(/media/long-take\.webp\?v=\w+)"', page)
    assert address

    answer = await one_film.http.get(address[1])

    assert answer.status_code == 200
    assert answer.content == PICTURE.read_bytes()
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"].startswith("inline")
    again = await one_film.http.get(address[1], headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("wanted", "status", "first", "last"),
    [
        ("bytes=0-99", 206, 0, 99),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=0-", 200, 0, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=9-3", 416, 0, 0),
        ("bytes=a-b", 200, 0, None),
        ("bytes=0-1,3-4", 200, 0, None),
    ],
)
async def test_a_part_of_a_film_can_be_asked_for(
    one_film: RunningSite, wanted: str, status: int, first: int, last: int | None
) -> None:
    whole = PICTURE.read_bytes()

    answer = await one_film.http.get("/media/long-take.webp", headers={"range": wanted})

    assert answer.status_code == status
    if status != 416:
        assert answer.content == whole[first : None if last is None else last + 1]
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")


async def test_a_long_film_is_sent_in_pieces(one_film: RunningSite) -> None:
    film = bytes(range(256)) * 4 * 1024 * 6
    (one_film.content / "media" / "film.mp4").write_bytes(film)

    whole = await one_film.http.get("/media/film.mp4")
    most = await one_film.http.get("/media/film.mp4", headers={"range": "bytes=5-"})

    assert (whole.status_code, whole.content == film) == (200, True)
    assert (most.status_code, most.content == film[5:]) == (206, True)


@pytest.mark.parametrize(
    "path",
    [
        "/media/../long-take.md",
        "/media/%2e%2e/long-take.md",
        "/media/..%2flong-take.md",
        "/media/long-take.md",
        "/media/link.png",
        "/media/",
        "/media/folder",
        "/media/drawing.svg",
        "/static/x/../../settings.py",
        "/static/x/%2e%2e/settings.py",
    ],
)
async def test_no_file_is_shown_that_is_not_media(one_film: RunningSite, path: str) -> None:
    media = one_film.content / "media"
    (media / "folder").mkdir(exist_ok=True)
    (media / "drawing.svg").write_text("<svg onload='alert(1)'/>")
    link = media / "link.png"
    if not link.exists():
        link.symlink_to(one_film.content / "long-take.md")

    answer = await one_film.http.get(path)

    assert answer.status_code == 404


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "campaigns/media").glob("*.webp")))
def test_a_pictures_size_is_read_from_its_header(name: str) -> None:
    file = ROOT / "campaigns" / "media" / name

    with Image.open(file) as picture:
        assert size_of(file) == picture.size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_kind_of_picture_tells_its_size(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "picture"
    Image.new("RGB", (321, 123)).save(file, kind)

    assert size_of(file) == (321, 123)

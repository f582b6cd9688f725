"""A full disk is said in words, and is no fault of the file: /dev/full stands for one."""

from pathlib import Path

import pytest
from multipart import PushMultipartParser

from services.site.door.uploads import _Sink
from services.site.media.kinds import kind_of
from services.site.media.press import Press
from services.site.media.room import StorageFull
from tests.site.uploads import picture

FULL = Path("/dev/full")
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
FORM = HEAD + b"bytes\r\n--b--\r\n"


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file on a disk without room."""
    place = tmp_path / "full"
    place.symlink_to(FULL)
    return place


async def test_an_upload_that_does_not_fit_is_refused_as_such(full: Path) -> None:
    sink = _Sink(full)
    with PushMultipartParser("b") as parser:
        for event in parser.parse(FORM):
            await sink.take(event)

    with pytest.raises(StorageFull) as refused:
        await sink.flush()
    sink.close()

    assert "too little room" in refused.value.message


async def test_a_picture_that_cannot_be_written_is_not_called_damaged(
    full: Path, tmp_path: Path
) -> None:
    content = picture()
    source = tmp_path / "source"
    source.write_bytes(content)

    with pytest.raises(StorageFull):
        await Press().remake(kind_of(content), source, full)


async def test_a_size_that_cannot_be_written_is_made_later(full: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(picture("WEBP"))

    with pytest.raises(StorageFull):
        await Press().scale(source, {320: full})

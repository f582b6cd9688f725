"""The media folder as pages name it: addresses that may be kept for ever, and sizes."""

from pathlib import Path
from urllib.parse import urlsplit

from services.site.media.naming import FOLDER
from services.site.public import state
from services.site.publishing.pictures import (
    SUFFIXES,
    is_uploaded,
    media_file,
    size_of,
    stamp,
)
from services.site.publishing.scaling import widths_below


class Media:
    """The media folder, as addresses."""

    def __init__(self, root: Path, uploads: Path | None = None) -> None:
        self._root = root
        self._uploads = uploads

    def address(self, written: str) -> str:
        """Return the address of a path or URL as written; empty when we have no such file."""
        if not written or "://" in written:
            return written
        file = self._file(written)
        if file is None:
            return ""
        name = f"{FOLDER}/{file.name}"
        if not is_uploaded(file):
            name = file.relative_to(self._root.resolve()).as_posix()
        return f"/media/{name}?v={stamp(file)}"

    def picture(self, written: str, alt: str = "", caption: str = "") -> state.Picture | None:
        """Return a picture with its size, or None when there is nothing to show."""
        address = self.address(written)
        if not address:
            return None
        file = None if "://" in written else self._file(written)
        width, height = (size_of(file) if file else None) or (None, None)
        return state.Picture(
            url=address,
            alt=alt,
            width=width,
            height=height,
            caption=caption,
            widths=widths_below(file, width) if file and width else (),
        )

    def media_type(self, written: str) -> str:
        """Return what kind of file a path or URL names, by its ending."""
        return SUFFIXES.get(Path(urlsplit(written).path).suffix.lower(), "")

    def _file(self, written: str) -> Path | None:
        return media_file(self._root, _below_media(written), self._uploads)


def _below_media(written: str) -> str:
    """Return a path as it is below the media folder: `media/a.webp`, `/media/a.webp`, `a.webp`."""
    return written.lstrip("/").removeprefix("media/")

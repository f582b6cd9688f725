"""The folder of uploaded files: each appears whole under the name of its bytes, or not at all.

Replicas share it. A row in Postgres says what each file is; a file without a row is nobody's.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from services.site.media.naming import FOLDER, NAME, variant_of
from services.site.media.room import full, writing

PARTS = ".parts"
PART_SECONDS_MAX = 3_600.0
FREE_SHARE_MIN, FREE_BYTES_MIN = 0.05, 500 * 1024 * 1024


def folder_of(media_url: str, content: Path) -> Path:
    """Return where uploads are kept: `MEDIA_URL`, else below the content folder's media.

    Raises `ValueError` for an address that is no folder.
    """
    if not media_url:
        return content / "media" / FOLDER
    parts = urlsplit(media_url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return Path(url2pathname(parts.path))
    if not parts.scheme and media_url.startswith("/"):
        return Path(media_url)
    raise ValueError("MEDIA_URL is not a folder such as file:///srv/media")


class Store:
    """One folder of uploaded files, and beside them the sizes they were scaled to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> Path | None:
        """Return a file that is kept, by its name."""
        if NAME.fullmatch(name) is None:
            return None
        file = self.folder / name
        return file if file.is_file() else None

    def place(self, name: str, width: int | None = None) -> Path:
        """Return where a file is kept, or one of its sizes."""
        return self.folder / (name if width is None else variant_of(name, width))

    def require_room(self) -> None:
        """Refuse an upload that could take the last of the disk from everybody else."""
        with writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            usage = shutil.disk_usage(self.folder)
        if usage.free < min(usage.total * FREE_SHARE_MIN, FREE_BYTES_MIN):
            raise full()

    def part(self) -> Path:
        """Return a new empty file, on the same disk, for what is not whole yet."""
        with writing():
            parts = self.folder / PARTS
            parts.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=parts, suffix=".part")
            os.close(handle)
        return Path(name)

    def keep(self, part: Path, name: str, width: int | None = None) -> None:
        """Give a whole file its name. Done twice it is the same: the name is of its bytes."""
        place = self.place(name, width)
        with writing():
            with part.open("rb") as source:
                os.fsync(source.fileno())
            part.chmod(0o644)
            part.replace(place)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def remove(self, name: str, widths: Iterable[int]) -> None:
        """Delete a file with its sizes. What is gone already stays gone."""
        for place in (*(self.place(name, width) for width in widths), self.place(name)):
            place.unlink(missing_ok=True)

    def sweep_parts(self) -> int:
        """Delete what uploads left that were cut off an hour ago; return how many."""
        swept = 0
        fresh = self.part()
        # The disk's own clock: it wrote the other times as well.
        now = fresh.stat().st_mtime
        fresh.unlink()
        for part in (self.folder / PARTS).glob("*.part"):
            with contextlib.suppress(FileNotFoundError):
                if now - part.stat().st_mtime > PART_SECONDS_MAX:
                    part.unlink()
                    swept += 1
        return swept

"""Pictures in the sizes screens need: scaled once, beside the requests, and kept in a folder.

The folder is a cache. Whoever has not scaled a picture yet sends it as it is.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from PIL import Image, ImageOps

from services.site.media.naming import FOLDER, variant_of
from services.site.publishing.pictures import SUFFIXES, is_uploaded, size_of, stamp

WIDTHS = (320, 480, 640, 960, 1600)
QUALITY = 80
PIXELS_MAX = 40_000_000
SCALED_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def widths_below(file: Path, width: int) -> tuple[int, ...]:
    """Return the sizes a picture is worth having in; a moving one stays as it is."""
    if file.suffix.lower() not in SCALED_SUFFIXES:
        return ()
    return tuple(each for each in WIDTHS if each < width)


class Scaled:
    """The folder of scaled pictures. Safe for several processes: each file appears whole."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder

    def find(self, file: Path, width: int) -> Path | None:
        """Return a picture in a width, None when it has not been scaled yet."""
        found = self._place(file, width)
        return found if width in WIDTHS and found.is_file() else None

    def missing(self) -> list[Path]:
        """Return the pictures of the media folder that are not there in every size yet.

        Uploads are not among them: the library has a worker, and keeps their sizes for all.
        """
        if not self._root.is_dir():
            return []
        top = self._root.resolve()
        files = sorted(
            each for each in top.rglob("*") if each.is_file() and each.parent != top / FOLDER
        )
        return [each for each in files if any(self._missing_widths(each))]

    def make(self, file: Path) -> None:
        """Scale one picture to every size it lacks. What cannot be read is left as it is."""
        wanted = list(self._missing_widths(file))
        size = size_of(file)
        if not wanted or size is None or size[0] * size[1] > PIXELS_MAX:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened)
            has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            picture = upright.convert("RGBA" if has_alpha else "RGB")
        for width in sorted(wanted, reverse=True):
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            self._keep(picture, self._place(file, width))

    def _missing_widths(self, file: Path) -> Iterable[int]:
        if file.suffix.lower() not in SUFFIXES:
            return ()
        size = size_of(file)
        widths = widths_below(file, size[0]) if size else ()
        return (each for each in widths if not self._place(file, each).is_file())

    def _keep(self, picture: Image.Image, place: Path) -> None:
        with NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
            # Written anew from its pixels: no camera, place or comment travels along.
            picture.save(part, "WEBP", quality=QUALITY, method=4)
        Path(part.name).replace(place)

    def _place(self, file: Path, width: int) -> Path:
        if is_uploaded(file):
            return file.with_name(variant_of(file.name, width))
        name = hashlib.sha256(f"{file}:{stamp(file)}".encode()).hexdigest()[:32]
        return self._folder / f"{name}-{width}.webp"

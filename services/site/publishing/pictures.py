"""Media files: where they are, and how large a picture is without decoding it.

Width and height in the page keep the text from jumping while pictures arrive.
"""

import functools
import struct
from pathlib import Path

from services.site.media.naming import FOLDER, NAME

HEAD_BYTES = 64 * 1024
SUFFIXES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
"""What media may be. SVG is a document with scripts, not a picture."""


def media_file(root: Path, name: str, uploads: Path | None = None) -> Path | None:
    """Return the file `name` means below the media folder, or None.

    What was uploaded may be kept elsewhere. Links are followed before the comparison, so that
    none leads out of the folder.
    """
    if uploads is not None and name.startswith(f"{FOLDER}/"):
        file = uploads / name.removeprefix(f"{FOLDER}/")
        return file if is_uploaded(file) and file.parent == uploads and file.is_file() else None
    if "\0" in name or "\\" in name or Path(name).suffix.lower() not in SUFFIXES:
        return None
    try:
        top = root.resolve(strict=True)
        file = (top / name).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    is_inside = file.is_relative_to(top) and file.suffix.lower() in SUFFIXES
    return file if is_inside and file.is_file() else None


def stamp(file: Path) -> str:
    """Return a name for these bytes of a file, for addresses that may be kept for ever.

    An uploaded file is called by its bytes: the same in every replica, and after a restore.
    """
    if is_uploaded(file):
        return file.stem
    found = file.stat()
    return f"{found.st_mtime_ns:x}{found.st_size:x}"


def is_uploaded(file: Path) -> bool:
    """Tell whether a file has the name that uploads have."""
    return NAME.fullmatch(file.name) is not None


def size_of(file: Path) -> tuple[int, int] | None:
    """Return width and height in pixels, or None when the header does not tell."""
    return _size_of(file, stamp(file))


@functools.lru_cache(maxsize=4_096)
def _size_of(file: Path, _: str) -> tuple[int, int] | None:
    with file.open("rb") as source:
        head = source.read(HEAD_BYTES)
    try:
        return _png(head) or _gif(head) or _webp(head) or _jpeg(head)
    except (struct.error, IndexError):
        return None


def _png(head: bytes) -> tuple[int, int] | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _gif(head: bytes) -> tuple[int, int] | None:
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack("<HH", head[6:10])
    return width, height


def _webp(head: bytes) -> tuple[int, int] | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(head[24:27], "little") + 1
        return width, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    if not head.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        # Start of frame, apart from the three tables that share its range.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None

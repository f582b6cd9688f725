"""Makes a picture anew from its pixels: a program of its own, with little memory and time.

    python -m services.site.media.shrink < order.json

Whatever a file does to a decoder is done to this process alone. It is given no setting, no
secret and no connection. Nothing but pixels gets through: no camera, place, comment or tail.
"""

import contextlib
import errno
import io
import json
import math
import resource
import struct
import sys
import warnings
import zlib
from typing import Any

from PIL import Image, ImageCms, ImageOps

MEMORY_BYTES_MAX = 512 * 1024 * 1024
CPU_SECONDS_MAX = 10
FILE_BYTES_MAX = 64 * 1024 * 1024
ICC_BYTES_MAX = 1024 * 1024
MASTER_QUALITY, SMALLER_QUALITY = 86, 80
STRIP_ROWS = 128
ORIENTATION = 0x0112


UNREADABLE = (
    *(OSError, EOFError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError),
    *(ArithmeticError, RuntimeError, struct.error, zlib.error),
)
"""What decoders raise for broken input. Anything else ends the program: refused as well."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Refused(Exception):
    """The picture is not taken; says why in one word."""


def limit() -> None:
    """Give this process little of everything."""
    limits = (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, CPU_SECONDS_MAX),
        (resource.RLIMIT_FSIZE, FILE_BYTES_MAX),
        (resource.RLIMIT_CORE, 0),
    )
    for name, value in limits:
        # Not every system knows every limit; the one outside counts the seconds as well.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (value, value))
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def remake(order: dict[str, Any]) -> dict[str, int]:
    """Keep a picture upright, without what was written into it, no larger than asked."""
    Image.MAX_IMAGE_PIXELS = order["pixels_max"]
    # What was opened is let go before anything is written: it may be most of our memory.
    picture = _read(order)
    picture.save(order["target"], "WEBP", quality=MASTER_QUALITY, method=3)
    return {"width": picture.width, "height": picture.height}


def scale(order: dict[str, Any]) -> dict[str, int]:
    """Keep a picture of ours in each width that is asked for, the widest first."""
    Image.MAX_IMAGE_PIXELS = order["pixels_max"]
    with Image.open(order["source"], formats=["WEBP"]) as opened:
        picture: Image.Image = opened.convert("RGBA" if opened.mode == "RGBA" else "RGB")
    for width, target in sorted(order["targets"].items(), key=lambda each: -int(each[0])):
        height = max(1, round(picture.height * int(width) / picture.width))
        picture = picture.resize((int(width), height), Image.Resampling.LANCZOS)
        picture.info.clear()
        picture.save(target, "WEBP", quality=SMALLER_QUALITY, method=4)
    return {}


def _read(order: dict[str, Any]) -> Image.Image:
    with Image.open(order["source"], formats=[order["format"]]) as opened:
        _require_sides(opened.size, order)
        # JPEG decodes at a half, a quarter or an eighth at once.
        opened.draft(None, (order["master_side"], order["master_side"]))
        turned, profile = _orientation(opened), opened.info.get("icc_profile")
        size = _inside(opened.size, order["master_side"])
        picture = _scaled(opened, size)
    return _turned(_in_our_colours(picture, profile), turned)


def _require_sides(size: tuple[int, int], order: dict[str, Any]) -> None:
    """Refuse by the header alone, before a pixel is decoded."""
    if min(size) < 1 or max(size) > order["side_max"]:
        raise Refused("too_long")
    if size[0] * size[1] > order["pixels_max"]:
        raise Refused("too_many_pixels")


def _inside(size: tuple[int, int], side: int) -> tuple[int, int]:
    factor = min(1.0, side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _scaled(opened: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture in another size, strip by strip: never two large copies at once."""
    opened.load()
    mode = _mode(opened)
    step = opened.height / size[1]
    margin = math.ceil(3 * max(1.0, step)) + 1
    made = Image.new(mode, size)
    for top in range(0, size[1], STRIP_ROWS):
        bottom = min(size[1], top + STRIP_ROWS)
        first = max(0, math.floor(top * step) - margin)
        last = min(opened.height, math.ceil(bottom * step) + margin)
        piece = _as(opened.crop((0, first, opened.width, last)), mode)
        box = (0, top * step - first, opened.width, min(bottom * step - first, piece.height))
        part = piece.resize((size[0], bottom - top), Image.Resampling.LANCZOS, box=box)
        made.paste(part, (0, top))
    return made


def _mode(opened: Image.Image) -> str:
    if opened.mode in ("CMYK", "LAB"):
        return opened.mode
    has_alpha = opened.mode in ("RGBA", "LA", "PA", "La", "RGBa")
    return "RGBA" if has_alpha or "transparency" in opened.info else "RGB"


def _as(piece: Image.Image, mode: str) -> Image.Image:
    if piece.mode.startswith("I"):
        # Sixteen bits of grey: the upper eight are seen.
        piece = piece.point(lambda value: value * (1 / 256)).convert("L")
    return piece if piece.mode == mode else piece.convert(mode)


def _in_our_colours(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in sRGB. A profile that can't be read is as good as none."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile and len(profile) <= ICC_BYTES_MAX:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ours = ImageCms.createProfile("sRGB")
            changed = ImageCms.profileToProfile(picture, given, ours, outputMode=mode)
            if changed is not None:
                picture = changed
    picture = picture if picture.mode == mode else picture.convert(mode)
    picture.info.clear()
    return picture


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, OSError, KeyError, OverflowError):
        return 1


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    exif = picture.getexif()
    exif[ORIENTATION] = orientation if 1 <= orientation <= 8 else 1
    turned = ImageOps.exif_transpose(picture)
    turned.info.clear()
    return turned


def main() -> int:
    """Do what the order says; the answer is one line of JSON."""
    limit()
    order = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = remake(order) if "target" in order else scale(order)
    except Refused as refused:
        answer = {"refused": str(refused)}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        answer = {"refused": "too_many_pixels"}
    except MemoryError:
        answer = {"refused": "too_heavy"}
    except UNREADABLE as exc:
        is_full = getattr(exc, "errno", None) in NO_ROOM
        answer = {"refused": "no_room" if is_full else "broken"}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Files that people send, honest and otherwise: each made here, named by what it is."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.site.admins import Visitor

SECRET_PLACE = b"Casa de la abuela 47"


@dataclass(frozen=True)
class Sent:
    """A file, and what must come of it: `status`, and a piece of the sentence or of the name."""

    name: str
    make: Callable[[], bytes]
    status: int
    says: str = ""
    size: tuple[int, int] | None = None


async def send(
    visitor: Visitor, slug: str, content: bytes, *, name: str = "a.jpg", **form: str
) -> httpx.Response:
    """Send a file as a browser does."""
    return await visitor.http.post(
        f"/admin/media/{slug}/upload",
        data={"csrf": visitor.csrf, **form},
        files={"file": (name, content, "application/octet-stream")},
        timeout=40,
    )


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 400), mode: str = "RGB", **more: object
) -> bytes:
    """Return a picture with a slope of colour, so that its parts can be told apart."""
    made = Image.linear_gradient("L").resize(size).convert(mode)
    sink = io.BytesIO()
    made.save(sink, kind, **more)
    return sink.getvalue()


def with_exif(kind: str = "JPEG", orientation: int = 6) -> bytes:
    """Return a photo turned on its side, with a place and a camera in it."""
    made = Image.linear_gradient("L").resize((640, 400)).convert("RGB")
    exif = made.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    exif[0x010E] = SECRET_PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (40.0, 25.0, 1.0)
    sink = io.BytesIO()
    made.save(sink, kind, exif=exif)
    return sink.getvalue()


def with_words() -> bytes:
    """Return a PNG with texts of every kind in it."""
    words = PngInfo()
    words.add_text("Comment", SECRET_PLACE.decode())
    words.add_text("Packed", SECRET_PLACE.decode() * 40, zip=True)
    words.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET_PLACE.decode()}</x>")
    return picture("PNG", pnginfo=words)


def with_profile(length: int = 0) -> bytes:
    """Return a PNG with a colour profile: a true one, or one of so many bytes of zeros."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture("PNG", icc_profile=profile if not length else bytes(length))


def moving(kind: str, frames: int = 5) -> bytes:
    """Return an animation whose first picture is as wide as the others."""
    all_ = [Image.new("RGB", (320, 200), (frame * 20 % 256, 40, 90)) for frame in range(frames)]
    sink = io.BytesIO()
    all_[0].save(sink, kind, save_all=True, append_images=all_[1:], duration=40)
    return sink.getvalue()


def endless_gif(frames: int = 100_000) -> bytes:
    """Return a GIF with very many pictures of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 320, 200, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def wide_gif() -> bytes:
    """Return a GIF that says to be 65,535 pixels wide and high."""
    one = endless_gif(1)
    return one[:6] + b"\xff\xff\xff\xff" + one[10:]


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one part of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def flat_png(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """Return a small file that says to be large, and is: black all over."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    row = 1 + (width * channels * depth + 7) // 8
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(row)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", b"\x00\x00\x00") if colour == 3 else b""
    body = chunk(b"IHDR", head) + palette + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def claiming_png(width: int, height: int) -> bytes:
    """Return a PNG that says to be enormous, and has one row."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 64))
        + chunk(b"IEND", b"")
    )


def text_bomb_png() -> bytes:
    """Return a PNG whose text unpacks to 200 MB."""
    packed = zlib.compress(b"A" * 200_000_000, 9)
    base = picture("PNG")
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + packed)
    return base[:33] + bomb + base[33:]


def profile_bomb_png() -> bytes:
    """Return a PNG whose colour profile unpacks to 200 MB."""
    packed = zlib.compress(bytes(200_000_000), 9)
    base = picture("PNG")
    return base[:33] + chunk(b"iCCP", b"icc\x00\x00" + packed) + base[33:]


def an_archive() -> bytes:
    """Return a ZIP with a page in it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
    return sink.getvalue()


def mp4(brand: bytes = b"isom", more: bytes = b"") -> bytes:
    """Return the frame of a film: a type, an empty index, and some bytes."""
    kind = struct.pack(">I", 24) + b"ftyp" + brand + b"\x00\x00\x02\x00" + b"isommp41"
    return (
        kind
        + more
        + struct.pack(">I", 8)
        + b"moov"
        + struct.pack(">I", 1032)
        + b"mdat"
        + bytes(1024)
    )


def box(kind: bytes, body: bytes) -> bytes:
    """Return one box of a film."""
    return struct.pack(">I", 8 + len(body)) + kind + body


def noted_film() -> bytes:
    """Return a film as a telephone writes it: the place in three boxes, and some pictures."""
    place = box(b"\xa9xyz", SECRET_PLACE)
    track = box(b"trak", box(b"tkhd", bytes(84)) + box(b"udta", place))
    index = box(b"moov", box(b"mvhd", bytes(100)) + track + box(b"meta", SECRET_PLACE))
    return (
        mp4()[:24] + index + box(b"uuid", bytes(16) + SECRET_PLACE) + box(b"mdat", b"pictures" * 9)
    )


def webm(kind: bytes = b"webm") -> bytes:
    """Return the head of a Matroska file of a kind."""
    return b"\x1a\x45\xdf\xa3\x93\x42\x82" + bytes([0x80 | len(kind)]) + kind + bytes(512)


SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
KIND, BROKEN, PIXELS, SIDE = "Only JPEG, PNG", "damaged", "megapixels", "12,000 pixels"

CORPUS: tuple[Sent, ...] = (
    # Taken, and made anew.
    Sent("photo.jpg", picture, 303, size=(640, 400)),
    Sent("progressive.jpg", lambda: picture(progressive=True), 303, size=(640, 400)),
    Sent("grey.jpg", lambda: picture(mode="L"), 303, size=(640, 400)),
    Sent("print.jpg", lambda: picture(mode="CMYK"), 303, size=(640, 400)),
    Sent("poster.png", lambda: picture("PNG"), 303, size=(640, 400)),
    Sent("see-through.png", lambda: picture("PNG", mode="RGBA"), 303, size=(640, 400)),
    Sent("palette.png", lambda: picture("PNG", mode="P"), 303, size=(640, 400)),
    Sent("two-colours.png", lambda: picture("PNG", mode="1"), 303, size=(640, 400)),
    Sent("sixteen-bits.png", lambda: flat_png(300, 200, depth=16, colour=0), 303, size=(300, 200)),
    Sent("sixteen-bits-rgb.png", lambda: flat_png(300, 200, depth=16), 303, size=(300, 200)),
    Sent("picture.webp", lambda: picture("WEBP"), 303, size=(640, 400)),
    Sent("lossless.webp", lambda: picture("WEBP", lossless=True), 303, size=(640, 400)),
    Sent("still.gif", lambda: picture("GIF"), 303, size=(640, 400)),
    Sent("one-pixel.png", lambda: picture("PNG", (1, 1)), 303, size=(1, 1)),
    Sent("ribbon.png", lambda: picture("PNG", (12_000, 4)), 303, size=(2560, 1)),
    Sent("forty-megapixels.png", lambda: flat_png(6_324, 6_324), 303, size=(2560, 2560)),
    Sent(
        "forty-megapixels-rgba.png",
        lambda: flat_png(6_324, 6_324, colour=6),
        303,
        size=(2560, 2560),
    ),
    # The first picture of an animation.
    Sent("moving.gif", lambda: moving("GIF"), 303, size=(320, 200)),
    Sent("moving.webp", lambda: moving("WEBP"), 303, size=(320, 200)),
    Sent("moving.png", lambda: moving("PNG"), 303, size=(320, 200)),
    Sent("endless.gif", endless_gif, 303, size=(320, 200)),
    # What is written into a picture stays behind.
    Sent("gps.jpg", with_exif, 303, size=(400, 640)),
    Sent("gps-mirrored.jpg", lambda: with_exif(orientation=5), 303, size=(400, 640)),
    Sent("gps-odd.jpg", lambda: with_exif(orientation=99), 303, size=(640, 400)),
    Sent("gps.webp", lambda: with_exif("WEBP"), 303, size=(400, 640)),
    Sent("gps.png", lambda: with_exif("PNG"), 303, size=(400, 640)),
    Sent("words.png", with_words, 303, size=(640, 400)),
    Sent("comment.jpg", lambda: picture(comment=SECRET_PLACE), 303, size=(640, 400)),
    Sent("profile.png", with_profile, 303, size=(640, 400)),
    Sent("profile-of-zeros.png", lambda: with_profile(4_000), 303, size=(640, 400)),
    # Two files in one: the picture is taken, the rest is not.
    Sent("and-a-page.jpg", lambda: picture() + HTML, 303, size=(640, 400)),
    Sent("and-an-archive.png", lambda: picture("PNG") + an_archive(), 303, size=(640, 400)),
    Sent(
        "and-php.gif", lambda: picture("GIF") + b"<?php system($_GET[0]); ?>", 303, size=(640, 400)
    ),
    # The name says nothing.
    Sent("really-a-jpeg.png", picture, 303, size=(640, 400)),
    Sent("really-a-png.svg", lambda: picture("PNG"), 303, size=(640, 400)),
    Sent("no-ending", lambda: picture("WEBP"), 303, size=(640, 400)),
    Sent("../../etc/passwd.jpg", picture, 303, size=(640, 400)),
    # Films and sounds, as they are.
    Sent("film.mp4", mp4, 303),
    Sent("film.mov", lambda: mp4(b"qt  "), 303),
    Sent("film.webm", webm, 303),
    Sent("song.m4a", lambda: mp4(b"M4A "), 303),
    Sent("song.mp3", lambda: b"ID3\x04" + bytes(2_000), 303),
    Sent("bare.mp3", lambda: b"\xff\xfb\x90\x44" + bytes(2_000), 303),
    Sent("song.ogg", lambda: b"OggS" + bytes(24) + b"\x01vorbis" + bytes(2_000), 303),
    Sent("song.wav", lambda: b"RIFF\x00\x10\x00\x00WAVEfmt " + bytes(2_000), 303),
    # Refused for what they are, whatever they are called.
    Sent("drawing.svg", lambda: SVG, 415, KIND),
    Sent("drawing.png", lambda: SVG, 415, KIND),
    Sent("page.png", lambda: HTML, 415, KIND),
    Sent("document.jpg", lambda: b"%PDF-1.7\n" + bytes(500), 415, KIND),
    Sent("archive.png", an_archive, 415, KIND),
    Sent("program.jpg", lambda: b"\x7fELF" + bytes(500), 415, KIND),
    Sent("photo.avif", lambda: mp4(b"avif"), 415, KIND),
    Sent("photo.heic", lambda: mp4(b"heic"), 415, KIND),
    Sent("old.bmp", lambda: picture("BMP"), 415, KIND),
    Sent("scan.tiff", lambda: picture("TIFF"), 415, KIND),
    Sent("icon.ico", lambda: picture("ICO", (64, 64)), 415, KIND),
    Sent("film.mkv", lambda: webm(b"matroska"), 415, KIND),
    Sent("text.mp3", lambda: b"hello, this is a text", 415, KIND),
    # Refused when they are looked into.
    Sent("cut-off.jpg", lambda: picture()[:900], 400, BROKEN),
    Sent("cut-off.png", lambda: picture("PNG")[:300], 400, BROKEN),
    Sent("cut-off.webp", lambda: picture("WEBP")[:60], 400, BROKEN),
    Sent("cut-off.gif", lambda: picture("GIF")[:30], 400, BROKEN),
    Sent("only-a-head.jpg", lambda: b"\xff\xd8\xff\xe0" + bytes(400), 400, BROKEN),
    Sent("script.gif", lambda: b"GIF89a=1;alert(1)//" + bytes(60), 400, BROKEN),
    Sent("noughts.png", lambda: claiming_png(0, 0), 400, BROKEN),
    # Bombs: refused by their heads, before a pixel is decoded.
    Sent("fifty-megapixels.png", lambda: flat_png(7_100, 7_100, colour=3), 400, PIXELS),
    Sent("claims-a-gigapixel.png", lambda: claiming_png(11_000, 11_000), 400, PIXELS),
    Sent("claims-everything.png", lambda: claiming_png(2**31 - 1, 2**31 - 1), 400, PIXELS),
    Sent("long.png", lambda: flat_png(12_001, 2), 400, SIDE),
    Sent("wide.gif", wide_gif, 400, PIXELS),
    Sent("large.webp", lambda: picture("WEBP", (3_600, 3_600)), 400, PIXELS),
    Sent("text-bomb.png", text_bomb_png, 400, BROKEN),
    Sent("profile-bomb.png", profile_bomb_png, 400, BROKEN),
    # More than may be sent.
    Sent("heavy.jpg", lambda: picture() + bytes(13 * 1024 * 1024), 413, "too large"),
    Sent("heavy.mp3", lambda: b"ID3\x04" + bytes(37 * 1024 * 1024), 413, "too large"),
)

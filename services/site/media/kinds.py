"""What an uploaded file may be, told by its first bytes and never by its name. Pure.

Source: reliability S-36, S-37; pages 6.6. Drawings with scripts (SVG), documents, archives and
formats few browsers show are refused by not being here.
"""

from typing import Literal

import msgspec

from contracts.refusals import Refusal

Family = Literal["picture", "film", "sound"]

HEAD_BYTES = 4 * 1024
MIB = 1024 * 1024
PIXELS_MAX = 40_000_000
# Pillow decodes WebP into four copies of its pixels: more would not fit the process that reads it.
WEBP_PIXELS_MAX = 12_000_000
SIDE_MAX = 12_000
MASTER_SIDE_MAX = 2_560
"""The longest side of what is kept, in pixels: enough for every screen we draw for."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of file. Pictures are made anew as WebP; the others are kept as they came."""

    family: Family
    name: str
    media_type: str
    suffix: str
    bytes_max: int

    @property
    def pixels_max(self) -> int:
        """Return how many pixels a picture of this kind may have."""
        return WEBP_PIXELS_MAX if self.name == "WEBP" else PIXELS_MAX


class WrongKind(Refusal):
    """The file is none of the kinds that are taken."""

    status = 415


class TooLarge(Refusal):
    """The file has more bytes than its kind may have."""

    status = 413


PICTURE_BYTES, FILM_BYTES, SOUND_BYTES = 12 * MIB, 100_000_000, 36 * MIB
LARGEST = max(PICTURE_BYTES, FILM_BYTES, SOUND_BYTES)

JPEG = Kind("picture", "JPEG", "image/jpeg", ".jpg", PICTURE_BYTES)
PNG = Kind("picture", "PNG", "image/png", ".png", PICTURE_BYTES)
WEBP = Kind("picture", "WEBP", "image/webp", ".webp", PICTURE_BYTES)
GIF = Kind("picture", "GIF", "image/gif", ".gif", PICTURE_BYTES)
MP4 = Kind("film", "MP4", "video/mp4", ".mp4", FILM_BYTES)
MOV = Kind("film", "MOV", "video/quicktime", ".mov", FILM_BYTES)
WEBM = Kind("film", "WEBM", "video/webm", ".webm", FILM_BYTES)
MP3 = Kind("sound", "MP3", "audio/mpeg", ".mp3", SOUND_BYTES)
M4A = Kind("sound", "M4A", "audio/mp4", ".m4a", SOUND_BYTES)
OGG = Kind("sound", "OGG", "audio/ogg", ".ogg", SOUND_BYTES)
WAV = Kind("sound", "WAV", "audio/wav", ".wav", SOUND_BYTES)

FILM_BRANDS = {
    *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9"),
    *(b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"M4VP", b"MSNV", b"3gp4", b"3gp5"),
}
SOUND_BRANDS = {b"M4A ", b"M4B "}
EBML = b"\x1a\x45\xdf\xa3"


def kind_of(head: bytes) -> Kind:
    """Return what a file is by its first `HEAD_BYTES`. Raises `WrongKind`."""
    found = _picture(head) or _film(head) or _sound(head)
    if found is None:
        text = "Only JPEG, PNG, WebP, GIF, MP4, MOV, WebM, MP3, M4A, Ogg and WAV files are taken."
        raise WrongKind("wrong_kind", text, fields={"file": text})
    return found


def require_size(kind: Kind, size: int) -> None:
    """Refuse a file that is larger than its kind may be; `size` in bytes."""
    if size > kind.bytes_max:
        raise too_large()


def too_large() -> TooLarge:
    """Return the refusal of a file with too many bytes."""
    text = "The file is too large. Pictures have 12 MB at most, sounds 36 MB, films 100 MB."
    return TooLarge("too_large", text, fields={"file": text})


def _picture(head: bytes) -> Kind | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return GIF if head[:6] in (b"GIF87a", b"GIF89a") else None


def _film(head: bytes) -> Kind | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return MOV if brand == b"qt  " else MP4 if brand in FILM_BRANDS else None
    return WEBM if head.startswith(EBML) and b"webm" in head[:64] else None


def _sound(head: bytes) -> Kind | None:
    if head[4:8] == b"ftyp" and head[8:12] in SOUND_BRANDS:
        return M4A
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head.startswith(b"OggS"):
        return OGG if b"vorbis" in head[:64] or b"OpusHead" in head[:64] else None
    return MP3 if head.startswith(b"ID3") or _is_mpeg_frame(head) else None


def _is_mpeg_frame(head: bytes) -> bool:
    """Tell whether bytes begin with a frame of MPEG layer III: sync, a rate, a sampling."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and 0x10 <= head[2] & 0xF0 < 0xF0 and head[2] & 0x0C != 0x0C

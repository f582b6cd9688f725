"""Takes out of an MP4 or MOV film what a telephone wrote into it: the place above all.

Boxes keep their lengths, so nothing else in the file moves: a box of notes becomes an empty one.
Source: ISO/IEC 14496-12, 4.2.
"""

import io
from typing import BinaryIO

HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
NOTES = (b"udta", b"meta", b"uuid")
BOXES_MAX = 10_000
DEPTH_MAX = 6
HEAD, LONG_HEAD = 8, 16
CHUNK = 256 * 1024


def blank_notes(film: BinaryIO) -> bool:
    """Empty the boxes of notes in an open film; tell whether there were any.

    A film whose boxes don't add up is left as it is from there on: nobody reads it either.
    """
    end = film.seek(0, io.SEEK_END)
    left = [BOXES_MAX]
    return _blank(film, 0, end, left, 0)


def _blank(film: BinaryIO, at: int, end: int, left: list[int], depth: int) -> bool:
    found = False
    while at + HEAD <= end and left[0] > 0:
        left[0] -= 1
        film.seek(at)
        head = film.read(LONG_HEAD)
        size, kind, body = int.from_bytes(head[:4]), head[4:8], HEAD
        if size == 1:
            size, body = int.from_bytes(head[8:16]), LONG_HEAD
        elif size == 0:
            size = end - at
        if size < body or at + size > end:
            break
        if kind in NOTES:
            _empty(film, at, size, body)
            found = True
        elif kind in HOLDERS and depth < DEPTH_MAX:
            found = _blank(film, at + body, at + size, left, depth + 1) or found
        at += size
    return found


def _empty(film: BinaryIO, at: int, size: int, body: int) -> None:
    film.seek(at + 4)
    film.write(b"free")
    film.seek(at + body)
    rest = size - body
    while rest > 0:
        rest -= film.write(bytes(min(CHUNK, rest)))

"""Static files and media: nothing that a browser would run comes from a visitor's upload."""

import asyncio
import functools
import gzip
import mimetypes
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import HTTPScope

from contracts.refusals import NotFound, Refusal
from services.site.door.headers import MEDIA
from services.site.door.ready import Ready
from services.site.public.assets import STATIC_DIR, static_version
from services.site.publishing.pictures import SUFFIXES, media_file, stamp
from services.site.publishing.scaling import WIDTHS, Scaled
from services.site.routes.answers import READ, answer, is_unchanged

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"
CHUNK = 256 * 1024
WHOLE_BYTES_MAX = 4 * 1024 * 1024
NAMED_WIDTHS = tuple(str(width) for width in WIDTHS)
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".speculationrules": "application/speculationrules+json",
}
PACKED_SUFFIXES = (".js", ".css", ".svg", ".json", ".txt")


class NoSuchRange(Refusal):
    """The part asked for is not in the file."""

    status = 416


class StaticFile(msgspec.Struct, frozen=True):
    """A file of ours in memory."""

    body: bytes
    packed: bytes | None
    media_type: str


@route("/static/{version:str}/{path:path}", http_method=READ)
async def static(scope: HTTPScope) -> Ready:
    """Return one of our own files. Its address names its bytes, so it may be kept for ever."""
    parameters = scope["path_params"]
    found = _static_files().get(str(parameters["path"]).lstrip("/"))
    if found is None:
        raise NotFound("not_found", "There is nothing here.")
    is_current = parameters["version"] == static_version()
    headers = {
        b"content-type": found.media_type.encode(),
        # A page of the release before asks for this version's file under its own name.
        b"cache-control": FOR_EVER.encode() if is_current else b"public, no-cache",
    }
    tag = f'"{static_version()}"'.encode()
    return answer(scope, found.body, packed=found.packed, headers=headers, etag=tag)


@functools.cache
def _static_files() -> dict[str, StaticFile]:
    found: dict[str, StaticFile] = {}
    for file in sorted(STATIC_DIR.rglob("*")):
        if not file.is_file():
            continue
        body = file.read_bytes()
        media_type = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        is_text = file.suffix in PACKED_SUFFIXES
        found[file.relative_to(STATIC_DIR).as_posix()] = StaticFile(
            body=body,
            packed=gzip.compress(body, 9, mtime=0) if is_text else None,
            media_type=media_type or "application/octet-stream",
        )
    return found


def media_route(root: Path, scaled: Scaled, uploads: Path | None = None) -> HTTPRouteHandler:
    """Return the route of pictures, films and sounds below `root`, and of uploads."""

    @route("/media/{path:path}", http_method=READ)
    async def media(request: Request[Any, Any, Any], path: FromPath[Path]) -> ASGIResponse:
        file = await asyncio.to_thread(media_file, root, path.as_posix().lstrip("/"), uploads)
        if file is None:
            raise NotFound("not_found", "There is nothing here.")
        width = request.query_params.get("w", "")
        smaller = None
        if width in NAMED_WIDTHS:
            smaller = await asyncio.to_thread(scaled.find, file, int(width))
        is_as_asked = smaller is not None or not width
        return await _media(request, file, smaller or file, is_as_asked=is_as_asked)

    return media


async def _media(
    request: Request[Any, Any, Any], named: Path, file: Path, *, is_as_asked: bool
) -> ASGIResponse:
    """Return `file`, which stands for the one that was named; kept for ever if it is as asked."""
    version = await asyncio.to_thread(stamp, named)
    etag = f'"{version}"' if named == file else f'"{version}-{file.stem[-4:]}"'
    is_named = request.query_params.get("v") == version and is_as_asked
    headers = {
        "cache-control": FOR_EVER if is_named else FOR_A_WHILE,
        "content-security-policy": MEDIA,
        "cross-origin-resource-policy": "cross-origin",
        "content-disposition": f'inline; filename="{named.stem}{file.suffix}"',
        "accept-ranges": "bytes",
        "etag": etag,
    }
    if is_unchanged(request.headers.get("if-none-match", "").encode("latin-1"), etag.encode()):
        return ASGIResponse(status_code=304, headers=headers)
    size = await asyncio.to_thread(_size, file)
    first, last = _part(request, size, etag)
    headers["content-type"] = SUFFIXES[file.suffix.lower()]
    headers["content-length"] = str(last - first + 1)
    is_part = (first, last) != (0, size - 1)
    if is_part:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return ASGIResponse(status_code=status, headers=headers, is_head_response=True)
    if last - first < WHOLE_BYTES_MAX:
        body = await asyncio.to_thread(_read, file, first, last - first + 1)
        return ASGIResponse(status_code=status, headers=headers, body=body)
    return ASGIStreamingResponse(
        iterator=_chunks(file, first, last), status_code=status, headers=headers
    )


def _part(request: Request[Any, Any, Any], size: int, etag: str) -> tuple[int, int]:
    """Return the first and last byte wanted: the whole file, or one part of it."""
    wanted = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    is_same = request.headers.get("if-range", etag) == etag
    if wanted is None or not is_same or wanted[0] == "bytes=-" or size == 0:
        return 0, size - 1
    if not wanted[1]:
        first, last = max(0, size - int(wanted[2])), size - 1
    else:
        first = int(wanted[1])
        last = min(int(wanted[2]) if wanted[2] else size - 1, size - 1)
    if first >= size or first > last:
        raise NoSuchRange("no_such_range", "The file has no such part.")
    return first, last


def _size(file: Path) -> int:
    return file.stat().st_size


def _read(file: Path, first: int, count: int) -> bytes:
    with file.open("rb") as source:
        source.seek(first)
        return source.read(count)


async def _chunks(file: Path, first: int, last: int) -> AsyncIterator[bytes]:
    at = first
    while at <= last:
        part = await asyncio.to_thread(_read, file, at, min(CHUNK, last - at + 1))
        if not part:
            return
        at += len(part)
        yield part

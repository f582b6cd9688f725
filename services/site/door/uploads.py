"""Forms with a file: read as they arrive, the file straight to the disk, the rest bounded.

The library's own reader keeps every text field in memory, whatever its length.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from contracts.refusals import InputRefused
from services.site.door.forms import NoForm, Pairs
from services.site.door.proxy import BodyTooSlow, CompressedBody
from services.site.media.kinds import HEAD_BYTES, too_large
from services.site.media.room import writing

MEDIA_TYPE = "multipart/form-data"
BOUNDARY = re.compile(r'boundary="?([A-Za-z0-9\'()+_,./:=?-]{1,70})"?')
PARTS_MAX = 12
TEXT_BYTES_MAX = 4 * 1024
SECONDS_MAX, SILENCE_SECONDS_MAX = 600.0, 30.0
BUFFER_BYTES = 256 * 1024
TOO_LARGE = 413


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A form with a file, which is at `path`; without one `size` is 0."""

    pairs: Pairs
    path: Path
    file_name: str
    size: int
    head: bytes


class _Sink:
    """Takes a form's parts in turn: texts into memory, the one file to the disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._path = path
        self._pending = bytearray()
        self._head = b""
        self._size = 0
        self._file_name = ""
        self._pairs: list[tuple[str, str]] = []
        self._segment: Any = None
        self._text = bytearray()
        self._has_file = False

    async def take(self, event: Any) -> None:
        """Take a part's head, some of its bytes, or its end."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif not event:
            self._end()
        elif self._segment.filename is not None:
            self._pending += event
            if len(self._pending) >= BUFFER_BYTES:
                await self.flush()
        else:
            self._text += event
            if len(self._text) > TEXT_BYTES_MAX:
                raise InputRefused("invalid_form", "The form is not readable.")

    def _begin(self, segment: Any) -> None:
        self._segment, self._text = segment, bytearray()
        if segment.filename is None:
            return
        if self._has_file or segment.name != "file":
            raise InputRefused("invalid_form", "The form is not readable.")
        self._has_file, self._file_name = True, segment.filename

    def _end(self) -> None:
        if self._segment.filename is None:
            try:
                self._pairs.append((self._segment.name, self._text.decode("utf-8")))
            except UnicodeDecodeError as exc:
                raise InputRefused("invalid_form", "The form is not readable.") from exc

    async def flush(self) -> None:
        """Write what is pending; the disk may be slow, so not on the loop."""
        pending, self._pending = bytes(self._pending), bytearray()
        if not pending:
            return
        self._size += len(pending)
        if len(self._head) < HEAD_BYTES:
            self._head += pending[: HEAD_BYTES - len(self._head)]
        await asyncio.to_thread(self._write, pending)

    def _write(self, pending: bytes) -> None:
        view = memoryview(pending)
        with writing():
            while view:
                view = view[self._file.write(view) :]

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def received(self) -> Received:
        """Return the whole form."""
        return Received(
            pairs=tuple(self._pairs),
            path=self._path,
            file_name=self._file_name,
            size=self._size,
            head=self._head,
        )


async def receive(request: Request[Any, Any, Any], path: Path) -> Received:
    """Return a form whose file is written to `path`. The route's own limit holds for it all."""
    boundary = _boundary(request)
    sink = _Sink(path)
    try:
        async with asyncio.timeout(SECONDS_MAX):
            await _read(request, boundary, sink)
    except TimeoutError as exc:
        raise BodyTooSlow("body_too_slow", "The request took too long to arrive.") from exc
    except MultipartError as exc:
        raise InputRefused("invalid_form", "The form is not readable.") from exc
    except InternalServerException as exc:
        raise InputRefused("incomplete_body", "The request ended too early.") from exc
    except HTTPException as exc:
        if exc.status_code == TOO_LARGE:
            raise too_large() from exc
        raise
    finally:
        sink.close()
    return sink.received()


async def _read(request: Request[Any, Any, Any], boundary: str, sink: _Sink) -> None:
    stream = request.stream()
    with PushMultipartParser(boundary, max_segment_count=PARTS_MAX) as parser:
        while not parser.closed:
            async with asyncio.timeout(SILENCE_SECONDS_MAX):
                chunk = await anext(stream, b"")
            for event in parser.parse(chunk):
                await sink.take(event)
    await sink.flush()


def _boundary(request: Request[Any, Any, Any]) -> str:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise CompressedBody("unsupported_media_type", "Compressed bodies are not accepted.")
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    found = BOUNDARY.fullmatch(parameters.strip())
    if media.strip().lower() != MEDIA_TYPE or found is None:
        raise NoForm("unsupported_media_type", "Send this as a form with a file.")
    return found[1]

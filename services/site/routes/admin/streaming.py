"""Files that pass through as they come, however long they are: never whole in our memory."""

from collections.abc import AsyncIterator

from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse

from services.site.desks.dashboard import Visit


def csv_file(visit: Visit, parts: AsyncIterator[bytes], name: str) -> ASGIResponse:
    """Return a file that nobody keeps. One that breaks off ends in the middle, and is seen to."""
    file = {"content-disposition": f'attachment; filename="{name}.csv"'}
    dressed = visit.file(b"", media_type="text/csv", headers=file)
    if visit.request.method == "HEAD":
        return dressed
    headers = {name: dressed.headers[name] for name in dressed.headers if name != "content-length"}
    return ASGIStreamingResponse(iterator=parts, media_type="text/csv", headers=headers)


async def nothing() -> AsyncIterator[bytes]:
    """Yield no part: whoever asks for a head reads none."""
    return
    yield b""

"""Live figures: one small document per campaign, asked for or streamed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get, route
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.response.base import ASGIResponse

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, Unavailable
from services.site.gateway.addresses import limited_as
from services.site.live.snapshots import Reader, Shown
from services.site.routes.answers import answer
from services.site.routes.site import READ, Site, SiteNeeded

KEPT = "public, max-age=1"
HEARTBEAT_SECONDS = 15.0
GAP_SECONDS = 0.2
RETRY_MILLISECONDS = 3_000


class Ready(ServerSentEventMessage):
    """An event that was encoded once for everybody who reads it."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self._raw = raw

    def encode(self) -> bytes:
        """Return the bytes as they are."""
        return self._raw


@route("/live/{slug:str}", http_method=READ)
async def snapshot(
    request: Request[Any, Any, Any], slug: FromPath[str], site: SiteNeeded
) -> ASGIResponse:
    """Return the public figures of a campaign."""
    shown = _shown(site, slug)
    headers = {"cache-control": KEPT}
    if site.world.is_stale:
        headers["x-pool-stale"] = "true"
    body = shown.at(site.clock.now())
    return answer(request, body, media_type="application/json", headers=headers, etag=shown.etag)


@get("/live/{slug:str}/events")
async def events(
    request: Request[Any, Any, Any], slug: FromPath[str], site: SiteNeeded
) -> ServerSentEvent:
    """Push every newer snapshot until the reader leaves or the service stops."""
    _shown(site, slug)
    known = CampaignSlug(slug)
    address = limited_as(site.proxies.client(request.scope))
    reader = site.board.join(known, address)
    if reader is None:
        raise Unavailable("too_many_readers", "Too many are watching. Ask again in a moment.")
    seen = request.headers.get("last-event-id", "")

    async def stream() -> AsyncIterator[ServerSentEventMessage]:
        try:
            async for message in _messages(site, known, reader, seen):
                yield message
        finally:
            site.board.leave(known, address, reader)

    return ServerSentEvent(stream(), headers={"cache-control": "no-store"})


def _shown(site: Site, slug: str) -> Shown:
    shown = site.board.get(slug)
    if shown is None:
        if not site.world.is_loaded:
            raise Unavailable("starting", "We are just starting. Try again in a moment.")
        raise NotFound("not_found", "There is no such campaign.")
    return shown


async def _messages(
    site: Site, slug: CampaignSlug, reader: Reader, seen: str
) -> AsyncIterator[ServerSentEventMessage]:
    """Yield the newest snapshot each time there is a newer one, and a heartbeat meanwhile.

    An event's id is the snapshot's tag: whoever comes back with it misses nothing and gets
    nothing twice.
    """
    yield ServerSentEventMessage(data=None, retry=RETRY_MILLISECONDS, comment="the pool")
    stopped = asyncio.create_task(site.stopping.wait())
    is_following = False
    try:
        while not stopped.done():
            reader.news.clear()
            shown = site.board.get(slug)
            if shown is None:
                return
            tag = shown.etag.strip('"')
            if tag != seen:
                body = shown.fresh if is_following else shown.at(site.clock.now())
                yield Ready(b"id: %b\r\nevent: snapshot\r\ndata: %b\r\n\r\n" % (tag.encode(), body))
                seen = tag
                # Nobody reads faster than this; a rush of pledges is one message.
                await asyncio.wait([stopped], timeout=GAP_SECONDS)
            is_following = True
            news = asyncio.create_task(reader.news.wait())
            done, _ = await asyncio.wait(
                [news, stopped],
                timeout=HEARTBEAT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            news.cancel()
            if not done:
                yield ServerSentEventMessage(data=None, comment="still here")
    finally:
        stopped.cancel()

"""Live figures: one small document per campaign, asked for or streamed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from litestar import Request, get, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.types import HTTPScope

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, Unavailable
from services.chassis.web.addresses import limited_as
from services.site.door.ready import WINDOW, Headers, Ready
from services.site.live.snapshots import Reader, Shown
from services.site.routes.answers import READ, answer
from services.site.routes.site import Site, SiteNeeded

FRESH: Headers = {b"content-type": b"application/json", b"cache-control": b"public, max-age=1"}
STALE: Headers = {**FRESH, b"x-pool-stale": b"true"}
HEARTBEAT_SECONDS = 15.0
GAP_SECONDS = 0.2
RETRY_MILLISECONDS = 3_000
EVENT = b"id: %b\r\nevent: snapshot\r\ndata: %b\r\n\r\n"


class Encoded(ServerSentEventMessage):
    """An event that was encoded once for everybody who reads it."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self._raw = raw

    def encode(self) -> bytes:
        """Return the bytes as they are."""
        return self._raw


def snapshot_route(site: Site) -> HTTPRouteHandler:
    """Return `GET /live/{slug}`: the public figures of a campaign."""

    async def snapshot(scope: HTTPScope) -> Ready:
        shown = _shown(site, scope["path_params"]["slug"])
        headers = FRESH if not site.world.is_stale else STALE
        body = shown.at(site.clock.now())
        return answer(scope, body, headers=headers, etag=shown.etag.encode())

    return route("/live/{slug:str}", http_method=READ, opt={WINDOW: True})(snapshot)


@get("/live/{slug:str}/events")
async def events(
    request: Request[Any, Any, Any], slug: FromPath[str], site: SiteNeeded
) -> ServerSentEvent:
    """Push every newer snapshot until the reader leaves or the service stops."""
    _shown(site, slug)
    known = CampaignSlug(slug)
    address = limited_as(site.proxies.client(request.scope))
    if not site.board.has_room(address):
        raise Unavailable("too_many_readers", "Too many are watching. Ask again in a moment.")
    seen = request.headers.get("last-event-id", "")

    async def stream() -> AsyncIterator[ServerSentEventMessage]:
        # Joined here and not before: a stream that never begins would never leave.
        reader = site.board.join(known, address)
        try:
            async with aclosing(_messages(site, known, reader, seen)) as messages:
                async for message in messages:
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
) -> AsyncGenerator[ServerSentEventMessage, None]:
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
                yield Encoded(
                    b"id: %b\r\nevent: snapshot\r\ndata: %b\r\n\r\n" % (tag.encode(), body)
                )
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

"""Edge: what the dashboard asks every service of itself. Only through site, with its secrets.

These paths stand in no table of the gateway: nobody reaches them from outside.
"""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.api.operations import ParkedDetail, ParkedPage, Retried, Watched
from services.chassis.events import correcting, retrying, watching
from services.chassis.process.parts import Parts, Running
from services.chassis.storage.database import transaction
from services.chassis.web.errors import PRIVATE

BODY_MAX = 192 * 1024
PAGE_MAX = 200
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1)]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]


class RetryRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Who tries it again."""

    by: Name


class FixRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What the event should have been, and the digest of what was looked at."""

    payload: Annotated[str, msgspec.Meta(max_length=correcting.FIX_BYTES_MAX)]
    digest: Name
    by: Name


class GiveUpRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Who lets it go, and why."""

    because: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    by: Name


def watched_routes(name: str, parts: Parts, running: Running) -> list[HTTPRouteHandler]:
    """Return the routes of a service, behind its operator's guard; none where it has no guard."""
    if parts.operator_guard is None:
        return []
    guards, pool = [parts.operator_guard], running.pool

    @get("/internal/watched", guards=guards, response_headers=PRIVATE)
    async def watched() -> Watched:
        return await watching.look(pool, running.bus, name)

    @get("/internal/parked", guards=guards, response_headers=PRIVATE)
    async def list_parked(after: After = 0, limit: Limit = 50) -> ParkedPage:
        async with transaction(pool) as conn:
            return await correcting.list_page(conn, after=after, limit=limit)

    @get("/internal/parked/{parked_id:int}", guards=guards, response_headers=PRIVATE)
    async def find_parked(parked_id: FromPath[int]) -> ParkedDetail:
        async with transaction(pool) as conn:
            return await correcting.find(conn, parts.listeners, parked_id)

    return [watched, list_parked, find_parked, *_changes(parts, running)]


def _changes(parts: Parts, running: Running) -> list[HTTPRouteHandler]:
    assert parts.operator_guard is not None
    guards, pool = [parts.operator_guard], running.pool

    @post("/internal/parked/{parked_id:int}/retry", status_code=200, guards=guards)
    async def retry_parked(
        parked_id: FromPath[int], data: JSONBody[RetryRequest]
    ) -> Response[list[Retried]]:
        done = await retrying.retry(pool, parts.listeners, parked_id, done_by=data.by)
        return Response(done, headers=PRIVATE)

    @post(
        "/internal/parked/{parked_id:int}/fix",
        status_code=200,
        guards=guards,
        request_max_body_size=BODY_MAX,
    )
    async def fix_parked(
        parked_id: FromPath[int], data: JSONBody[FixRequest]
    ) -> Response[ParkedDetail]:
        async with transaction(pool) as conn:
            await correcting.fix(
                conn,
                parts.listeners,
                parked_id,
                payload=data.payload,
                digest=data.digest,
                done_by=data.by,
            )
            found = await correcting.find(conn, parts.listeners, parked_id)
        return Response(found, headers=PRIVATE)

    @post("/internal/parked/{parked_id:int}/give-up", status_code=200, guards=guards)
    async def give_up_parked(
        parked_id: FromPath[int], data: JSONBody[GiveUpRequest]
    ) -> Response[list[Retried]]:
        done = await correcting.give_up(
            pool, parts.listeners, parked_id, because=data.because, done_by=data.by
        )
        return Response(done, headers=PRIVATE)

    return [retry_parked, fix_parked, give_up_parked]

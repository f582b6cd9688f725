"""The ledger's edge: HTTP in, a handler, HTTP out."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, SkipValidation

from contracts.api.pledges import ChangePreview, PledgeRecord
from contracts.magic_link import TOKEN_LENGTH_MAX, Keys, current_key, open_token
from services.chassis.events.bus import Bus
from services.chassis.process import crash
from services.chassis.process.settings import Secret
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import ACQUIRE_SECONDS, Pool, transaction
from services.chassis.web.errors import FRESH, PRIVATE
from services.chassis.web.guards import bearer_guard
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.domain.figures import Correction, IndexRebuilt, ProjectionCheck, Stats
from services.pledges.handlers.cancel_pledge import cancel_pledge
from services.pledges.handlers.check_projections import (
    check_all,
    check_one,
    rebuild_index,
    recalculate,
)
from services.pledges.handlers.close_regardless import ClosedRegardless, close_regardless
from services.pledges.handlers.read_evidence import Evidence, read_evidence
from services.pledges.handlers.read_pledge import read_pledge, read_pledges
from services.pledges.handlers.read_stats import read_stats
from services.pledges.handlers.send_links import ask_for_links
from services.pledges.steps.modify_pledge import modify_pledge
from services.pledges.steps.preview_change import preview_change


class CancelRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Which pledge to withdraw: the link says it; `orderId` may repeat it."""

    token: Annotated[str, msgspec.Meta(max_length=TOKEN_LENGTH_MAX)]
    order_id: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    preferred_lang: Annotated[str, msgspec.Meta(max_length=10)] | None = None


class LinksRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose links were lost. What else a form of ours might carry is not read."""

    email: Annotated[str, msgspec.Meta(max_length=320)]


class LinksAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The same for everybody."""

    status: str = "accepted"
    message: str = "If we know this address, a new link is on its way."


class CloseRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """How many orders the campaign is to be closed on: as many as the ledger has."""

    order_count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class CancelledPledge(PledgeRecord, frozen=True, kw_only=True, rename="camel"):
    """The record of a pledge that was just withdrawn."""

    success: bool
    message: str


@get("/pledge", response_headers=PRIVATE)
async def show_pledge(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
) -> PledgeRecord:
    link = open_token(token, link_keys, now=clock.now())
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as conn:
        return await read_pledge(conn, link)


@get("/pledges", response_headers=PRIVATE)
async def list_pledges(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
) -> list[PledgeRecord]:
    link = open_token(token, link_keys, now=clock.now())
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as conn:
        return await read_pledges(conn, link, current_key(link_keys))


@post("/pledge/cancel", status_code=200, response_headers=PRIVATE)
async def cancel(
    data: JSONBody[CancelRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> CancelledPledge:
    link = open_token(data.token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        record = await cancel_pledge(conn, link, order_id=data.order_id)
    crash.point("pledges.cancelled")
    return CancelledPledge(
        **msgspec.structs.asdict(record), success=True, message="Your pledge is cancelled."
    )


@post("/pledge/modify", status_code=200, response_headers=PRIVATE)
async def modify(
    *,
    data: JSONBody[ModifyRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    bus: NamedDependency[SkipValidation[Bus]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> PledgeRecord:
    link = open_token(data.token, link_keys, now=clock.now())
    return await modify_pledge(pool, bus, link, data, key=idempotency_key)


@post("/pledge/quote", status_code=200, response_headers=PRIVATE)
async def quote_change(
    data: JSONBody[ModifyRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    bus: NamedDependency[SkipValidation[Bus]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> ChangePreview:
    link = open_token(data.token, link_keys, now=clock.now())
    return await preview_change(pool, bus, link, data)


@post("/pledge/links", status_code=202, response_headers=PRIVATE)
async def ask_links(
    data: JSONBody[LinksRequest], pool: NamedDependency[SkipValidation[Pool]]
) -> LinksAsked:
    async with transaction(pool) as conn:
        await ask_for_links(conn, data.email)
    return LinksAsked()


@get("/stats/{slug:str}", response_headers=FRESH)
async def show_stats(slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]) -> Stats:
    async with transaction(pool) as conn:
        return await read_stats(conn, slug)


def projection_routes(secret: Secret) -> list[HTTPRouteHandler]:
    """Return the routes that prove and repair the ledger's sums."""
    guards = [bearer_guard(secret)]

    @post("/stats/{slug:str}/check", status_code=200, guards=guards, response_headers=PRIVATE)
    async def check(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> ProjectionCheck:
        async with transaction(pool) as conn:
            return await check_one(conn, slug)

    @post("/admin/projections/check", status_code=200, guards=guards, response_headers=PRIVATE)
    async def check_every_campaign(
        pool: NamedDependency[SkipValidation[Pool]],
    ) -> ProjectionCheck:
        async with transaction(pool) as conn:
            return await check_all(conn)

    @post("/stats/{slug:str}/recalculate", status_code=200, guards=guards, response_headers=PRIVATE)
    async def recalculate_totals(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Correction:
        async with transaction(pool) as conn:
            return await recalculate(conn, slug)

    @post(
        "/admin/campaign-index/rebuild/{slug:str}",
        status_code=200,
        guards=guards,
        response_headers=PRIVATE,
    )
    async def rebuild(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> IndexRebuilt:
        async with transaction(pool) as conn:
            return await rebuild_index(conn, slug)

    return [check, check_every_campaign, recalculate_totals, rebuild]


def operator_routes(secret: Secret) -> list[HTTPRouteHandler]:
    """Return the routes with which an operator ends what waits, and answers a dispute."""
    guards = [bearer_guard(secret)]

    @post("/admin/close/{slug:str}", status_code=200, guards=guards, response_headers=PRIVATE)
    async def close_with_what_is_here(
        slug: FromPath[str],
        data: JSONBody[CloseRequest],
        pool: NamedDependency[SkipValidation[Pool]],
    ) -> ClosedRegardless:
        async with transaction(pool) as conn:
            return await close_regardless(conn, slug, order_count=data.order_count)

    @get("/admin/evidence/{order_id:str}", guards=guards, response_headers=PRIVATE)
    async def evidence(
        order_id: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Evidence:
        async with transaction(pool) as conn:
            return await read_evidence(conn, order_id)

    return [evidence, close_with_what_is_here]

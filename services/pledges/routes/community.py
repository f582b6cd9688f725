"""The edge of the supporters' page: their links in, counts and names out."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, JSONBody, QueryParameter, SkipValidation

from contracts.api.pledges import CommunityShown, Credit, DecisionShown, Export, Votes
from contracts.magic_link import TOKEN_LENGTH_MAX, Keys, open_token
from services.chassis.process.settings import Secret
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import bearer_guard
from services.pledges.handlers import gather
from services.pledges.handlers.erase_person import Erased, erase_person
from services.pledges.handlers.export_data import export_data

Token = Annotated[str, msgspec.Meta(max_length=TOKEN_LENGTH_MAX)]


class VoteRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a supporter chose. Interfaces, `POST /votes`."""

    token: Token
    decision_id: Annotated[str, msgspec.Meta(max_length=200)]
    option: Annotated[str, msgspec.Meta(max_length=500)]


class CreditRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """How a supporter wants to be named; without a name, not at all."""

    token: Token
    credited_as: Annotated[str, msgspec.Meta(max_length=500)]
    on_wall: bool = False


class EraseRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Who is to be forgotten: the link says it; `orderId` may repeat its pledge."""

    token: Token
    order_id: Annotated[str, msgspec.Meta(max_length=300)] | None = None


@get("/votes", response_headers=PRIVATE)
async def show_votes(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
    decisions: FromQuery[str | None] = None,
) -> Votes:
    link = open_token(token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        return await gather.read_votes(conn, link, decisions)


@post("/votes", status_code=200, response_headers=PRIVATE)
async def vote(
    data: JSONBody[VoteRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> DecisionShown:
    link = open_token(data.token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        return await gather.vote(conn, link, decision_id=data.decision_id, option=data.option)


@get("/community", response_headers=PRIVATE)
async def show_community(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
    campaign: Annotated[str | None, QueryParameter(name="campaignSlug")] = None,
) -> CommunityShown:
    link = open_token(token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        return await gather.read_community(conn, link, campaign)


@post("/credits", status_code=200, response_headers=PRIVATE)
async def take_credit(
    data: JSONBody[CreditRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> Credit:
    link = open_token(data.token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        return await gather.take_credit(
            conn, link, credited_as=data.credited_as, on_wall=data.on_wall
        )


@get(
    "/pledge/export",
    response_headers=PRIVATE,
    responses={
        200: ResponseSpec(
            Export, generate_examples=False, description="Everything held about the supporter"
        )
    },
)
async def export(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
) -> Response[bytes]:
    link = open_token(token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        found = await export_data(conn, link)
    # Indented: it is for people as well as for programs.
    page = msgspec.json.format(msgspec.json.encode(found), indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-pledges.json"'}
    return Response(page, media_type="application/json", headers=headers)


@post("/pledge/erase", status_code=200, response_headers=PRIVATE)
async def erase(
    data: JSONBody[EraseRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> Erased:
    link = open_token(data.token, link_keys, now=clock.now())
    async with transaction(pool) as conn:
        return await erase_person(conn, link, order_id=data.order_id)


def community_routes(secret: Secret) -> list[HTTPRouteHandler]:
    """Return the routes of the supporters' page, and the operators' list of names."""

    @get("/admin/reports/credits.csv", guards=[bearer_guard(secret)], media_type="text/csv")
    async def credited(
        pool: NamedDependency[SkipValidation[Pool]],
        slug: Annotated[str, QueryParameter(name="campaignSlug", max_length=300)],
    ) -> Response[bytes]:
        async with transaction(pool) as conn:
            campaign, page = await gather.write_credits(conn, slug)
        return Response(
            page,
            media_type="text/csv",
            headers={
                **PRIVATE,
                "Content-Disposition": f'attachment; filename="{campaign}-credits.csv"',
            },
        )

    return [show_votes, vote, show_community, take_credit, export, erase, credited]

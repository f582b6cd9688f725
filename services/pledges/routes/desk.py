"""Edge: what the dashboard asks the ledger of people. Only through site, with its secrets."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, SkipValidation

from contracts.api.desk import Fulfilment, LinksSent, PledgeOrder, PledgePage, Story
from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import Guard
from services.pledges.handlers.look_for_pledges import (
    look_for_pledges,
    read_place,
    read_story,
    send_links_to,
)
from services.pledges.queries.pledge_list import Wanted

CAMPAIGNS_MAX = 200
WORDS = r"^[^\x00]*$"
Slugs = Annotated[list[str], QueryParameter(name="campaignSlug", max_length=CAMPAIGNS_MAX)]
Words = Annotated[str, QueryParameter(max_length=300, pattern=WORDS)]
Pooled = NamedDependency[SkipValidation[Pool]]


class LinksWanted(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Who has links sent."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=WORDS)]


def desk_routes(guard: Guard) -> list[HTTPRouteHandler]:
    """Return the routes behind the operator's guard."""

    @get("/internal/pledges", guards=[guard], response_headers=PRIVATE)
    async def pledges(
        *,
        pool: Pooled,
        slugs: Slugs,
        order: FromQuery[PledgeOrder] = "created",
        descending: FromQuery[bool] = True,
        status: FromQuery[PledgeStatus | None] = None,
        fulfilment: FromQuery[Fulfilment | None] = None,
        country: Words = "",
        search: Words = "",
        after: Annotated[str, QueryParameter(max_length=600, pattern=WORDS)] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    ) -> PledgePage:
        wanted = Wanted(
            campaigns=[CampaignSlug(slug) for slug in dict.fromkeys(slugs)],
            order=order,
            is_descending=descending,
            status=status,
            fulfilment=fulfilment,
            country=country,
            words=search,
            after=read_place(after, order),
            limit=limit,
        )
        async with transaction(pool) as conn:
            return await look_for_pledges(conn, wanted)

    @get("/internal/stories/{order_id:str}", guards=[guard], response_headers=PRIVATE)
    async def story(order_id: FromPath[str], pool: Pooled) -> Story:
        async with transaction(pool) as conn:
            return await read_story(conn, order_id)

    @post("/internal/stories/{order_id:str}/links", status_code=200, guards=[guard])
    async def links(
        order_id: FromPath[str], data: JSONBody[LinksWanted], pool: Pooled
    ) -> Response[LinksSent]:
        async with transaction(pool) as conn:
            sent = await send_links_to(conn, order_id, done_by=data.by)
        return Response(sent, headers=PRIVATE)

    return [pledges, story, links]

"""Edge: what the dashboard asks of settlement. Only through site; the guard stands before it."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from contracts.api.settling import BriefPlan, BriefRefund, RecoveringPage
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.settlement.handlers import brief

Pooled = NamedDependency[SkipValidation[Pool]]
Limit = Annotated[int, QueryParameter(ge=1, le=500)]
After = Annotated[str, QueryParameter(max_length=300, pattern=r"^[^\x00]*$")]


class RefundAll(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The plan that was looked at, and why."""

    plan_hash: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[0-9a-f]+$")]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


@get("/internal/plans/{slug:str}", response_headers=PRIVATE)
async def plan(slug: FromPath[str], pool: Pooled, shown: Limit = 100) -> BriefPlan:
    async with transaction(pool) as conn:
        return await brief.brief_plan(conn, CampaignSlug(slug), shown=shown)


@get("/internal/recovering/{slug:str}", response_headers=PRIVATE)
async def recovering(
    slug: FromPath[str], pool: Pooled, after: After = "", limit: Limit = 50
) -> RecoveringPage:
    async with transaction(pool) as conn:
        return await brief.list_recovering(conn, CampaignSlug(slug), after=after, limit=limit)


@get("/internal/refunds/{slug:str}", response_headers=PRIVATE)
async def refund_plan(slug: FromPath[str], pool: Pooled) -> BriefRefund:
    async with transaction(pool) as conn:
        return await brief.brief_refund(conn, CampaignSlug(slug))


@post("/internal/refunds/{slug:str}", status_code=200)
async def refund_all(
    slug: FromPath[str], data: JSONBody[RefundAll], pool: Pooled
) -> Response[BriefRefund]:
    async with transaction(pool) as conn:
        begun = await brief.refund_campaign(
            conn, CampaignSlug(slug), plan_hash=data.plan_hash, reason=data.reason
        )
    return Response(begun, headers=PRIVATE)


DESK_ROUTES = (plan, recovering, refund_plan, refund_all)

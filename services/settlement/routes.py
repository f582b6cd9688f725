"""Edge: operators' questions in, answers out. The gateway and the guard stand before it."""

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from contracts.ids import CampaignSlug
from services.chassis.database import Pool, transaction
from services.chassis.errors import PRIVATE
from services.settlement.domain import Run
from services.settlement.handlers import keep_calendar, report
from services.settlement.handlers.keep_calendar import CalendarStatus
from services.settlement.plan import Plan


class SettleRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Look at the plan, or carry it out; with the hash, only the plan that was looked at."""

    dry_run: bool = False
    plan_hash: str | None = None


class DispatchRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """With the hash, only the plan that was looked at."""

    plan_hash: str | None = None


@post("/admin/settle/{slug:str}", status_code=200)
async def settle(
    slug: FromPath[str],
    pool: NamedDependency[SkipValidation[Pool]],
    data: JSONBody[SettleRequest | None] = None,
) -> Response[Plan | Run]:
    wanted = data or SettleRequest()
    async with transaction(pool) as conn:
        if wanted.dry_run:
            return _private(await report.make_plan(conn, CampaignSlug(slug)))
        return _private(await report.dispatch(conn, CampaignSlug(slug), wanted.plan_hash))


@post("/admin/settle-dispatch/{slug:str}", status_code=200)
async def settle_dispatch(
    slug: FromPath[str],
    pool: NamedDependency[SkipValidation[Pool]],
    data: JSONBody[DispatchRequest | None] = None,
) -> Response[Plan | Run]:
    wanted = data or DispatchRequest()
    async with transaction(pool) as conn:
        return _private(await report.dispatch(conn, CampaignSlug(slug), wanted.plan_hash))


@get("/admin/settlements/{slug:str}")
async def settlement(
    slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
) -> Response[Plan | Run]:
    async with transaction(pool) as conn:
        return _private(await report.read_run(conn, CampaignSlug(slug)))


@get("/admin/cron/status")
async def cron_status(pool: NamedDependency[SkipValidation[Pool]]) -> CalendarStatus:
    async with transaction(pool) as conn:
        return await keep_calendar.calendar_status(conn)


def _private(answer: Plan | Run) -> Response[Plan | Run]:
    return Response(answer, headers=PRIVATE)


ROUTES = (settle, settle_dispatch, settlement, cron_status)

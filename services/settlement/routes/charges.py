"""Edge: operators' questions and people's links in, answers out."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from contracts.ids import CampaignSlug, PledgeId
from contracts.magic_link import TOKEN_LENGTH_MAX, Keys
from services.chassis.process import crash
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.settlement.domain.plan import Plan
from services.settlement.domain.runs import Run
from services.settlement.handlers import keep_calendar, pass_bank, report
from services.settlement.handlers.keep_calendar import CalendarStatus
from services.settlement.handlers.pass_bank import PassBank, PayPage
from services.settlement.handlers.report import Batch
from services.settlement.steps import let_confirm
from services.settlement.stripe_gateway.charges import StripeGateway


class SettleRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Look at the plan, or carry it out; with the hash, only the plan that was looked at."""

    dry_run: bool = False
    plan_hash: str | None = None


class DispatchRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """With the hash, only the plan that was looked at."""

    plan_hash: str | None = None


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Orders whose supporters are to be settled now."""

    order_ids: Annotated[
        tuple[Annotated[PledgeId, msgspec.Meta(max_length=300)], ...],
        msgspec.Meta(min_length=1, max_length=100),
    ]


class AuthenticateRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The link of a pledge whose charge the bank wants its holder for."""

    token: Annotated[str, msgspec.Meta(max_length=TOKEN_LENGTH_MAX)]


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


@post("/admin/settle-batch", status_code=200)
async def settle_batch(
    data: JSONBody[BatchRequest], pool: NamedDependency[SkipValidation[Pool]]
) -> Response[Batch]:
    async with transaction(pool) as conn:
        return Response(await report.settle_batch(conn, data.order_ids), headers=PRIVATE)


@get("/pay/{token:str}")
async def pay_page(
    token: FromPath[str],
    pool: NamedDependency[SkipValidation[Pool]],
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> Response[PayPage]:
    async with transaction(pool) as conn:
        return Response(await pass_bank.read_page(conn, token, link_keys), headers=PRIVATE)


@post("/pledge/authenticate/start", status_code=200)
async def authenticate(
    data: JSONBody[AuthenticateRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    gateway: NamedDependency[SkipValidation[StripeGateway]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    publishable_key: NamedDependency[SkipValidation[str]],
) -> Response[PassBank]:
    answer = await let_confirm.let_confirm(pool, gateway, data.token, link_keys, publishable_key)
    crash.point("settlement.person_held")
    return Response(answer, headers=PRIVATE)


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


ROUTES = (settle, settle_dispatch, settle_batch, settlement, cron_status)
PEOPLE_ROUTES = (pay_page, authenticate)

"""Edge: operators' routes about money after the charge. The guard stands before them."""

from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, SkipValidation

from contracts.ids import CampaignSlug, PledgeId, SupporterId
from contracts.refusals import InputRefused
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.settlement.domain.refund_plan import Wanted
from services.settlement.handlers import pause, reconcile, refund, show_money
from services.settlement.handlers.reconcile import Report
from services.settlement.handlers.refund import RefundAnswer, RefundState
from services.settlement.handlers.show_money import Backfill, DisputeBundle
from services.settlement.queries.evidence import DisputeShown
from services.settlement.queries.pauses import Pause

Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Cents = Annotated[int, msgspec.Meta(ge=1, le=10_000_000_000)]
Pooled = NamedDependency[SkipValidation[Pool]]
KEY = "idempotency-key"
T = TypeVar("T")


class RefundRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Whose money goes back: an order's, a supporter's, or without both a whole campaign's.

    `amount` in cents is a part of it. With the hash, only what was looked at.
    """

    campaign_slug: Name
    order_id: Name | None = None
    supporter: Name | None = None
    amount: Cents | None = None
    reason: Text = ""
    dry_run: bool = False
    plan_hash: Text | None = None


class BackfillRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Which campaign's fees; a dry run asks Stripe nothing."""

    campaign_slug: Name
    dry_run: bool = False


class ReconcileRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A dry run keeps no break."""

    dry_run: bool = False
    by: Text = "an operator"


class PauseRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Why, and who."""

    because: Text = ""
    by: Text = "an operator"


class ResumeRequest(PauseRequest, forbid_unknown_fields=True, rename="camel"):
    """Who; and after a restore whether they read where we and Stripe differ."""

    acknowledge: bool = False


@post("/admin/refunds", status_code=200)
async def give_back(
    request: Request[Any, Any, Any], data: JSONBody[RefundRequest], pool: Pooled
) -> Response[RefundAnswer]:
    wanted = _wanted(data)
    key = request.headers.get(KEY, "")
    if data.amount is not None and not key and not data.dry_run:
        # A whole sum asked for again finds nothing left; a part would go back twice.
        raise InputRefused(
            "invalid_input",
            "Name a part with a key of your own, so that asking again is the same request.",
            fields={"Idempotency-Key": "is missing"},
        )
    async with transaction(pool) as conn:
        if data.dry_run:
            return _private(await refund.preview_refund(conn, wanted))
        return _private(
            await refund.request_refund(
                conn, wanted, key=key, reason=data.reason, plan_hash=data.plan_hash
            )
        )


@get("/admin/refunds/{slug:str}")
async def refunds(slug: FromPath[str], pool: Pooled) -> Response[RefundState]:
    async with transaction(pool) as conn:
        return _private(await refund.read_refunds(conn, CampaignSlug(slug)))


@post("/admin/analytics/stripe-financials/backfill", status_code=200)
async def backfill(data: JSONBody[BackfillRequest], pool: Pooled) -> Response[Backfill]:
    slug = CampaignSlug(data.campaign_slug)
    async with transaction(pool) as conn:
        return _private(await show_money.backfill_fees(conn, slug, is_dry_run=data.dry_run))


@post("/admin/reconcile", status_code=200)
async def compare(pool: Pooled, data: JSONBody[ReconcileRequest | None] = None) -> Response[Report]:
    wanted = data or ReconcileRequest()
    async with transaction(pool) as conn:
        return _private(
            await reconcile.request_reconciliation(conn, is_dry_run=wanted.dry_run, by=wanted.by)
        )


@get("/admin/reconciliations")
async def reconciliations(pool: Pooled, run: FromQuery[int | None] = None) -> Response[Report]:
    async with transaction(pool) as conn:
        return _private(await reconcile.read_report(conn, run))


@get("/admin/payments")
async def payments(pool: Pooled) -> Response[Pause]:
    async with transaction(pool) as conn:
        return _private(await pause.read_pause(conn))


@post("/admin/payments/pause", status_code=200)
async def pause_payments(
    pool: Pooled, data: JSONBody[PauseRequest | None] = None
) -> Response[Pause]:
    wanted = data or PauseRequest()
    async with transaction(pool) as conn:
        return _private(
            await pause.change_pause(
                conn, is_paused=True, because=wanted.because, changed_by=wanted.by
            )
        )


@post("/admin/payments/resume", status_code=200)
async def resume_payments(
    pool: Pooled, data: JSONBody[ResumeRequest | None] = None
) -> Response[Pause]:
    wanted = data or ResumeRequest()
    async with transaction(pool) as conn:
        return _private(
            await pause.resume(conn, changed_by=wanted.by, knows_breaks=wanted.acknowledge)
        )


@get("/admin/disputes")
async def disputes(pool: Pooled) -> Response[list[DisputeShown]]:
    async with transaction(pool) as conn:
        return _private(await show_money.list_disputes(conn))


@get("/admin/disputes/{dispute_id:str}")
async def dispute(dispute_id: FromPath[str], pool: Pooled) -> Response[DisputeBundle]:
    async with transaction(pool) as conn:
        return _private(await show_money.read_dispute(conn, dispute_id))


def _wanted(data: RefundRequest) -> Wanted:
    if data.order_id is not None and data.supporter is not None:
        raise InputRefused(
            "invalid_input",
            "Name an order or a supporter, not both.",
            fields={"supporter": "not beside orderId"},
        )
    wanted = Wanted(
        campaign=CampaignSlug(data.campaign_slug),
        supporter_id=None if data.supporter is None else SupporterId(data.supporter),
        pledge_id=None if data.order_id is None else PledgeId(data.order_id),
        amount_cents=data.amount,
    )
    if wanted.is_everybody and data.amount is not None:
        raise InputRefused(
            "invalid_input",
            "A part is refunded to somebody: name an order or a supporter.",
            fields={"amount": "not for a whole campaign"},
        )
    return wanted


def _private(answer: T) -> Response[T]:
    return Response(answer, headers=PRIVATE)


AFTER_ROUTES = (
    *(give_back, refunds, backfill, compare, reconciliations),
    *(payments, pause_payments, resume_payments, disputes, dispute),
)

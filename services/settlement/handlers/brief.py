"""What the dashboard asks of settlement: answers of one length, with the figures of all."""

from contracts.api.settling import (
    BriefCharge,
    BriefExcluded,
    BriefPlan,
    BriefRefund,
    CardShown,
    RecoveringPage,
)
from contracts.ids import CampaignSlug
from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.settlement.domain.refund_plan import Wanted
from services.settlement.handlers import refund, report
from services.settlement.handlers.refund import RefundAnswer
from services.settlement.queries import campaigns, undecided


async def brief_plan(conn: Connection, slug: CampaignSlug, *, shown: int) -> BriefPlan:
    """Return the plan of a settlement with its first charges."""
    plan = await report.make_plan(conn, slug)
    return BriefPlan(
        plan_hash=plan.plan_hash,
        is_forecast=plan.is_forecast,
        is_funded=plan.is_funded,
        supporters=plan.supporters,
        total_amount=plan.total_amount,
        expected_fees=plan.expected_fees,
        charges=tuple(
            BriefCharge(
                order_ids=each.order_ids,
                amount=each.amount,
                card=CardShown(brand=each.card.brand, last4=each.card.last4),
                flags=each.flags,
            )
            for each in plan.charges[:shown]
        ),
        charge_count=len(plan.charges),
        excluded=tuple(
            BriefExcluded(order_id=each.order_id, reason=each.reason)
            for each in plan.excluded[:shown]
        ),
        excluded_count=len(plan.excluded),
    )


async def brief_refund(conn: Connection, slug: CampaignSlug) -> BriefRefund:
    """Return what refunding a whole campaign would give back. Nothing is asked of Stripe."""
    return _brief(await refund.preview_refund(conn, Wanted(campaign=slug)))


async def refund_campaign(
    conn: Connection, slug: CampaignSlug, *, plan_hash: str, reason: str
) -> BriefRefund:
    """Begin to give back all of a campaign's money, if the plan is the one that was looked at.

    The plan's hash is the request's key: sent again, be it after a death in the middle, it is
    the same request, and answers how that stands.
    """
    answer = await refund.request_refund(
        conn,
        Wanted(campaign=slug),
        key=f"dashboard:{plan_hash}",
        reason=reason,
        plan_hash=plan_hash,
    )
    return _brief(answer)


async def list_recovering(
    conn: Connection, slug: CampaignSlug, *, after: str, limit: int
) -> RecoveringPage:
    """Return the charges of a campaign that are not decided."""
    if await campaigns.find_campaign(conn, slug) is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    found = await undecided.list_undecided(conn, slug, after=after, limit=limit + 1)
    page = tuple(found[:limit])
    following = page[-1].charge_id if len(found) > limit else None
    return RecoveringPage(charges=page, next_after=following)


def _brief(answer: RefundAnswer) -> BriefRefund:
    return BriefRefund(
        campaign_slug=answer.campaign_slug,
        plan_hash=answer.plan_hash,
        total=answer.total,
        refund_count=len(answer.refunds),
        left_out_count=len(answer.left_out),
        request_id=answer.request_id,
        status=answer.status,
    )

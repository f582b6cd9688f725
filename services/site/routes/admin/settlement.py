"""Settlement: what comes next, the plan, the run and its proof, recovery, refunds, the switch."""

import asyncio
from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from contracts.api.settling import BriefPlan, BriefRefund, RecoveringPage
from contracts.refusals import InputRefused
from services.site.admin.answers import Calendar, Dispute, Pause, Refunds, Run
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down

OWNER = "settlement"
PAGE_SIZE, WHY_MAX = 50, 500
UNDER_WAY = ("running", "recovering", "needs_attention")


async def show_all(visit: Visit) -> ASGIResponse:
    """Show how each campaign stands, what comes next, and the switch for payments."""
    ask = visit.dash.operator
    calendar = await ask.read(OWNER, "/admin/cron/status", visit.caller, Calendar)
    pause = await ask.read(OWNER, "/admin/payments", visit.caller, Pause)
    disputes = await ask.read(OWNER, "/admin/disputes", visit.caller, list[Dispute])
    return visit.page(
        "settlement",
        campaigns=visit.campaigns,
        calendar=calendar,
        timers=[each for each in calendar.next_timers if visit.user.has(each.campaign_slug)],
        pause=pause,
        disputes=[each for each in disputes if visit.user.has(each.campaign_slug)],
        titles=visit.dash.titles(),
    )


async def show_one(visit: Visit) -> ASGIResponse:
    """Show a campaign's run, its proof, who is in recovery, disputes and refunds."""
    ask, slug = visit.dash.operator, visit.slug
    run, refunds, disputes = await asyncio.gather(
        ask.read(OWNER, f"/admin/settlements/{slug}", visit.caller, Run),
        ask.find(OWNER, f"/admin/refunds/{slug}", visit.caller, Refunds),
        ask.read(OWNER, "/admin/disputes", visit.caller, list[Dispute]),
    )
    query = urlencode({"limit": PAGE_SIZE, "after": visit.asked.get("after", "")})
    recovering = None
    if run.failed or run.unknown:
        path = f"/internal/recovering/{slug}?{query}"
        recovering = await ask.read(OWNER, path, visit.caller, RecoveringPage)
    return visit.page(
        "settlement_one",
        slug=slug,
        title=visit.dash.titles().get(slug, slug),
        titles=visit.dash.titles(),
        run=run,
        is_under_way=run.status in UNDER_WAY or _is_refunding(refunds),
        recovering=recovering,
        disputes=[each for each in disputes if each.campaign_slug == slug],
        refunds=refunds,
    )


def _is_refunding(refunds: Refunds | None) -> bool:
    return refunds is not None and refunds.is_refunding and not refunds.has_ended


async def show_plan(visit: Visit) -> ASGIResponse:
    """Show what is going to be charged, or was, and the button that has it tried now."""
    slug, ask = visit.slug, visit.dash.operator
    plan, run = await asyncio.gather(
        ask.read(OWNER, f"/internal/plans/{slug}", visit.caller, BriefPlan),
        ask.read(OWNER, f"/admin/settlements/{slug}", visit.caller, Run),
    )
    return visit.page(
        "settlement_plan",
        slug=slug,
        title=visit.dash.titles().get(slug, slug),
        plan=plan,
        can_dispatch=visit.user.is_super and run.status in UNDER_WAY,
    )


async def dispatch(visit: Visit) -> ASGIResponse:
    """Have what is due tried now, if the plan is still the one that was looked at."""
    slug, plan_hash = visit.slug, visit.one("plan")
    path, body = f"/admin/settle-dispatch/{slug}", {"planHash": plan_hash}
    run = await visit.dash.operator.do(OWNER, path, visit.caller, body, Run)
    note = done_by(visit, "settlement_dispatched", planHash=plan_hash, status=run.status)
    await write_down(visit, note)
    return visit.go(f"settlement/{slug}/", done="dispatched")


async def show_refund(visit: Visit) -> ASGIResponse:
    """Show what giving all of a campaign's money back comes to, or how far it is."""
    slug, ask = visit.slug, visit.dash.operator
    plan, state = await asyncio.gather(
        ask.read(OWNER, f"/internal/refunds/{slug}", visit.caller, BriefRefund),
        ask.read(OWNER, f"/admin/refunds/{slug}", visit.caller, Refunds),
    )
    return visit.page(
        "settlement_refund",
        slug=slug,
        title=visit.dash.titles().get(slug, slug),
        plan=plan,
        state=state,
        reason=visit.one("reason") if visit.trouble else "",
    )


async def refund_all(visit: Visit) -> ASGIResponse:
    """Begin to give all of it back. The plan's hash is the key: twice is once."""
    slug, reason = visit.slug, visit.one("reason")
    fields: dict[str, str] = {}
    if not reason or len(reason) > WHY_MAX:
        fields["reason"] = "Say why."
    if visit.one("sure") != "yes":
        fields["sure"] = "Say that you have looked at the sum."
    if fields:
        raise InputRefused("invalid_input", "Something is missing.", fields=fields)
    path, body = f"/internal/refunds/{slug}", {"planHash": visit.one("plan"), "reason": reason}
    begun = await visit.dash.operator.do(OWNER, path, visit.caller, body, BriefRefund)
    note = done_by(
        visit,
        "campaign_refund_begun",
        begun.request_id,
        reason=reason,
        planHash=visit.one("plan"),
        total=begun.total,
    )
    await write_down(visit, note)
    return visit.go(f"settlement/{slug}/refund/", done="refund-begun")


async def pause(visit: Visit) -> ASGIResponse:
    """Have all payments stand still."""
    because = visit.one("because")
    await _switch(visit, "pause", because)
    await write_down(visit, done_by(visit, "payments_paused", because=because))
    return visit.go("settlement/", done="paused")


async def resume(visit: Visit) -> ASGIResponse:
    """Let payments go on."""
    await _switch(visit, "resume", "")
    await write_down(visit, done_by(visit, "payments_resumed"))
    return visit.go("settlement/", done="resumed")


async def _switch(visit: Visit, verb: str, because: str) -> None:
    body = {"because": because, "by": visit.user.email}
    path = f"/admin/payments/{verb}"
    await visit.dash.operator.do(OWNER, path, visit.caller, body, Pause)


WORKS: dict[str, Work] = {
    "settlement": show_all,
    "settlement.one": show_one,
    "settlement.plan": show_plan,
    "settlement.dispatch": dispatch,
    "settlement.refund": show_refund,
    "settlement.refund_all": refund_all,
    "settlement.pause": pause,
    "settlement.resume": resume,
}

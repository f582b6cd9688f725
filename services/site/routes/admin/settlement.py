"""Settlement: what comes next, the plan, the run and its proof; trying now, and standing still."""

from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from services.chassis.storage.database import transaction
from services.site.admin.answers import Calendar, Dispute, Pause, Plan, Refunds, Run
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work

OWNER = "settlement"
ROWS_SHOWN = 100


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
    """Show a campaign's plan, run, proof and refunds."""
    ask, slug = visit.dash.operator, visit.slug
    run = await ask.read(OWNER, f"/admin/settlements/{slug}", visit.caller, Run)
    plan = await ask.do(OWNER, f"/admin/settle/{slug}", visit.caller, {"dryRun": True}, Plan)
    refunds = await ask.find(OWNER, f"/admin/refunds/{slug}", visit.caller, Refunds)
    return visit.page(
        "settlement_one",
        slug=slug,
        title=visit.dash.titles().get(slug, slug),
        run=run,
        plan=plan,
        refunds=refunds,
        rows_shown=ROWS_SHOWN,
    )


async def dispatch(visit: Visit) -> ASGIResponse:
    """Have what is due tried now, if the plan is still the one that was looked at."""
    slug, plan_hash = visit.slug, visit.one("plan")
    path, body = f"/admin/settle-dispatch/{slug}", {"planHash": plan_hash}
    run = await visit.dash.operator.do(OWNER, path, visit.caller, body, Run)
    details = {"planHash": plan_hash, "status": run.status}
    await _write_down(visit, "settlement_dispatched", details)
    return visit.go(f"settlement/{slug}/", done="dispatched")


async def pause(visit: Visit) -> ASGIResponse:
    """Have all payments stand still."""
    because = visit.one("because")
    await _switch(visit, "pause", because)
    await _write_down(visit, "payments_paused", {"because": because})
    return visit.go("settlement/", done="paused")


async def resume(visit: Visit) -> ASGIResponse:
    """Let payments go on."""
    await _switch(visit, "resume", "")
    await _write_down(visit, "payments_resumed", {})
    return visit.go("settlement/", done="resumed")


async def _switch(visit: Visit, verb: str, because: str) -> None:
    body = {"because": because, "by": visit.user.email}
    path = f"/admin/payments/{verb}"
    await visit.dash.operator.do(OWNER, path, visit.caller, body, Pause)


async def _write_down(visit: Visit, action: str, details: dict[str, Any]) -> None:
    user = visit.user
    done = Done(actor=user.email, role=user.role, action=action, details=details)
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, msgspec.structs.replace(done, campaign=visit.slug))


WORKS: dict[str, Work] = {
    "settlement": show_all,
    "settlement.one": show_one,
    "settlement.dispatch": dispatch,
    "settlement.pause": pause,
    "settlement.resume": resume,
}

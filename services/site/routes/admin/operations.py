"""Operations: how the services feel, and whether our books and Stripe's agree."""

import asyncio

from litestar.response.base import ASGIResponse

from services.chassis.storage.database import transaction
from services.site.admin.answers import Reconciliation
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work

OWNERS = ("checkout", "pledges", "settlement", "notify")


async def show(visit: Visit) -> ASGIResponse:
    """Show every service, and the newest comparison with Stripe."""
    ask = visit.dash.operator
    found = await asyncio.gather(*(ask.health(owner, visit.caller) for owner in OWNERS))
    path = "/admin/reconciliations"
    return visit.page(
        "operations",
        services=dict(zip(OWNERS, found, strict=True)),
        books=await ask.read("settlement", path, visit.caller, Reconciliation),
        titles=visit.dash.titles(),
    )


async def reconcile(visit: Visit) -> ASGIResponse:
    """Have every charge compared with Stripe, which is only read."""
    user, path = visit.user, "/admin/reconcile"
    body = {"by": user.email}
    await visit.dash.operator.do("settlement", path, visit.caller, body, Reconciliation)
    done = Done(actor=user.email, role=user.role, action="reconciliation_asked")
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)
    return visit.go("operations/", done="reconciling")


WORKS: dict[str, Work] = {"operations": show, "operations.reconcile": reconcile}

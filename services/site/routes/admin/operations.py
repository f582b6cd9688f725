"""Operations: how the services feel, what waits and is stuck, whether Stripe's books agree."""

import asyncio

from litestar.response.base import ASGIResponse

from contracts.api.operations import MailState, WebhookState
from services.site.admin.answers import Reconciliation
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down

SHOWN_PARKED = 10


async def show(visit: Visit) -> ASGIResponse:
    """Show every service and what is stuck there; of whoever is away, that it is."""
    ask, watch, caller = visit.dash.operator, visit.dash.watch, visit.caller
    seen, parked, books, mails, stripe, resend = await asyncio.gather(
        watch.look(caller),
        watch.list_parked(caller),
        ask.look("settlement", "/admin/reconciliations", caller, Reconciliation),
        ask.look("notify", "/internal/mails", caller, MailState),
        ask.look("checkout", "/internal/webhooks", caller, WebhookState),
        ask.look("notify", "/internal/webhooks", caller, WebhookState),
    )
    events = [(name, each) for name, page in parked.items() if page for each in page.events]
    return visit.page(
        "operations",
        services=seen,
        parked=events[:SHOWN_PARKED],
        has_more=len(events) > SHOWN_PARKED,
        silent=[name for name, page in parked.items() if page is None],
        books=books,
        mails=mails,
        webhooks={"Stripe": stripe, "Resend": resend},
        titles=visit.dash.titles(),
    )


async def reconcile(visit: Visit) -> ASGIResponse:
    """Have every charge compared with Stripe, which is only read."""
    path, body = "/admin/reconcile", {"by": visit.user.email}
    await visit.dash.operator.do("settlement", path, visit.caller, body, Reconciliation)
    await write_down(visit, done_by(visit, "reconciliation_asked"))
    return visit.go("operations/", done="reconciling")


WORKS: dict[str, Work] = {"operations": show, "operations.reconcile": reconcile}

"""Mails that are stuck: which, why, and sending one once more."""

from litestar.response.base import ASGIResponse

from contracts.api.operations import MailState, Resent, StuckMails
from services.site.admin.audit import read_before
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down

OWNER = "notify"


async def show(visit: Visit) -> ASGIResponse:
    """Show where mails stand, and those that only a person can help."""
    ask, before = visit.dash.operator, read_before(visit.asked.get("before", ""))
    path = f"/internal/mails/stuck?before={before}"
    return visit.page(
        "mails",
        state=await ask.read(OWNER, "/internal/mails", visit.caller, MailState),
        stuck=await ask.read(OWNER, path, visit.caller, StuckMails),
        titles=visit.dash.titles(),
    )


async def resend(visit: Visit) -> ASGIResponse:
    """Have a mail sent once more."""
    path, body = f"/internal/mails/{visit.key}/resend", {"by": visit.user.email}
    sent = await visit.dash.operator.do(OWNER, path, visit.caller, body, Resent)
    note = done_by(visit, "mail_resent", sent.mail_id, kind=sent.kind, campaign=sent.campaign_slug)
    await write_down(visit, note)
    return visit.go("operations/mails/", done="mail-resent")


WORKS: dict[str, Work] = {"operations.mails": show, "operations.resend": resend}

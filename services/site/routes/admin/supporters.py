"""Supporters: who pledged to a campaign, and one pledge's whole story."""

from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound
from services.chassis.storage.database import transaction
from services.site.admin.answers import Evidence, Refund, SentMail, SupporterPage
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work

STATUSES = ("active", "charged", "payment_failed", "cancelled", "released")
FILTERS = ("status", "search", "country")
PAGE_SIZE = 50


async def choose(visit: Visit) -> ASGIResponse:
    """Show the campaigns whose supporters may be looked at."""
    return visit.page("choose", campaigns=visit.campaigns, tab="people")


async def show_list(visit: Visit) -> ASGIResponse:
    """Show a page of supporters, by address."""
    asked = visit.asked
    chosen = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
    more = {"after": asked["after"]} if asked.get("after") else {}
    query = urlencode({"campaignSlug": visit.slug, "limit": PAGE_SIZE, **chosen, **more})
    found = await visit.dash.operator.read(
        "pledges", f"/admin/supporters?{query}", visit.caller, SupporterPage
    )
    following = {**chosen, "after": found.next_after or ""}
    return visit.page(
        "supporters",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        supporters=found.supporters,
        statuses=STATUSES,
        chosen=chosen,
        is_first=not more,
        following=urlencode(following) if found.next_after else "",
        first=urlencode(chosen),
    )


async def show_one(visit: Visit) -> ASGIResponse:
    """Show one pledge: its history, its money and its mails."""
    ask, order = visit.dash.operator, visit.key
    story = await _story(visit)
    mails = await ask.read("notify", f"/admin/mails/{order}", visit.caller, list[SentMail])
    return visit.page(
        "supporter",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        story=story,
        mails=mails,
    )


async def refund(visit: Visit) -> ASGIResponse:
    """Give one pledge's money back, all that is left of it. Asked twice, it goes back once."""
    story, reason = await _story(visit), visit.one("reason")
    body = {"campaignSlug": visit.slug, "orderId": story.order_id, "reason": reason}
    ask = visit.dash.operator
    asked = await ask.do("settlement", "/admin/refunds", visit.caller, body, Refund)
    done = Done(
        actor=visit.user.email,
        role=visit.user.role,
        action="refund_asked",
        subject=story.order_id,
        campaign=visit.slug,
        details={"reason": reason, "request": asked.request_id},
    )
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)
    return visit.go(f"people/{visit.slug}/{visit.key}/", done="refunded")


async def _story(visit: Visit) -> Evidence:
    path = f"/admin/evidence/{visit.key}"
    story = await visit.dash.operator.read("pledges", path, visit.caller, Evidence)
    if story.campaign_slug != visit.slug:
        # The address names the campaign whose rights were checked: no other one's is shown.
        raise NotFound("unknown_pledge", "There is no such pledge.")
    return story


WORKS: dict[str, Work] = {
    "supporters": choose,
    "supporters.list": show_list,
    "supporters.one": show_one,
    "supporters.refund": refund,
}

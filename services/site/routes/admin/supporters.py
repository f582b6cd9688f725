"""Supporters: who pledged to a campaign, and one pledge's whole story."""

from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound
from services.site.admin.answers import Evidence, SentMail, SupporterPage
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
    story = await ask.read("pledges", f"/admin/evidence/{order}", visit.caller, Evidence)
    if story.campaign_slug != visit.slug:
        # The address names the campaign whose rights were checked: no other one's is shown.
        raise NotFound("unknown_pledge", "There is no such pledge.")
    mails = await ask.read("notify", f"/admin/mails/{order}", visit.caller, list[SentMail])
    return visit.page(
        "supporter",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        story=story,
        mails=mails,
    )


WORKS: dict[str, Work] = {
    "supporters": choose,
    "supporters.list": show_list,
    "supporters.one": show_one,
}

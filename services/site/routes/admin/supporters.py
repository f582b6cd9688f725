"""Supporters: a table of pledges in pages, one person's whole story, their links, their money."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from contracts.api.desk import LinksSent, PersonMails, PledgePage, PledgeRow, Story
from contracts.refusals import NotYours
from services.site.admin.answers import Refund
from services.site.admin.audit import harmless
from services.site.admin.people_list import FULFILMENTS, STATUSES, Table, read_table
from services.site.admin.story import moments, pledge_of, seen_by
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down
from services.site.routes.admin.streaming import csv_file

CAMPAIGNS_MAX = 200
PAGE_SIZE, FILE_PAGE = 50, 500
COLUMNS = ("email", "name", "campaign", "status", "amount", "country", "items", "created_at", "id")


async def show_list(visit: Visit) -> ASGIResponse:
    """Show a page of pledges: of one campaign, or of all that are this user's."""
    table = read_table(visit.asked)
    found = await _page(visit, table, _campaigns(visit, table), PAGE_SIZE, table.after)
    return visit.page(
        "supporters",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        titles=visit.dash.titles(),
        own={each.campaign.slug: each.campaign.title for each in visit.campaigns},
        table=table,
        pledges=found.pledges,
        statuses=STATUSES,
        fulfilments=FULFILMENTS,
        following=table.following(found.next_after) if found.next_after else "",
    )


async def download(visit: Visit) -> ASGIResponse:
    """Return all pledges that fit as a file, page by page; who took it is written down."""
    table = read_table(visit.asked)
    campaigns = _campaigns(visit, table)
    first = await _page(visit, table, campaigns, FILE_PAGE, "")
    if visit.request.method != "HEAD":
        note = {name: value for name, value in table.filters.items() if name != "search"}
        await write_down(visit, done_by(visit, "supporters_downloaded", **note))
    return csv_file(visit, _rows(visit, table, campaigns, first), "supporters")


async def show_one(visit: Visit) -> ASGIResponse:
    """Show a person by one of their pledges: pledges, money and mails, by time."""
    story = await _story(visit)
    path = f"/internal/mails/person?{urlencode({'email': story.email})}"
    mails = await visit.dash.operator.look("notify", path, visit.caller, PersonMails)
    may = visit.user.has
    seen = seen_by(story, may)
    return visit.page(
        "supporter",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        titles=visit.dash.titles(),
        story=seen,
        pledge=pledge_of(story, visit.key, visit.slug),
        moments=moments(seen, mails.mails if mails else (), may),
        knows_mails=mails is not None,
        reason=visit.one("reason") if visit.trouble else "",
    )


async def send_links(visit: Visit) -> ASGIResponse:
    """Have somebody sent fresh links, as often as anybody who asks for them."""
    pledge = pledge_of(await _story(visit), visit.key, visit.slug)
    path, body = f"/internal/stories/{pledge.order_id}/links", {"by": visit.user.email}
    await visit.dash.operator.do("pledges", path, visit.caller, body, LinksSent)
    await write_down(visit, done_by(visit, "links_asked", pledge.order_id))
    return visit.go(f"people/{visit.slug}/{visit.key}/", done="links-asked")


async def refund(visit: Visit) -> ASGIResponse:
    """Give one pledge's money back, all that is left of it. Asked twice, it goes back once."""
    pledge, reason = pledge_of(await _story(visit), visit.key, visit.slug), visit.one("reason")
    body = {"campaignSlug": visit.slug, "orderId": pledge.order_id, "reason": reason}
    ask = visit.dash.operator
    asked = await ask.do("settlement", "/admin/refunds", visit.caller, body, Refund)
    note = done_by(visit, "refund_asked", pledge.order_id, reason=reason, request=asked.request_id)
    await write_down(visit, note)
    return visit.go(f"people/{visit.slug}/{visit.key}/", done="refunded")


def _campaigns(visit: Visit, table: Table) -> Sequence[str]:
    """Return whose pledges are looked for: never another one's than this user may see."""
    if visit.slug:
        return [visit.slug]
    if not table.campaign:
        return [each.campaign.slug for each in visit.campaigns][:CAMPAIGNS_MAX]
    if not visit.user.has(table.campaign):
        raise NotYours("not_allowed", "You don't have the rights for this.")
    return [table.campaign]


async def _story(visit: Visit) -> Story:
    path = f"/internal/stories/{visit.key}"
    story = await visit.dash.operator.read("pledges", path, visit.caller, Story)
    pledge_of(story, visit.key, visit.slug)
    return story


async def _page(
    visit: Visit, table: Table, campaigns: Sequence[str], limit: int, after: str
) -> PledgePage:
    """Return a page from the ledger; of no campaign there is none."""
    if not campaigns:
        return PledgePage(pledges=(), next_after=None)
    path = f"/internal/pledges?{table.asked(campaigns, limit=limit, after=after)}"
    return await visit.dash.operator.read("pledges", path, visit.caller, PledgePage)


async def _rows(
    visit: Visit, table: Table, campaigns: Sequence[str], page: PledgePage
) -> AsyncIterator[bytes]:
    yield ("\ufeff" + _line(COLUMNS)).encode()
    while True:
        yield "".join(_line(_cells(each)) for each in page.pledges).encode()
        if page.next_after is None:
            return
        page = await _page(visit, table, campaigns, FILE_PAGE, page.next_after)


def _cells(row: PledgeRow) -> tuple[str, ...]:
    amount = f"{row.amount // 100}.{row.amount % 100:02}"
    words = (row.email, row.name, row.campaign_slug, row.status, amount, row.country)
    return (*words, "; ".join(row.item_names), row.created_at.isoformat(), row.order_id)


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow([harmless(each) for each in cells])
    return written.getvalue()


WORKS: dict[str, Work] = {
    "supporters": show_list,
    "supporters.csv": download,
    "supporters.list": show_list,
    "supporters.one": show_one,
    "supporters.links": send_links,
    "supporters.refund": refund,
}

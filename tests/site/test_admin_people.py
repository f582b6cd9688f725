"""Supporters on the dashboard: the table, one person's story, links, money: each one's own."""

import csv
import io
from typing import Any

import pytest

from services.site.admin.people_list import read_table
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite
from tests.site.test_admin_screens import AT, THEIRS

ROW: dict[str, Any] = {
    "orderId": "pool-intent-1",
    "campaignSlug": "long-take",
    "email": "noor@people.example",
    "name": "=Noor <b>",
    "status": "charged",
    "amount": 5_944,
    "isPhysical": True,
    "hasPlatformAddOns": False,
    "itemNames": ["A frame"],
    "country": "US",
    "createdAt": AT,
}
PLEDGE: dict[str, Any] = {
    "orderId": "pool-intent-1",
    "campaignSlug": "long-take",
    "status": "charged",
    "amount": 5_944,
    "createdAt": AT,
    "chargedAt": AT,
    "items": ["A <frame>"],
    "card": "visa 4242",
    "history": [
        {"type": "created", "at": "2026-11-20T07:00:00Z", "status": "active", "amount": None},
        {"type": "charged", "at": "2026-11-22T07:00:00Z", "status": "charged", "amount": 5_944},
    ],
    "money": [{"kind": "fee", "at": "2026-11-23T07:00:00Z", "cents": -202}],
}
STORY = {
    "email": "noor@people.example",
    "name": "Noor",
    "language": "en",
    "isErased": False,
    "pledges": [PLEDGE, {**PLEDGE, "orderId": "pool-intent-2", "campaignSlug": "secret-film"}],
}
MAILS = {
    "mails": [
        {
            "mailId": "m",
            "kind": "pledge_confirmed",
            "campaignSlug": "long-take",
            "writtenAt": "2026-11-21T07:00:00Z",
            "status": "sent",
            "sentAt": AT,
            "happened": "bounced",
        },
        {
            "mailId": "n",
            "kind": "payment_lost",
            "campaignSlug": "secret-film",
            "writtenAt": AT,
            "status": "sent",
            "sentAt": AT,
            "happened": "",
        },
    ]
}


async def theirs(site: RunningSite) -> Visitor:
    return await signed_in(site, "theirs@pool.example", **THEIRS)


def ledger(shared: tuple[RunningSite, Behind]) -> Behind:
    services = shared[1]
    services.forget()
    services.known = {
        "/internal/pledges": (200, {"pledges": [ROW], "nextAfter": "2026~pool-intent-1"}),
        "/internal/stories/pool-intent-1": (200, STORY),
        "/internal/stories/pool-intent-2": (200, STORY),
        "/internal/mails/person": (200, MAILS),
        "/internal/stories/pool-intent-1/links": (200, {"email": "noor@people.example"}),
        "/admin/refunds": (200, {"requestId": "r-1", "status": "asked"}),
    }
    return services


async def test_the_table_is_filtered_sorted_and_paged_by_the_ledger(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await theirs(one_film)
    services = ledger(shared)

    page = await visitor.get(
        "/admin/people/long-take/",
        params={"search": "no&r", "order": "amount", "way": "up", "status": ""},
    )

    assert page.status_code == 200
    assert services.heard[-1].target == (
        "/internal/pledges?campaignSlug=long-take&limit=50&order=amount&descending=false"
        "&search=no%26r"
    )
    for said in (
        'aria-sort="ascending"',
        "noor@people.example",
        "=Noor &lt;b&gt;",
        "search=no%26r&amp;order=amount&amp;way=up&amp;after=2026~pool-intent-1",
        # A click on the sorted column turns it round, on another one sorts by that.
        "?search=no%26r&amp;order=amount&amp;way=down",
        "?search=no%26r&amp;order=email&amp;way=up",
    ):
        assert said in page.text


async def test_over_all_campaigns_each_user_sees_their_own_alone(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await theirs(one_film)
    services = ledger(shared)

    everything = await visitor.get("/admin/people/")
    asked = services.heard[-1].target
    foreign = await visitor.get("/admin/people/", params={"campaign": "secret-film"})
    file = await visitor.get("/admin/people.csv", params={"campaign": "secret-film"})

    assert everything.status_code == 200
    assert asked.count("campaignSlug=") == 1
    assert "campaignSlug=long-take" in asked
    assert (foreign.status_code, file.status_code) == (403, 403)


@pytest.mark.parametrize(
    "asked", [{"order": "size"}, {"way": "left"}, {"status": "rich"}, {"country": "USA"}], ids=str
)
async def test_what_cannot_be_meant_is_said_on_a_page(
    one_film: RunningSite, shared: tuple[RunningSite, Behind], asked: dict[str, str]
) -> None:
    visitor = await theirs(one_film)
    services = ledger(shared)

    page = await visitor.get("/admin/people/long-take/", params=asked)

    assert page.status_code == 400
    assert services.heard == []


async def test_a_file_of_the_table_is_made_page_by_page_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    services = ledger(shared)
    services.known.pop("/internal/pledges")
    last = {"pledges": [{**ROW, "email": "zoe@people.example"}], "nextAfter": None}
    services.queue = [(200, {"pledges": [ROW], "nextAfter": "a~b"}), (200, last)]

    file = await visitor.get("/admin/people.csv", params={"status": "charged"})

    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")))
    assert [row[0] for row in rows] == ["email", "noor@people.example", "zoe@people.example"]
    # No spreadsheet computes what somebody calls themselves.
    assert rows[1][1] == "'=Noor <b>"
    assert rows[1][4] == "59.44"
    assert file.headers["cache-control"] == "private, no-store"
    assert services.heard[-1].target.endswith("&status=charged&after=a~b")
    log = await visitor.get("/admin/audit/", params={"action": "supporters_downloaded"})
    assert "Downloaded supporters" in log.text


async def test_a_story_shows_pledges_money_and_mails_by_time_of_ones_own_campaigns(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await theirs(one_film)
    ledger(shared)

    page = await visitor.get("/admin/people/long-take/pool-intent-1/")
    other = await visitor.get("/admin/people/long-take/pool-intent-2/")

    assert page.status_code == 200
    timeline = page.text[page.text.index('id="history"') :]
    order = [
        timeline.index(said) for said in ("Pledged<", "Pledge confirmed", "Was charged", "−$2.02")
    ]
    assert order == sorted(order)
    assert "Came back" in timeline
    assert "A &lt;frame&gt;" in page.text
    for hidden in ("secret-film", "pool-intent-2", "Not charged any more", "Refund this pledge"):
        assert hidden not in page.text
    assert other.status_code == 404


async def test_without_notify_the_rest_of_the_story_is_shown(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await theirs(one_film)
    services = ledger(shared)
    services.known["/internal/mails/person"] = (503, {"error": "busy", "message": "busy"})

    page = await visitor.get("/admin/people/long-take/pool-intent-1/")

    assert page.status_code == 200
    assert "notify does not answer" in page.text
    assert "Was charged" in page.text


async def test_links_are_sent_again_and_money_goes_back_in_ones_name(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    services = ledger(shared)

    links = await visitor.post("/admin/people/long-take/pool-intent-1/links")
    asked = services.heard[-1]
    refund = await visitor.post("/admin/people/long-take/pool-intent-1/refund", reason="ill")

    assert links.headers["location"].endswith("?done=links-asked")
    assert (asked.target, asked.body) == (
        "/internal/stories/pool-intent-1/links",
        b'{"by":"ada@pool.example"}',
    )
    assert refund.headers["location"].endswith("?done=refunded")
    body = b'{"campaignSlug":"long-take","orderId":"pool-intent-1","reason":"ill"}'
    assert services.heard[-1].body == body
    log = (await visitor.get("/admin/audit/", params={"words": "pool-intent-1"})).text
    assert "Had links sent again" in log
    assert "r-1" in log


async def test_another_campaigns_pledge_is_neither_refunded_nor_written_to(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    services = ledger(shared)
    services.known["/internal/stories/pool-intent-2"] = (200, STORY)

    refund = await visitor.post("/admin/people/long-take/pool-intent-2/refund", reason="ill")
    links = await visitor.post("/admin/people/long-take/pool-intent-2/links")

    assert (refund.status_code, links.status_code) == (404, 404)
    assert not any(each.method == "POST" for each in services.heard)


def test_the_usual_order_has_no_query_and_a_filter_keeps_it() -> None:
    assert read_table({}).first == ""
    assert read_table({"status": "active"}).first == "status=active"
    assert read_table({"order": "email"}).sorting == {"order": "email", "way": "up"}

"""What operators say to many: rehearsed, bound to its audience, tested, and never said twice."""

from typing import Any

import httpx
import pytest

from services.chassis.storage.database import Connection, Pool
from services.notify.schedules.send_mails import Sender
from tests.notify.audience import crowd, email, send_nothing_else, write_all_news
from tests.notify.conftest import OPERATOR
from tests.notify.recorder import Recorder
from tests.notify.samples import SLUG
from tests.notify.telling import mails, tell
from tests.notify.test_news_by_itself import platform_note, published, totals

Client = httpx.AsyncClient
ANNOUNCEMENT = {"campaignSlug": SLUG, "subject": "Last call", "body": "Friday is the day."}


async def post(client: Client, path: str, **body: Any) -> httpx.Response:
    return await client.post(path, json=body, headers=OPERATOR)


async def announce(client: Client, **more: Any) -> httpx.Response:
    return await post(client, "/admin/broadcast/announcement", **{**ANNOUNCEMENT, **more})


async def test_a_rehearsal_names_everybody_and_writes_to_nobody(client: Client, pool: Pool) -> None:
    await crowd(pool, 3)

    answer = (await announce(client, dryRun=True)).json()

    assert answer["recipients"] == [email(0), email(1), email(2)]
    assert (answer["audience"], answer["sent"], answer["success"]) == (3, 0, True)
    assert answer["subject"] == "Last call | Nine Bridges North"
    assert await pool.fetchval("SELECT count(*) FROM broadcasts") == 0


async def test_a_live_send_bound_to_its_rehearsal_needs_the_same_words_and_people(
    client: Client, pool: Pool
) -> None:
    await crowd(pool, 2)
    rehearsed = (await announce(client, dryRun=True)).json()["audienceHash"]

    other_words = await announce(client, body="Another day.", audienceHash=rehearsed)
    assert (other_words.status_code, other_words.json()["error"]) == (409, "stale_audience")
    await crowd(pool, 3)
    other_people = await announce(client, audienceHash=rehearsed)
    assert other_people.status_code == 409
    fresh = (await announce(client, dryRun=True)).json()["audienceHash"]
    live = await announce(client, audienceHash=fresh)

    assert (live.status_code, live.json()["sent"]) == (200, 3)


async def test_asked_twice_it_is_said_once_and_progress_tells_how_far_it_is(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)

    first = (await announce(client)).json()
    again = (await announce(client)).json()
    await write_all_news(pool)
    path = f"/admin/broadcasts/{first['broadcastId']}"
    before = (await client.get(path, headers=OPERATOR)).json()
    await sender.work.finish()
    after = (await client.get(path, headers=OPERATOR)).json()

    assert (first["alreadySent"], again["alreadySent"]) == (False, True)
    assert again["broadcastId"] == first["broadcastId"]
    assert len(resend_stub.people) == 2
    assert (before["audience"], before["waiting"], before["sent"]) == (2, 2, 0)
    assert (after["audience"], after["waiting"], after["sent"]) == (2, 0, 2)


async def test_a_test_goes_to_one_address_and_to_no_supporter(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)

    answer = await announce(client, testTo="me@film.example")
    await sender.work.finish()

    assert answer.json()["sentTo"] == "me@film.example"
    (request,) = resend_stub.requests
    assert request.body["to"] == ["me@film.example"]
    assert "Friday is the day." in request.body["text"]


async def test_an_announcement_in_markdown_looks_and_arrives_the_same(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 1)
    await send_nothing_else(owner)
    words = {"body": "## Friday\n\n- [the day](https://film.example)", "format": "markdown"}

    seen = await post(client, "/admin/broadcast/preview", **{**ANNOUNCEMENT, **words})
    tested = await announce(client, **words, testTo="me@film.example", language="es")
    await sender.work.finish()

    assert seen.json()["subject"] == "Last call | Nine Bridges North"
    (request,) = resend_stub.requests
    for html in (seen.json()["html"], request.body["html"]):
        assert "Friday</h2>" in html
        assert 'href="https://film.example"' in html
    assert 'lang="es"' in request.body["html"]
    assert tested.status_code == 200
    assert await pool.fetchval("SELECT count(*) FROM broadcasts") == 0


async def test_what_was_said_is_listed_for_its_campaign(client: Client, pool: Pool) -> None:
    await crowd(pool, 2)
    first = (await announce(client)).json()
    second = (await announce(client, subject="Very last call")).json()

    answer = await client.get("/admin/broadcasts", params={"campaignSlug": SLUG}, headers=OPERATOR)

    told = [
        (each["broadcastId"], each["subject"], each["audience"])
        for each in answer.json()["broadcasts"]
    ]
    assert sorted(told) == sorted(
        [
            (first["broadcastId"], "Last call", 2),
            (second["broadcastId"], "Very last call", 2),
        ]
    )
    missing = await client.get("/admin/broadcasts", params={"campaignSlug": "x"}, headers=OPERATOR)
    assert missing.status_code == 404
    assert (await client.get("/admin/broadcasts", params={"campaignSlug": SLUG})).status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"subject": ""}, 400, "subject"),
        ({"subject": " \u200d "}, 400, "subject"),
        ({"body": "\n\n"}, 400, "body"),
        ({"body": "x" * 10_001}, 400, "body"),
        ({"ctaLabel": "Go"}, 400, "ctaUrl"),
        ({"ctaUrl": "https://film.example"}, 400, "ctaLabel"),
        ({"ctaLabel": "Go", "ctaUrl": "javascript:alert(1)"}, 400, "ctaUrl"),
        ({"ctaLabel": "Go", "ctaUrl": "http://film.example"}, 400, "ctaUrl"),
        ({"ctaLabel": "Go", "ctaUrl": "https://pool.example@evil.example"}, 400, "ctaUrl"),
        ({"testTo": "nobody"}, 400, "testTo"),
        ({"subjekt": "typo"}, 400, "subjekt"),
        ({"campaignSlug": "unknown"}, 404, None),
    ],
)
async def test_a_wrong_announcement_names_its_field(
    client: Client, pool: Pool, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = await announce(client, **change)

    assert answer.status_code == status, answer.text
    if field is not None:
        assert field in answer.json()["fields"]
    assert await pool.fetchval("SELECT count(*) FROM broadcasts") == 0


@pytest.mark.parametrize(
    "path",
    [
        "/admin/broadcast/announcement",
        "/admin/broadcast/diary",
        "/admin/broadcast/milestone",
        "/admin/broadcast/preview",
        "/admin/diary/check",
        "/admin/milestone-check/x",
    ],
)
async def test_nobody_speaks_to_many_without_the_secret(client: Client, path: str) -> None:
    assert (await client.post(path, json=ANNOUNCEMENT)).status_code == 401


async def test_a_diary_entry_told_by_hand_is_not_told_again_by_itself(
    client: Client, pool: Pool
) -> None:
    await crowd(pool, 2)
    await tell(pool, published(2, await platform_note(pool, "one", days=2)))

    told = await post(client, "/admin/broadcast/diary", campaignSlug=SLUG, diaryTitle="Entry one")
    checked = await post(client, "/admin/diary/check")
    unknown = await post(client, "/admin/broadcast/diary", campaignSlug=SLUG, diaryTitle="No")
    own = await post(
        client, "/admin/broadcast/diary", campaignSlug=SLUG, diaryTitle="No", diaryExcerpt="Rain."
    )

    assert (told.json()["sent"], told.json()["subject"]) == (2, "Entry one | Nine Bridges North")
    assert checked.json() == {"success": True, "sent": []}
    assert (unknown.status_code, list(unknown.json()["fields"])) == (400, ["diaryTitle"])
    assert own.json()["sent"] == 2


async def test_a_check_tells_of_what_is_due_and_says_what(client: Client, pool: Pool) -> None:
    await crowd(pool, 1)
    await tell(pool, published(2, await platform_note(pool, "one")))

    diary = (await post(client, "/admin/diary/check", campaignSlug=SLUG)).json()
    milestones = (await post(client, f"/admin/milestone-check/{SLUG}")).json()

    assert [each["diaryTitle"] for each in diary["sent"]] == ["Entry one"]
    assert milestones["reached"] == []


async def test_a_milestone_by_hand_has_to_be_reached_and_is_told_once(
    client: Client, pool: Pool
) -> None:
    await crowd(pool, 1)
    await tell(pool, totals(600_000, 2))
    path = "/admin/broadcast/milestone"

    again = (await post(client, path, campaignSlug=SLUG, milestone="one-third")).json()
    early = await post(client, path, campaignSlug=SLUG, milestone="goal")
    unknown = await post(client, path, campaignSlug=SLUG, milestone="stretch", stretchThreshold=7)

    assert (again["alreadySent"], bool(again["warning"])) == (True, True)
    assert (early.status_code, early.json()["error"]) == (409, "not_reached")
    assert list(unknown.json()["fields"]) == ["stretchThreshold"]


async def test_hostile_words_stay_words(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 1)
    await send_nothing_else(owner)

    answer = await announce(
        client,
        subject="🎬 “Última” <b>llamada</b> {{ 7*7 }} %s",
        body="<script>alert(1)</script>\nBcc: all@evil.example\n\n{% raw %}",
    )
    await write_all_news(pool)
    await sender.work.finish()

    assert answer.status_code == 200
    mail = resend_stub.requests[0].body[0]
    assert mail["subject"] == "🎬 “Última” <b>llamada</b> {{ 7*7 }} %s | Nine Bridges North"
    assert "<script" not in mail["html"]
    assert "<b>llamada" not in mail["html"]
    assert "bcc" not in {name.lower() for name in (*mail, *mail["headers"])}


async def test_a_line_break_in_a_subject_is_no_header(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 1)
    await send_nothing_else(owner)

    await announce(client, subject="One\nBcc: all@evil.example")
    await write_all_news(pool)
    await sender.work.finish()

    subject = resend_stub.requests[0].body[0]["subject"]
    assert subject == "One Bcc: all@evil.example | Nine Bridges North"
    assert len(await mails(pool)) == 2

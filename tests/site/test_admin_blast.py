"""Announcements from the dashboard: kept while they are written, looked at, sent once."""

import re
from typing import Any

import msgspec

from contracts.api.notify import (
    Broadcasted,
    BroadcastHistory,
    BroadcastLine,
    LetterPreview,
    Progress,
    SentToOne,
)
from contracts.ids import CampaignSlug
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite
from tests.site.test_analytics import AT

LONG = "long-take"
SENT = "0190-broadcast"
HASH = "ab" * 32
WORDS = {
    "subject": "Last call",
    "heading": "",
    "body": "**Friday** is the day.",
    "ctaLabel": "",
    "ctaUrl": "",
}
REVISION = re.compile(r'name="revision" value="(\d+)"')
NOTHING = BroadcastHistory(campaign_slug=CampaignSlug(LONG), broadcasts=())
THEIRS = {"role": "campaign", "campaigns": [LONG]}


def rehearsed(**more: Any) -> Broadcasted:
    facts: dict[str, Any] = {
        "success": True,
        "campaign_slug": LONG,
        "subject": "Last call | The Long Take",
        "dry_run": True,
        "sent": 0,
        "failed": 0,
        "errors": (),
        "audience": 3,
        "audience_hash": HASH,
        "recipients": ("noor@people.example",),
    }
    return Broadcasted(**{**facts, **more})


def answers(shared: tuple[RunningSite, Behind], *documents: object) -> Behind:
    services = shared[1]
    services.forget()
    for each in documents:
        status, document = each if isinstance(each, tuple) else (200, each)
        services.queue.append((status, msgspec.to_builtins(document)))
    return services


async def written(
    shared: tuple[RunningSite, Behind], visitor: Visitor, do: str = "save", **words: str
) -> Any:
    """Save a draft as the form's reader would; return the answer."""
    answers(shared, NOTHING)
    page = await visitor.get(f"/admin/blast/{LONG}/")
    found = REVISION.search(page.text)
    assert found, page.text
    form = {**WORDS, **words, "revision": found[1], "do": do}
    return await visitor.post(f"/admin/blast/{LONG}", **form)


async def test_what_is_written_is_kept_for_everybody_who_may_send_it(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    ada = await signed_in(one_film, "ada@pool.example")
    other = await signed_in(one_film, "theirs@pool.example", **THEIRS)

    saved = await written(shared, ada, body="Kept <b>words</b>")
    answers(shared, NOTHING)
    page = await other.get(f"/admin/blast/{LONG}/")

    assert saved.headers["location"] == f"/admin/blast/{LONG}/?done=draft-saved"
    assert "Kept &lt;b&gt;words&lt;/b&gt;</textarea>" in page.text
    assert "Last saved by ada@pool.example" in page.text


async def test_two_who_write_at_once_lose_nothing(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    await written(shared, visitor, body="the first")
    answers(shared, NOTHING)
    found = REVISION.search((await visitor.get(f"/admin/blast/{LONG}/")).text)
    assert found
    await written(shared, visitor, body="the second")
    answers(shared, NOTHING)

    refused = await visitor.post(
        f"/admin/blast/{LONG}", **WORDS | {"body": "the third", "revision": found[1]}
    )

    assert refused.status_code == 409
    for said in ("the third</textarea>", "the second", "saved another version"):
        assert said in refused.text
    again = REVISION.search(refused.text)
    assert again
    kept = await visitor.post(
        f"/admin/blast/{LONG}", **WORDS | {"body": "the third", "revision": again[1]}
    )
    assert kept.status_code == 303


async def test_the_mail_is_looked_at_with_its_audience_before_anything_goes_out(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    saved = await written(shared, visitor, "check")
    letter = LetterPreview(subject="s", html="<p style='color:red'>Friday</p>", text="Friday")
    services = answers(shared, rehearsed(), letter)

    page = await visitor.get(saved.headers["location"])
    mail = await visitor.get(f"/admin/blast/{LONG}/letter/")

    body = msgspec.json.decode(services.heard[0].body)
    assert (body["dryRun"], body["format"], body["campaignSlug"]) == (True, "markdown", LONG)
    for said in (HASH, "Send to 3 people", "noor@people.example", "Last call | The Long Take"):
        assert said in page.text
    assert "frame-src 'self';" in page.headers["content-security-policy"]
    assert mail.text == letter.html
    policy = mail.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'self'" in policy


async def test_a_test_goes_to_whoever_pressed_and_to_nobody_they_name(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    await written(shared, visitor)
    told = SentToOne(success=True, campaign_slug=LONG, subject="s", sent_to="ada@pool.example")
    services = answers(shared, told)

    done = await visitor.post(f"/admin/blast/{LONG}/test", testTo="everybody@pool.example")

    assert done.headers["location"].endswith("check/?done=tested")
    assert msgspec.json.decode(services.heard[0].body)["testTo"] == "ada@pool.example"


async def test_a_live_send_needs_what_was_looked_at_and_goes_out_once(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    await written(shared, visitor, subject="Only once")
    path = f"/admin/blast/{LONG}/send"
    stale = {"error": "stale_audience", "message": "no"}
    services = answers(shared, rehearsed(), (409, stale), rehearsed(audience_hash="cd" * 32))

    blind = await visitor.post(path)
    changed = await visitor.post(path, audience=HASH)
    assert (blind.status_code, changed.status_code) == (400, 409)
    assert "cd" * 32 in changed.text
    assert [b"audienceHash" in each.body for each in services.heard] == [False, True, False]

    services = answers(shared, rehearsed(broadcast_id=SENT, dry_run=False, sent=3))
    first = await visitor.post(path, audience=HASH)
    second = await visitor.post(path, audience=HASH)

    assert first.headers["location"] == f"/admin/blast/{LONG}/{SENT}/?done=sent"
    assert second.headers["location"] == f"/admin/blast/{LONG}/{SENT}/"
    assert len(services.heard) == 1
    log = await visitor.get("/admin/audit/", params={"action": "announcement_sent"})
    assert log.text.count("Only once") == 1
    answers(shared, NOTHING)
    assert "Only once" not in (await visitor.get(f"/admin/blast/{LONG}/")).text


async def test_what_notify_finds_wrong_stands_at_its_field(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    await written(shared, visitor, ctaUrl="javascript:alert(1)")
    wrong = {
        "error": "invalid_input",
        "message": "no",
        "fields": {"ctaUrl": "must be an https address"},
    }
    answers(shared, (400, wrong), NOTHING)

    page = await visitor.get(f"/admin/blast/{LONG}/check/")

    assert page.status_code == 400
    assert "Write an address that begins with https://." in page.text
    assert 'value="javascript:alert(1)"' in page.text


async def test_what_says_nothing_is_kept_and_not_sent(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    services = answers(shared, NOTHING)
    found = REVISION.search((await visitor.get(f"/admin/blast/{LONG}/")).text)
    assert found
    answers(shared, NOTHING)

    form = WORDS | {"subject": "", "body": "half a thought", "revision": found[1], "do": "check"}
    answer = await visitor.post(f"/admin/blast/{LONG}", **form)

    assert answer.status_code == 400
    assert "Write something here." in answer.text
    assert "half a thought</textarea>" in answer.text
    assert [each.target for each in services.heard] == [f"/admin/broadcasts?campaignSlug={LONG}"]


async def test_what_was_said_is_listed_and_watched_by_its_own_campaign(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)
    line = BroadcastLine(
        broadcast_id=SENT,
        kind="announcement",
        subject="Said <so>",
        audience=3,
        is_written=True,
        created_at=AT,
    )
    progress = Progress(
        broadcast_id=SENT,
        kind="announcement",
        campaign_slug=LONG,
        subject="Said <so>",
        audience=3,
        audience_hash=HASH,
        is_written=True,
        written=3,
        waiting=1,
        sent=2,
        undeliverable=0,
        withheld=0,
        unknown=0,
        created_at=AT,
    )
    foreign = msgspec.structs.replace(progress, campaign_slug="secret-film")
    answers(shared, msgspec.structs.replace(NOTHING, broadcasts=(line,)), progress, foreign)

    listed = await visitor.get(f"/admin/blast/{LONG}/")
    watched = await visitor.get(f"/admin/blast/{LONG}/{SENT}/")
    other = await visitor.get(f"/admin/blast/{LONG}/{SENT}/")

    assert "Said &lt;so&gt;" in listed.text
    assert "Going out" in watched.text
    assert other.status_code == 404
    assert "Said" not in other.text

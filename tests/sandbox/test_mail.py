"""Resend through its SDK, and the inbox where every mail can be read."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import resend

from deploy.sandbox import resend_api
from deploy.sandbox.resend_api import ResendAPI
from deploy.sandbox.store import Store
from deploy.sandbox.ticker import forget_old_keys
from deploy.sandbox.world import World
from tests.sandbox.conftest import RESEND_KEY, Sandbox, settings

Mailer = type[resend.Emails]


def a_mail(**changes: Any) -> Any:
    return {
        "from": "The Pool <pool@example.org>",
        "to": ["ana@example.org"],
        "subject": "Pledge confirmed | Hand Relations",
        "html": "<p>Thank you</p>",
        "text": "Thank you",
        "headers": {"X-Entity-Ref-ID": "1"},
        **changes,
    }


async def test_a_mail_is_taken_and_can_be_read(sandbox: Sandbox, mailer: Mailer) -> None:
    sent = await mailer.send_async(a_mail(reply_to="team@example.org"))
    await mailer.send_async(a_mail(to="Bo <susana@example.org>", subject="Your links | The Pool"))
    everything = (await sandbox.get("/inbox.json")).json
    to_ana = (await sandbox.get("/inbox.json?to=ANA@example.org")).json
    links = (await sandbox.get("/inbox.json?subject=your links")).json

    named = [["Bo <susana@example.org>"], ["ana@example.org"]]
    assert [mail["to"] for mail in everything] == named
    assert [mail["id"] for mail in to_ana] == [sent["id"]]
    assert [mail["to"] for mail in links] == named[:1]
    part = (await sandbox.get("/inbox.json?to=example.org")).json
    assert [mail["to"] for mail in part] == named
    mail = to_ana[0]
    assert mail["from"] == "The Pool <pool@example.org>"
    assert (mail["html"], mail["text"]) == ("<p>Thank you</p>", "Thank you")
    assert mail["headers"] == {"X-Entity-Ref-ID": "1"}
    assert mail["at"].endswith("Z")


async def test_a_batch_is_taken_whole_or_not_at_all(sandbox: Sandbox, mailer: Mailer) -> None:
    sent = await resend.Batch.send_async([a_mail(), a_mail(to="bo@example.org")])
    with pytest.raises(resend.exceptions.ResendError):
        await resend.Batch.send_async([a_mail(), a_mail(to="nobody")])
    with pytest.raises(resend.exceptions.ResendError, match="100"):
        await resend.Batch.send_async([a_mail()] * 101)
    partly: Any = await resend.Batch.send_async(
        [a_mail(subject="good"), a_mail(to="nobody")], {"batch_validation": "permissive"}
    )

    assert len(sent["data"]) == 2
    assert (len(partly["data"]), partly["errors"][0]["index"]) == (1, 1)
    assert len((await sandbox.get("/inbox.json")).json) == 3


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"to": "nobody"}, "validation_error", id="no address"),
        pytest.param({"to": []}, "missing_required_field", id="nobody"),
        pytest.param({"to": ["a@b.co"] * 51}, "validation_error", id="too many"),
        pytest.param({"from": ""}, "missing_required_field", id="no sender"),
        pytest.param({"subject": ""}, "missing_required_field", id="no subject"),
        pytest.param({"html": "", "text": ""}, "missing_required_field", id="no body"),
        pytest.param({"headers": {"A": "b\r\nBcc: x@y.co"}}, "validation_error", id="injection"),
        pytest.param({"tags": [{"name": "a b", "value": "c"}]}, "validation_error", id="tag"),
        pytest.param({"colour": "blue"}, "validation_error", id="unknown field"),
        pytest.param({"scheduled_at": "tomorrow"}, "validation_error", id="not played"),
    ],
)
async def test_a_mail_that_cannot_be_is_refused_in_resends_shape(
    sandbox: Sandbox, mailer: Mailer, changes: dict[str, Any], name: str
) -> None:
    with pytest.raises(resend.exceptions.ResendError) as refused:
        await mailer.send_async(a_mail(**changes))

    assert (refused.value.code, refused.value.error_type) == (422, name)
    assert (await sandbox.get("/inbox.json")).json == []


async def test_only_the_one_key_sends(
    sandbox: Sandbox, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "api_key", "re_somebody_else")
    with pytest.raises(resend.exceptions.ResendError) as refused:
        await mailer.send_async(a_mail())
    keyless = await sandbox.post("/emails", a_mail())

    assert (refused.value.code, refused.value.error_type) == (401, "invalid_api_key")
    assert (keyless.status, keyless.json["name"]) == (401, "missing_api_key")


async def test_an_idempotency_key_sends_once_and_only_the_same(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    options: Any = {"idempotency_key": "mail:1"}
    first = await mailer.send_async(a_mail(), options)
    again = await mailer.send_async(a_mail(), options)
    with pytest.raises(resend.exceptions.ResendError) as refused:
        await mailer.send_async(a_mail(subject="Another"), options)
    await sandbox.move_clock(advance="P3D")
    much_later = await mailer.send_async(a_mail(), options)

    assert first["id"] == again["id"] == much_later["id"]
    assert (refused.value.code, refused.value.error_type) == (409, "invalid_idempotent_request")
    assert len((await sandbox.get("/inbox.json")).json) == 1


def test_a_key_is_forgotten_after_a_day_of_real_time() -> None:
    now = 0.0
    taken_by = ResendAPI(World(settings(), Store()), now=lambda: now)
    first = taken_by.send(msgspec.json.encode(a_mail()), "mail:1", path="/emails")
    now = 24 * 3600 - 1
    again = taken_by.send(msgspec.json.encode(a_mail()), "mail:1", path="/emails")
    now = 24 * 3600
    new = taken_by.send(msgspec.json.encode(a_mail()), "mail:1", path="/emails")

    assert first["id"] == again["id"] != new["id"]


async def test_forgetting_old_keys_goes_by_the_time_each_is_kept_by() -> None:
    now = 0.0
    world = World(settings(), Store())
    taken_by = ResendAPI(world, now=lambda: now)
    first = taken_by.send(msgspec.json.encode(a_mail()), "mail:1", path="/emails")
    world.clock.move_by(timedelta(days=3))
    forget_old_keys(world, taken_by)
    again = taken_by.send(msgspec.json.encode(a_mail()), "mail:1", path="/emails")
    now = 24 * 3600
    forget_old_keys(world, taken_by)

    assert first["id"] == again["id"]
    assert world.store.count("mail") == 1
    assert world.store.count("resend_idempotency") == 0


async def test_a_key_that_is_in_use_is_refused_and_sends_nothing(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    options: Any = {"idempotency_key": "mail:1"}
    await sandbox.faults(latency_ms=300)
    answers = await asyncio.gather(
        *(mailer.send_async(a_mail(), options) for _ in range(2)), return_exceptions=True
    )
    later = await mailer.send_async(a_mail(), options)

    (refused,) = [each for each in answers if isinstance(each, resend.exceptions.ResendError)]
    (sent,) = [each for each in answers if not isinstance(each, BaseException)]
    assert (refused.code, refused.error_type) == (409, "concurrent_idempotent_requests")
    assert sent["id"] == later["id"]
    assert len((await sandbox.get("/inbox.json")).json) == 1


async def test_faults_hit_mail_too(sandbox: Sandbox, mailer: Mailer) -> None:
    await sandbox.faults(error_rate=1)
    with pytest.raises(resend.exceptions.ApplicationError):
        await mailer.send_async(a_mail())
    await sandbox.faults(error_rate=0, resend_down=True)
    with pytest.raises(resend.exceptions.ResendError) as refused:
        await mailer.send_async(a_mail())
    assert refused.value.code == 503
    await sandbox.faults(resend_down=False, timeout_rate=1)
    headers = {"Authorization": f"Bearer {RESEND_KEY}"}
    with pytest.raises(TimeoutError):
        await sandbox.within(0.2, "POST", "/emails", json=a_mail(), headers=headers)

    assert len((await sandbox.get("/inbox.json")).json) == 1


async def test_resend_takes_so_many_requests_a_second_however_many_mails_each_has(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    await sandbox.faults(resend_rate_limit_per_second=2)
    batches = [resend.Batch.send_async([a_mail()] * 50) for _ in range(5)]
    answers = await asyncio.gather(*batches, return_exceptions=True)

    refused = [each for each in answers if isinstance(each, resend.exceptions.ResendError)]
    assert [(each.code, each.error_type) for each in refused] == [(429, "rate_limit_exceeded")] * 3
    assert {each.headers["retry-after"] for each in refused} == {"1"}
    counted = (await sandbox.get("/inbox/tally.json")).json
    assert counted["refused_as_too_fast"] == 3
    assert counted["kinds"][""]["mails"] == 100


async def test_the_tally_knows_copies_and_recipients_of_each_kind(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    news: Any = {"tags": [{"name": "kind", "value": "announcement"}]}
    for number in ("1", "2", "2"):
        await mailer.send_async(a_mail(headers={"X-Entity-Ref-ID": number}, **news))
    await mailer.send_async(a_mail(to=["Bo@example.org"], headers={"X-Entity-Ref-ID": "3"}, **news))
    await mailer.send_async(a_mail())

    counted = (await sandbox.get("/inbox/tally.json")).json

    assert counted["kinds"]["announcement"] == {
        "mails": 4,
        "letters": 3,
        "recipients": 2,
        "most_of_one_letter": 2,
        "most_to_one_recipient": 3,
    }
    assert counted["kinds"][""]["mails"] == 1


def test_old_mails_lose_their_words_and_are_counted_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resend_api, "WORDS_KEPT", 3)
    store = Store()
    api = ResendAPI(World(settings(), store))
    mails = [a_mail(to=f"{number}@example.org") for number in range(4)]
    for mail in mails[:2]:
        api.send(msgspec.json.encode(mail), None, path="/emails")
    api.send(msgspec.json.encode(mails[2:]), None, path="/emails/batch")
    again = ResendAPI(World(settings(), store))
    again.send(msgspec.json.encode(a_mail(to="4@example.org")), None, path="/emails")

    kept = [store.get("mail", each) for each in store.oldest_first("mail")]
    texts = [(mail["to"], mail["text"]) for mail in kept if mail]
    assert [to for to, text in texts if text == "Thank you"] == [
        [f"{number}@example.org"] for number in (2, 3, 4)
    ]
    assert [mail["to"] for mail in kept if mail] == [
        [f"{number}@example.org"] for number in range(5)
    ]
    assert again.tally.shown()["kinds"][""]["mails"] == 5


async def test_the_inbox_shows_a_mail_without_running_it(sandbox: Sandbox, mailer: Mailer) -> None:
    sent = await mailer.send_async(
        a_mail(
            subject="<script>alert(1)</script>",
            html="<h1>Hi</h1><script>alert(1)</script>",
            text="See http://127.0.0.1:8000/manage",
        )
    )
    page = await sandbox.get(f"/inbox?id={sent['id']}")
    text = await sandbox.get(f"/inbox?id={sent['id']}&view=text")
    headers = await sandbox.get(f"/inbox?id={sent['id']}&view=headers")
    html = await sandbox.get(f"/inbox/{sent['id']}.html")

    assert "<script>alert" not in page.text
    assert f'src="/inbox/{sent["id"]}.html"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'href="http://127.0.0.1:8000/manage"' in text.text
    assert "X-Entity-Ref-ID" in headers.text
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "<h1>Hi</h1>" in html.text


async def test_the_inbox_is_filtered_by_recipient_and_may_be_empty(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    empty = await sandbox.get("/inbox")
    await mailer.send_async(a_mail())
    nobody = await sandbox.get("/inbox?to=bo@example.org")
    ana = await sandbox.get("/inbox?to=ana@example.org")

    assert "No mail yet" in empty.text
    assert "Hand Relations" not in nobody.text
    assert "Hand Relations" in ana.text
    assert (await sandbox.get("/inbox/unknown.html")).status == 404

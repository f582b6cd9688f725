"""Who wants to be told of what, and how they take it back; what Resend says of addresses."""

import base64
import hmac
import json
import re
import time
from typing import Any

import httpx
import pytest

from contracts import reminder
from contracts.ids import PledgeId, supporter_id
from contracts.magic_link import MagicLink, sign
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.handlers import make_news
from services.notify.schedules.send_mails import Sender
from tests.notify.audience import announce, crowd, email, send_nothing_else, write_all_news
from tests.notify.conftest import WEBHOOK_SECRET
from tests.notify.recorder import Recorder
from tests.notify.samples import SECRET, SLUG

Client = httpx.AsyncClient
WISH = {"campaignSlug": SLUG, "email": "Noor@HalfMoon.example", "consent": True}
NEWS, LAUNCH = "/campaign-email/unsubscribe", "/launch-reminders/unsubscribe"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def a_token(scope: str, *, address: str = email(0), **changes: Any) -> str:
    """Return a link of a mail."""
    facts = {
        "pledge_id": PledgeId(""),
        "email": address,
        "campaign_slug": SLUG,
        "exp": int(time.time()) + 3_600,
        "scope": scope,
        **changes,
    }
    return sign(MagicLink(**facts), SECRET)  # type: ignore[arg-type]


async def test_a_reminder_is_kept_with_the_very_words_that_were_agreed_to(
    client: Client, pool: Pool
) -> None:
    first = await client.post("/launch-reminders", json={**WISH, "preferredLang": "es"})
    again = await client.post("/launch-reminders", json={**WISH, "preferredLang": "es"})

    assert first.json() == again.json() == {"ok": True, "status": "registered"}
    (row,) = await pool.fetch("SELECT * FROM reminders")
    assert (row["recipient"], row["address"]) == ("noor@halfmoon.example", "Noor@HalfMoon.example")
    assert row["consent_text"] == reminder.TEXTS[(reminder.CONSENT_VERSION, "es")]
    assert (row["consent_version"], row["language"]) == (reminder.CONSENT_VERSION, "es")
    assert row["consented_at"] is not None


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"consent": False}, 400, "consent"),
        ({"email": "nobody"}, 400, "email"),
        ({"email": ""}, 400, "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, 400, "email"),
        ({"email": "x@erased.invalid"}, 400, "email"),
        ({"consentVersion": "1999"}, 400, "consentVersion"),
        ({"campaignSlug": "unknown"}, 404, None),
    ],
)
async def test_a_wish_that_is_none_names_its_field(
    client: Client, pool: Pool, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = await client.post("/launch-reminders", json={**WISH, **change})

    assert answer.status_code == status, answer.text
    if field is not None:
        assert field in answer.json()["fields"]
    assert await pool.fetchval("SELECT count(*) FROM reminders") == 0


async def _open(owner: Connection) -> None:
    await owner.execute("UPDATE campaigns SET starts_at = platform.now() - interval '1 second'")


async def test_a_campaign_that_has_opened_reminds_nobody_any_more(
    client: Client, owner: Connection
) -> None:
    await _open(owner)

    answer = await client.post("/launch-reminders", json=WISH)

    assert (answer.status_code, answer.json()["error"]) == (409, "not_upcoming")


async def _look(pool: Pool) -> None:
    async with transaction(pool) as conn:
        await make_news.tell_launches(conn)
    await write_all_news(pool)


async def test_the_day_it_opens_everybody_gets_one_mail_and_is_forgotten(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    for number in range(3):
        await client.post("/launch-reminders", json={**WISH, "email": email(number)})
    await client.post(LAUNCH, params={"t": a_token("launch_reminder")}, data=ONE_CLICK)
    await _look(pool)
    assert await pool.fetchval("SELECT count(*) FROM broadcasts") == 0

    await _open(owner)
    for _ in range(2):
        await _look(pool)
        await sender.work.finish()
    await owner.execute("SELECT notify.forget_mails(100)")

    assert resend_stub.people == [email(1), email(2)]
    mail = resend_stub.requests[0].body[0]
    assert mail["subject"] == "Now live | Nine Bridges North"
    assert "/manage/?t=" not in mail["text"]
    assert LAUNCH in mail["headers"]["List-Unsubscribe"]
    assert await pool.fetchval("SELECT count(*) FROM reminders") == 0
    kept = await pool.fetch("SELECT recipient, address FROM mails")
    assert {tuple(row) for row in kept} == {("", "")}


@pytest.mark.parametrize(("path", "scope"), [(NEWS, "campaign_email"), (LAUNCH, "launch_reminder")])
async def test_following_the_link_changes_nothing_and_one_click_does(
    client: Client, pool: Pool, path: str, scope: str
) -> None:
    token = {"t": a_token(scope)}

    shown = await client.get(path, params=token)
    assert shown.json()["subscribed"] is True
    assert shown.json()["title"] == "Nine Bridges North"
    assert email(0) not in shown.text
    assert await pool.fetchval("SELECT count(*) FROM preferences") == 0
    clicked = await client.post(path, params=token, data=ONE_CLICK)

    assert (clicked.status_code, clicked.content) == (200, b"")
    assert (await client.get(path, params=token)).json()["subscribed"] is False


async def test_a_mail_client_may_click_in_multipart(client: Client) -> None:
    token = {"t": a_token("campaign_email")}

    clicked = await client.post(NEWS, params=token, files={"List-Unsubscribe": (None, "One-Click")})

    assert (clicked.status_code, clicked.content) == (200, b"")
    assert (await client.get(NEWS, params=token)).json()["subscribed"] is False


async def test_a_preference_can_be_taken_back_and_is_of_one_campaign(
    client: Client, pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    token = {"t": a_token("campaign_email")}
    other = {"t": a_token("campaign_email", address=email(1), campaign_slug="another")}
    await client.post(NEWS, params=other, data=ONE_CLICK)

    await client.post(NEWS, params=token)
    first = await announce(pool, cause="without")
    back = await client.post(NEWS, params=token, data={"subscribe": "1"})
    second = await announce(pool, cause="with")

    assert (first.audience_count, second.audience_count) == (1, 2)
    assert back.json()["subscribed"] is True


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        a_token("launch_reminder"),
        a_token("pledge"),
        a_token("campaign_email", exp=1),
        sign(
            MagicLink(
                pledge_id=PledgeId(""),
                email=email(0),
                campaign_slug=SLUG,
                exp=2**40,
                scope="campaign_email",
            ),
            b"a key that nobody here has ever had..",
        ),
    ],
)
async def test_another_link_ends_nothing(client: Client, pool: Pool, token: str) -> None:
    for answer in (
        await client.get(NEWS, params={"t": token}),
        await client.post(NEWS, params={"t": token}, data=ONE_CLICK),
    ):
        assert answer.status_code in (400, 401)
    assert await pool.fetchval("SELECT count(*) FROM preferences") == 0


def signed(body: bytes, event_id: str = "msg_1", *, at: int | None = None) -> dict[str, str]:
    """Return the headers with which Resend signs a body."""
    moment = str(int(time.time()) if at is None else at)
    key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{event_id}.{moment}.".encode() + body, "sha256")
    return {
        "svix-id": event_id,
        "svix-timestamp": moment,
        "svix-signature": f"v1,{base64.b64encode(mac).decode()}",
        "content-type": "application/json",
    }


def event(kind: str, address: str = email(0), **data: Any) -> bytes:
    """Return what Resend tells of a mail."""
    return json.dumps(
        {"type": kind, "data": {"email_id": "re-1", "to": [address], **data}}
    ).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event("email.bounced", bounce={"type": "Permanent"}), "bounced"),
        (event("email.complained"), "complained"),
        (event("email.suppressed"), "suppressed"),
        (event("email.bounced", bounce={"type": "Transient"}), None),
        (event("email.delivered"), None),
        (event("email.opened"), None),
        (event("domain.updated"), None),
    ],
)
async def test_news_goes_no_more_to_an_address_that_bounces_or_complains(
    client: Client, pool: Pool, body: bytes, reason: str | None
) -> None:
    for _ in range(2):
        answer = await client.post("/webhooks/resend", content=body, headers=signed(body))
        assert answer.status_code == 200, answer.text

    rows = await pool.fetch("SELECT supporter_id, reason FROM suppressed")
    expected = [] if reason is None else [(supporter_id(email(0)), reason)]
    assert [tuple(row) for row in rows] == expected


async def test_a_mail_of_ones_own_pledge_still_goes_to_a_suppressed_address(
    client: Client, pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    body = event("email.bounced", bounce={"type": "Permanent"})
    await client.post("/webhooks/resend", content=body, headers=signed(body))
    await crowd(pool, 1)

    await sender.work.finish()

    assert resend_stub.requests[0].body["to"] == [email(0)]


@pytest.mark.parametrize("fault", ["none", "other body", "too old", "other secret"])
async def test_what_resend_did_not_sign_is_not_believed(
    client: Client, pool: Pool, fault: str
) -> None:
    body = event("email.complained")
    headers = signed(body, at=1 if fault == "too old" else None)
    if fault == "none":
        headers = {"content-type": "application/json"}
    elif fault == "other secret":
        headers["svix-signature"] = re.sub(r".{6}=$", "AAAAAA=", headers["svix-signature"])
    sent = body.replace(b"person-00000", b"person-00001") if fault == "other body" else body

    answer = await client.post("/webhooks/resend", content=sent, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_signature")
    assert await pool.fetchval("SELECT count(*) FROM resend_events") == 0

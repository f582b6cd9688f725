"""Mails that are stuck: counted, listed, and sent once more when an operator says so."""

import httpx
import pytest

from services.chassis.storage.database import Connection, Pool
from services.notify.schedules.send_mails import Sender
from tests.notify.conftest import OPERATOR
from tests.notify.recorder import Recorder
from tests.notify.telling import mails, pledge

Client = httpx.AsyncClient


async def bounce(owner: Connection, resend_id: str) -> None:
    await owner.execute(
        """
        INSERT INTO resend_events (event_id, resend_id, happened, detail)
        VALUES ('told-' || $1, $1, 'bounced', 'Permanent General')
        """,
        resend_id,
    )


async def resend(client: Client, mail_id: str) -> httpx.Response:
    path = f"/internal/mails/{mail_id}/resend"
    return await client.post(path, json={"by": "ada@pool.example"}, headers=OPERATOR)


async def test_nobody_asks_without_the_operators_secret(client: Client) -> None:
    for path in ("watched", "parked", "parked/1", "mails", "mails/stuck", "webhooks"):
        assert (await client.get(f"/internal/{path}")).status_code == 401
    for path in ("mails/x/resend", "parked/1/retry", "parked/1/fix", "parked/1/give-up"):
        assert (await client.post(f"/internal/{path}", json={})).status_code == 401
    client.headers.pop("x-pool-gateway")
    assert (await client.get("/internal/mails", headers=OPERATOR)).status_code == 404


async def test_a_mail_that_was_refused_is_listed_and_goes_out_once_more_under_a_new_key(
    client: Client, pool: Pool, sender: Sender, resend_stub: Recorder
) -> None:
    await pledge(pool, "p1")
    resend_stub.refuse(422, "validation_error")
    await sender.work.finish()
    (row,) = await mails(pool)
    assert row["status"] == "undeliverable"

    state = (await client.get("/internal/mails", headers=OPERATOR)).json()
    (stuck,) = (await client.get("/internal/mails/stuck", headers=OPERATOR)).json()["mails"]
    first = await resend(client, row["mail_id"])
    second = await resend(client, row["mail_id"])
    await sender.work.finish()

    assert (state["undeliverable"], state["parked"], state["queued"]) == (1, 0, 0)
    assert (stuck["mailId"], stuck["status"]) == (row["mail_id"], "undeliverable")
    assert stuck["said"]
    assert stuck["canResend"]
    assert first.json()["kind"] == "pledge_confirmed"
    assert (second.status_code, second.json()["error"]) == (409, "not_stuck")
    (row,) = await mails(pool)
    assert row["status"] == "sent"
    keys = [each.key for each in resend_stub.requests]
    assert len(keys) == len(set(keys)) == 2
    note = await pool.fetchrow("SELECT action, done_by FROM operator_actions")
    assert note is not None
    assert tuple(note) == ("mail_resent", "ada@pool.example")


async def test_what_came_back_is_stuck_and_what_arrived_is_not(
    client: Client, pool: Pool, sender: Sender, owner: Connection
) -> None:
    await pledge(pool, "p1")
    await pledge(pool, "p2")
    await sender.work.finish()
    await sender.work.finish()
    back, arrived = await mails(pool)
    await bounce(owner, back["resend_id"])

    listed = (await client.get("/internal/mails/stuck", headers=OPERATOR)).json()["mails"]
    refused = await resend(client, arrived["mail_id"])
    sent = await resend(client, back["mail_id"])

    assert [(each["mailId"], each["status"]) for each in listed] == [(back["mail_id"], "bounced")]
    assert listed[0]["said"] == "Permanent General"
    assert refused.status_code == 409
    assert sent.status_code == 200
    told = (await client.get("/internal/webhooks", headers=OPERATOR)).json()
    assert told["receivedToday"] == 1
    assert told["waiting"] is None


@pytest.mark.parametrize("kind", ["sign_in", "preview_link"])
async def test_a_link_of_a_day_and_what_was_forgotten_are_never_sent_again(
    client: Client, pool: Pool, owner: Connection, kind: str
) -> None:
    await pledge(pool, "p1")
    await pledge(pool, "p2")
    one, two = await mails(pool)
    await owner.execute("UPDATE mails SET status = 'parked'")
    await owner.execute("UPDATE mails SET kind = $2 WHERE mail_id = $1", one["mail_id"], kind)
    forget = "UPDATE mails SET forgotten_at = clock_timestamp() WHERE mail_id = $1"
    await owner.execute(forget, two["mail_id"])

    (listed,) = (await client.get("/internal/mails/stuck", headers=OPERATOR)).json()["mails"]

    assert (listed["mailId"], listed["canResend"]) == (one["mail_id"], False)
    assert [(await resend(client, each["mail_id"])).status_code for each in (one, two)] == [
        409,
        409,
    ]


async def test_stuck_mails_are_paged_newest_first(
    client: Client, pool: Pool, owner: Connection
) -> None:
    for number in range(5):
        await pledge(pool, f"p{number}")
    await owner.execute("UPDATE mails SET status = 'parked'")
    written = [each["mail_id"] for each in await mails(pool)]

    found: list[str] = []
    query = "limit=2"
    while query:
        path = f"/internal/mails/stuck?{query}"
        page = (await client.get(path, headers=OPERATOR)).json()
        found += [each["mailId"] for each in page["mails"]]
        query = f"limit=2&before={page['nextBefore']}" if page["nextBefore"] else ""

    assert found == written[::-1]

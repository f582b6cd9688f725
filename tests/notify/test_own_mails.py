"""A link shows the mails of its address, to whoever was sent it and to nobody else."""

import time
from typing import Any

import httpx
import pytest

from contracts.ids import supporter_id
from contracts.magic_link import MagicLink, sign
from services.chassis.storage.database import Pool, transaction
from services.notify.handlers.forgetting import forget_person
from services.notify.queries import link_generations
from tests.notify.conftest import OLD_KEY
from tests.notify.samples import EMAIL, PLEDGE, SECRET, SLUG
from tests.notify.telling import every_event, tell
from tests.notify.test_forgetting import erased

Client = httpx.AsyncClient


def a_token(*, key: bytes = SECRET, **changes: Any) -> str:
    """Return a link to the sample pledge."""
    facts: dict[str, Any] = {
        "pledge_id": PLEDGE,
        "email": EMAIL,
        "campaign_slug": SLUG,
        "exp": int(time.time()) + 3_600,
        **changes,
    }
    return sign(MagicLink(**facts), key)


async def mails(client: Client, token: str) -> httpx.Response:
    return await client.get("/pledge/mails", params={"token": token})


async def test_every_mail_to_the_address_is_named(client: Client, pool: Pool) -> None:
    await tell(pool, *every_event())

    for key in (SECRET, OLD_KEY):
        answer = await mails(client, a_token(key=key))
        assert answer.status_code == 200, answer.text
    told = answer.json()["mails"]

    assert answer.headers["cache-control"] == "private, no-store"
    assert told[0]["subject"] == "Pledge confirmed | Nine Bridges North"
    assert {each["status"] for each in told} == {"queued"}
    own = await pool.fetchval("SELECT count(*) FROM mails WHERE recipient = $1", EMAIL)
    assert len(told) == own > 1
    assert "?t=" not in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"email": "mallory@a.example"}, 403, "not_yours"),
        ({"email": "nobody"}, 403, "not_yours"),
        ({"campaign_slug": "another"}, 403, "not_yours"),
        ({"pledge_id": "pool-intent-" + "0" * 32}, 404, "not_found"),
        ({"pledge_id": "\x00"}, 404, "not_found"),
        ({"exp": 1}, 401, "invalid_link"),
        ({"scope": "other"}, 401, "invalid_link"),
        ({"key": b"a key that nobody here has ever had.."}, 401, "invalid_link"),
    ],
)
async def test_another_link_shows_nothing(
    client: Client, pool: Pool, changes: dict[str, Any], status: int, error: str
) -> None:
    await tell(pool, *every_event()[:1])

    answer = await mails(client, a_token(**changes))

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_an_older_link_than_the_newest_shows_nothing(client: Client, pool: Pool) -> None:
    await tell(pool, *every_event()[:1])
    async with transaction(pool) as conn:
        await link_generations.save_generation(conn, supporter_id(EMAIL), 2)

    assert (await mails(client, a_token())).status_code == 401
    assert (await mails(client, a_token(gen=2))).status_code == 200
    assert (await client.get("/pledge/mails")).json()["error"] == "missing_token"


async def test_who_is_forgotten_has_no_mails_even_those_to_be_sent(
    client: Client, pool: Pool
) -> None:
    await tell(pool, *every_event()[:1])
    async with transaction(pool) as conn:
        await forget_person(conn, erased())

    answer = await mails(client, a_token())

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")

"""What a supporter gets who asks for everything: all that is theirs, and nothing else."""

from typing import Any

import httpx

from services.chassis.storage.database import transaction
from tests.pledges.builders import SLUG, an_order, fees_known, paid, refunded
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import a_token, client  # noqa: F401

Client = httpx.AsyncClient


async def export(client: Client, order: Any) -> httpx.Response:  # noqa: F811
    """Ask as the holder of an order's link."""
    return await client.get("/pledge/export", params={"token": a_token(order)})


async def test_everything_of_one_person_and_of_nobody_else(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    slug, other = await ledger.open(goal_cents=5_000), await ledger.open("one-roll")
    mine = [an_order(slug, email="noor@a.example"), an_order(other, email="NOOR@a.example")]
    theirs = an_order(slug, email="mallory@a.example")
    await ledger.hear(*mine, theirs)
    await ledger.end([mine[0], theirs])
    await ledger.hear(
        paid("noor@a.example"), fees_known("noor@a.example"), refunded("noor@a.example", 100)
    )
    token = a_token(mine[0])
    await client.post("/credits", json={"token": token, "creditedAs": "Noor"})

    answer = await export(client, mine[0])

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-pledges.json"'
    told = answer.json()
    by_campaign = {each["pledge"]["campaignSlug"]: each for each in told["pledges"]}
    assert by_campaign.keys() == {slug, other}
    first = by_campaign[slug]
    assert first["pledge"]["shippingAddress"]["city"] == "Albuquerque"
    assert first["pledge"]["lines"][0]["answers"] == {"Name in the credits": "Jane Doe"}
    assert first["consent"]["version"] == "2026-01"
    assert first["credit"] == {"creditedAs": "Noor", "onWall": False}
    assert {each["kind"]: each["cents"] for each in first["money"]} == {
        "gross": 5_944,
        "fee": -202,
        "refund": -100,
    }
    assert "mallory" not in answer.text
    assert "cus_" not in answer.text
    assert "\n  " in answer.text


async def test_asking_changes_nothing(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    before = await ledger.told()

    await export(client, order)

    assert await ledger.told() == before
    async with transaction(ledger.pool) as conn:
        assert await conn.fetchval("SELECT max(revision) FROM pledges") == 1
    assert (await ledger.stats(SLUG)).version == 1

"""Whoever asks to be forgotten is: their pledges stay in the books, under nobody's name."""

from typing import Any

import httpx
import pytest

from contracts.events.pledges import (
    LinksRenewed,
    PledgeCancelled,
    PledgeErased,
    PledgesRefunded,
    PledgesReleased,
)
from contracts.ids import ERASED_HOST, is_pseudonym
from tests.pledges.builders import (
    AMOUNT,
    an_order,
    declined,
    first_pledge,
    late,
    lost,
    paid,
    refunded,
)
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import a_token, client  # noqa: F401

Client = httpx.AsyncClient
PERSONAL = ("noor@", "Jane Doe", "123 Main St", "87101", "pm_4242", "cus_N00r", "fp4242")
HEARD = ("/pledge", "/pledges", "/votes", "/community", "/pledge/export")


async def erase(client: Client, order: Any) -> httpx.Response:  # noqa: F811
    """Ask as the holder of an order's link."""
    return await client.post("/pledge/erase", json={"token": a_token(order)})


async def everything(ledger: Ledger) -> str:
    """Return every row of the ledger but what it has said, which is forgotten in 30 days."""
    tables = await ledger.owner.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'pledges'"
        " AND tablename NOT IN ('outbox', 'inbox', 'schema_migrations')"
    )
    rows = []
    for table in tables:
        rows += await ledger.owner.fetch(
            f"SELECT row_to_json(r)::text FROM pledges.{table['tablename']} AS r"
        )
    return "\n".join(row[0] for row in rows)


async def test_a_live_pledge_is_withdrawn_and_nobody_is_left(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    slug, other = await ledger.open(), await ledger.open("one-roll")
    orders = [an_order(slug, email="noor@a.example"), an_order(other, email="Noor@a.example")]
    stays = an_order(slug, email="zed@a.example")
    await ledger.hear(*orders)
    await client.post(
        "/credits", json={"token": a_token(orders[0]), "creditedAs": "noor@", "onWall": True}
    )
    before = await everything(ledger)
    assert [word for word in PERSONAL if word not in before] == []

    answer = await erase(client, orders[0])

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["cancelled"]) == len(answer.json()["erased"]) == 2
    kept = await everything(ledger)
    assert [word for word in PERSONAL if word.lower() in kept.lower()] == []
    assert ERASED_HOST in kept
    await ledger.hear(stays)
    await ledger.assert_in_sync()
    assert (await ledger.stats(slug)).pledged_amount == 5_000
    told = await ledger.told(PledgeCancelled, PledgeErased)
    assert [type(each) for each in told] == [PledgeCancelled] * 2 + [PledgeErased] * 2
    assert {each.email for each in told[2:]} == {"noor@a.example"}
    for order in orders:
        for path in HEARD:
            gone = await client.get(path, params={"token": a_token(order)})
            assert (gone.status_code, gone.json()["error"]) == (404, "not_found")
        for path in ("/pledge/cancel", "/pledge/erase", "/pledge/modify"):
            gone = await client.post(path, json={"token": a_token(order)})
            assert (gone.status_code, gone.json()["error"]) == (404, "not_found")


async def test_who_pledged_twice_to_one_campaign_leaves_it_once(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    slug = await ledger.open(goal_cents=5_000)
    twice = [an_order(slug, email="noor@a.example"), an_order(slug, email="noor@a.example")]
    stays = an_order(slug, email="zed@a.example")
    await ledger.hear(*twice, stays)

    answer = await erase(client, twice[0])

    assert len(answer.json()["cancelled"]) == 2
    await ledger.assert_in_sync()
    assert await ledger.pool.fetchval("SELECT supporter_count FROM campaign_totals") == 1
    assert await ledger.end([*twice, stays]) == "closed"


async def test_what_was_paid_stays_in_the_books(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=5_000)
    orders = [an_order(email=f"{name}@a.example") for name in ("noor", "lost", "gone")]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[2]))
    await ledger.end(orders)
    await ledger.hear(paid(orders[0].email), declined(orders[1].email, charge="ch_2"))
    await ledger.hear(lost(orders[1].email, charge="ch_2"))
    before = await ledger.stats()

    for order in orders:
        assert (await erase(client, order)).status_code == 200

    assert await ledger.stats() == before
    await ledger.assert_in_sync()
    pledge = await ledger.pledge(first_pledge(orders[0]))
    assert (pledge.status, pledge.price.total_cents) == ("charged", AMOUNT)
    assert pledge.shipping_address is None
    assert not await ledger.owner.fetchval(
        "SELECT count(*) FROM pledges.pledge_history AS line"
        " WHERE seal <> pledges.history_seal(line)"
    )


async def test_money_that_goes_back_later_is_recorded_and_lost_links_are_nobodys(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=5_000)
    order = an_order(email="noor@a.example")
    await ledger.hear(order)
    await ledger.end([order])
    await ledger.hear(paid(order.email))
    assert (await erase(client, order)).status_code == 200

    await ledger.hear(refunded(order.email, 1_000))
    await client.post("/pledge/links", json={"email": order.email})
    await ledger.tick()

    lines = "SELECT entry_type FROM pledges.pledge_history ORDER BY version DESC LIMIT 2"
    assert [row[0] for row in await ledger.owner.fetch(lines)] == ["refunded", "erased"]
    (told,) = await ledger.told(PledgesRefunded)
    assert is_pseudonym(told.notice.email)
    assert await ledger.told(LinksRenewed) == []
    assert await ledger.owner.fetchval("SELECT state FROM pledges.link_requests") == "unknown"
    await ledger.assert_in_sync()


@pytest.mark.parametrize("state", ["closing", "closed", "failing", "late"])
async def test_while_a_charge_is_open_nobody_is_forgotten(
    client: Client,  # noqa: F811
    ledger: Ledger,
    state: str,
) -> None:
    await ledger.open(goal_cents=5_000)
    order = an_order()
    await ledger.hear(order)
    if state == "closing":
        await ledger.advance(days=30)
    else:
        await ledger.end([order])
    asking = order
    if state == "failing":
        await ledger.hear(declined(order.email))
    if state == "late":
        await ledger.hear(paid(order.email))
        asking = late(an_order(email="late@a.example"))
        await ledger.hear(asking)
    before = await everything(ledger)

    answer = await erase(client, asking)

    assert (answer.status_code, answer.json()["error"]) == (409, "charge_open")
    assert await everything(ledger) == before


async def test_who_leaves_between_a_close_and_its_news_is_told_of_it(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=1_000_000)
    leaves, stays = an_order(email="noor@a.example"), an_order(email="zed@a.example")
    await ledger.hear(leaves, stays)
    await ledger.end([leaves, stays])

    assert (await erase(client, leaves)).status_code == 200
    await ledger.tick()

    told = await ledger.told(PledgesReleased, PledgeErased)
    assert [type(each) for each in told] == [PledgesReleased, PledgeErased, PledgesReleased]
    assert [each.notice.email for each in told[::2]] == ["noor@a.example", "zed@a.example"]


async def test_who_comes_again_is_known_again(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open()
    first, second = an_order(email="noor@a.example"), an_order(email="noor@a.example")
    await ledger.hear(first)
    await erase(client, first)

    await ledger.hear(second)

    assert (await client.get("/pledge", params={"token": a_token(second)})).status_code == 200
    assert await ledger.pool.fetchval("SELECT email FROM supporters") == "noor@a.example"
    assert (await erase(client, second)).status_code == 200
    assert "noor@" not in await everything(ledger)


async def test_another_ones_link_forgets_nobody(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open()
    mine, theirs = an_order(), an_order()
    await ledger.hear(mine, theirs)
    strange = a_token(mine, email="mallory@a.example")
    foreign = {"token": a_token(mine), "orderId": theirs.order_id}

    answers = [
        await client.post("/pledge/erase", json={"token": strange}),
        await client.post("/pledge/erase", json=foreign),
        await client.post("/pledge/erase", json={"token": "x.y"}),
    ]

    assert [each.status_code for each in answers] == [403, 403, 401]
    assert await ledger.told(PledgeErased) == []


@pytest.mark.parametrize(
    "change",
    [
        "lines = NULL",
        'card = \'{"payment_method_id": "pm_other"}\'',
        "tip_percent = 0",
        "recorded_at = now()",
    ],
)
async def test_nothing_else_of_history_changes_even_then(ledger: Ledger, change: str) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    await ledger.owner.execute(
        "SELECT set_config('pledges.erasing', $1, false)", first_pledge(order)
    )
    with pytest.raises(Exception, match="history_is_append_only"):
        await ledger.owner.execute(f"UPDATE pledges.pledge_history SET {change}")
    with pytest.raises(Exception, match="erased_says_so"):
        await ledger.pool.execute("SELECT erase_history($1, '{}')", first_pledge(order))

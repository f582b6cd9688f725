"""Lost links are sent again: nobody learns who is a supporter, and the old ones are over."""

import time
from typing import Any

import httpx
import msgspec
import pytest

from contracts.events.pledges import LinksRenewed
from contracts.ids import PledgeId
from contracts.magic_link import MagicLink, sign
from contracts.refusals import InputRefused, LinkRefused
from services.chassis.storage.database import transaction
from services.pledges.handlers.read_pledge import read_pledge
from services.pledges.handlers.send_links import ask_for_links
from tests.pledges.builders import an_order, first_pledge
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import KEY, client

__all__ = ["client"]

Client = httpx.AsyncClient


async def ask(ledger: Ledger, email: str) -> None:
    async with transaction(ledger.pool) as conn:
        await ask_for_links(conn, email)


async def states(ledger: Ledger) -> list[str]:
    rows = await ledger.pool.fetch("SELECT state FROM link_requests ORDER BY request_id")
    return [row["state"] for row in rows]


async def opens(ledger: Ledger, link: MagicLink) -> bool:
    async with ledger.pool.acquire() as conn:
        try:
            await read_pledge(conn, link)
        except LinkRefused:
            return False
    return True


async def test_a_fresh_link_to_each_pledge_ends_every_older_one(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.open("one-roll")
    email = "noor@halfmoon.example"
    first, second, gone = (
        an_order(email=email),
        an_order("one-roll", email="Noor@Halfmoon.example"),
        an_order(email=email),
    )
    await ledger.hear(first, second, gone, an_order())
    await ledger.cancel(first_pledge(gone))
    old = await ledger.link(first_pledge(first))

    await ask(ledger, " NOOR@halfmoon.example")
    before = await opens(ledger, old)
    await ledger.tick()

    (told,) = await ledger.told(LinksRenewed)
    fresh = msgspec.structs.replace(old, gen=told.generation)
    assert before
    assert not await opens(ledger, old)
    assert await opens(ledger, fresh)
    assert {each.pledge_id for each in told.pledges} == {first_pledge(first), first_pledge(second)}
    assert (told.generation, told.language) == (2, "es")
    assert await states(ledger) == ["sent"]


async def test_another_supporters_links_stay(ledger: Ledger) -> None:
    await ledger.open()
    order, other = an_order(), an_order()
    await ledger.hear(order, other)

    await ask(ledger, order.email)
    await ledger.tick()

    assert not await opens(ledger, await ledger.link(first_pledge(order)))
    assert await opens(ledger, await ledger.link(first_pledge(other)))


async def test_an_address_is_written_to_three_times_an_hour(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    for _ in range(5):
        await ask(ledger, order.email)
    await ledger.tick()
    await ask(ledger, order.email)
    await ledger.tick()
    at_first = await states(ledger)
    await ledger.owner.execute(
        "UPDATE pledges.link_requests SET decided_at = decided_at - interval '61 minutes'"
    )
    await ask(ledger, order.email)
    await ledger.tick()

    assert at_first == ["sent"] * 3 + ["too_often"] * 3
    assert (await states(ledger))[-1] == "sent"
    assert [each.generation for each in await ledger.told(LinksRenewed)] == [2, 3, 4, 5]


async def test_who_asked_for_nobody_is_forgotten_after_a_day(ledger: Ledger) -> None:
    await ask(ledger, "nobody@halfmoon.example")
    await ledger.tick()
    assert await states(ledger) == ["unknown"]

    await ledger.owner.execute(
        "UPDATE pledges.link_requests SET decided_at = decided_at - interval '25 hours'"
    )
    await ledger.tick()

    assert await states(ledger) == []
    assert await ledger.told(LinksRenewed) == []


async def test_what_is_no_address_is_refused(ledger: Ledger) -> None:
    for email in ("", "noor", "noor@", "a@b", "a@b.example\x00"):
        with pytest.raises(InputRefused, match="invalid_email"):
            await ask(ledger, email)


async def test_every_address_gets_the_same_answer(client: Client, ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    answers = [
        await client.post("/pledge/links", json={"email": email})
        for email in (order.email, "nobody@halfmoon.example", order.email.upper())
    ]

    assert [each.status_code for each in answers] == [202, 202, 202]
    assert len({each.content for each in answers}) == 1
    heads = [{**each.headers, "x-request-id": ""} for each in answers]
    assert all(head == heads[0] for head in heads)


async def test_the_links_of_one_checkout_come_with_keys_of_their_own(
    client: Client, ledger: Ledger
) -> None:
    await ledger.open()
    await ledger.open("one-roll")
    order = an_order("hand-relations", "one-roll")
    await ledger.hear(order, an_order(email=order.email))
    own, linked = (each.pledge_id for each in order.pledges)
    token = _token(order, own)

    told = (await client.get("/pledges", params={"token": token})).json()

    assert [each["orderId"] for each in told] == [own, linked]
    assert "token" not in told[0]
    answer = await client.get("/pledge", params={"token": told[1]["token"]})
    assert answer.json()["orderId"] == linked
    refused = await client.post("/pledge/cancel", json={"token": token, "orderId": linked})
    assert refused.status_code == 403


def _token(order: Any, pledge_id: PledgeId, **facts: Any) -> str:
    link = MagicLink(
        pledge_id=pledge_id,
        email=order.email,
        campaign_slug=order.pledges[0].campaign,
        exp=int(time.time()) + 3_600,
    )
    return sign(msgspec.structs.replace(link, **facts), KEY)


async def test_an_old_generation_is_refused_like_any_link_that_opens_nothing(
    client: Client, ledger: Ledger
) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    await ask(ledger, order.email)
    await ledger.tick()
    token = _token(order, first_pledge(order))
    forged = sign(
        MagicLink(
            pledge_id=first_pledge(order),
            email=order.email,
            campaign_slug=order.pledges[0].campaign,
            exp=int(time.time()) + 3_600,
            gen=2,
        ),
        b"another secret",
    )

    renewed = _token(order, first_pledge(order), gen=2)

    for path in ("/pledge", "/pledges"):
        old = await client.get(path, params={"token": token})
        bad = await client.get(path, params={"token": forged})
        assert (old.status_code, old.content) == (401, bad.content)
        assert (await client.get(path, params={"token": renewed})).status_code == 200
    for path, more in (("cancel", {}), ("modify", {"tipPercent": 0}), ("quote", {})):
        old = await client.post(f"/pledge/{path}", json={"token": token, **more})
        bad = await client.post(f"/pledge/{path}", json={"token": forged, **more})
        assert (old.status_code, old.content) == (401, bad.content)

"""What the dashboard asks of people: pages that lose nobody, filters, a person's whole story."""

import itertools
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from contracts.ids import pseudonym
from tests.pledges.builders import (
    AMOUNT,
    NOW,
    SLUG,
    an_order,
    declined,
    first_pledge,
    paid,
    refunded,
)
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import ADMIN, client  # noqa: F401

Client = httpx.AsyncClient
OPERATOR = {"authorization": f"Bearer {ADMIN}"}


async def page(client: Client, **asked: Any) -> Any:  # noqa: F811
    answer = await client.get(
        "/internal/pledges", params={"campaignSlug": [SLUG], **asked}, headers=OPERATOR
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(client: Client, **asked: Any) -> list[str]:  # noqa: F811
    return [each["orderId"] for each in (await page(client, **asked))["pledges"]]


async def test_nobody_asks_without_the_operators_secret(client: Client) -> None:  # noqa: F811
    for path in ("pledges?campaignSlug=a", "stories/x"):
        assert (await client.get(f"/internal/{path}")).status_code == 401
    assert (await client.post("/internal/stories/x/links", json={"by": "x"})).status_code == 401


@pytest.mark.parametrize("order", ["created", "amount", "email"])
@pytest.mark.parametrize("descending", [True, False])
async def test_pages_by_any_order_show_everybody_once_whatever_is_equal(
    ledger: Ledger,
    client: Client,  # noqa: F811
    order: str,
    descending: bool,
) -> None:
    other = await ledger.open("other-film")
    await ledger.open()
    # Some of the same moment, all of the same amount, two of the same person.
    moments = [NOW + timedelta(seconds=number // 3) for number in range(10)]
    orders = [
        an_order(
            *((SLUG,) if number % 4 else (SLUG, other)), completed_at=at, email=f"p{number}@x.y"
        )
        for number, at in enumerate(moments)
    ]
    orders.append(an_order(email="p3@x.y"))
    await ledger.hear(*orders)
    await ledger.owner.execute(
        "SET session_replication_role = replica; UPDATE pledges.pledges SET total_cents ="
        " total_cents + 1, tax_cents = tax_cents + 1 WHERE pledge_id LIKE '%3%'"
    )

    found: list[Any] = []
    after = ""
    for _ in itertools.count():
        asked = {"order": order, "descending": str(descending).lower(), "limit": 3, "after": after}
        got = await page(client, campaignSlug=[SLUG, other], **asked)
        found += got["pledges"]
        after = got["nextAfter"] or ""
        if not after:
            break

    assert len(found) == len({each["orderId"] for each in found}) == 14
    names = {"created": "createdAt", "amount": "amount", "email": "email"}
    keys = [(each[names[order]], each["orderId"]) for each in found]
    assert keys == sorted(keys, reverse=descending)


async def test_filters_and_search_find_what_fits_and_nothing_else(
    ledger: Ledger,
    client: Client,  # noqa: F811
) -> None:
    await ledger.open(goal_cents=5_000)
    one, two, three = an_order(email="noor@x.y"), an_order(), an_order()
    canadian = msgspec.structs.replace(
        two,
        shipping_address=msgspec.structs.replace(
            two.shipping_address, country="CA", name="Amélie O'Neil"
        ),
    )
    await ledger.hear(one, canadian, three)
    await ledger.cancel(first_pledge(three))
    a, b, c = (str(first_pledge(each)) for each in (one, two, three))

    assert await ids(client, status="cancelled") == [c]
    assert set(await ids(client, status="active")) == {a, b}
    assert await ids(client, country="CA") == [b]
    assert await ids(client, search="NOOR@") == [a]
    assert await ids(client, search="o'neil") == [b]
    assert await ids(client, search=str(one.order_id)) == [a]
    assert await ids(client, search="%") == []
    physical = set(await ids(client, fulfilment="physical"))
    digital = set(await ids(client, fulfilment="digital"))
    assert physical | digital == {a, b, c}
    assert not physical & digital
    assert await ids(client, fulfilment="platform") == []
    assert await ids(client, campaignSlug=["no-such-film"]) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"order": "shoe-size"},
        {"status": "rich"},
        {"after": "nowhere"},
        {"after": "x~y", "order": "amount"},
        {"after": "2026-13-01~y"},
        {"limit": 501},
        {"search": "a\x00b"},
        {"campaignSlug": [f"c{number}" for number in range(201)]},
    ],
    ids=str,
)
async def test_what_cannot_be_meant_is_refused(client: Client, asked: dict[str, Any]) -> None:  # noqa: F811
    answer = await client.get(
        "/internal/pledges", params={"campaignSlug": [SLUG], **asked}, headers=OPERATOR
    )

    assert answer.status_code == 400


async def test_a_story_is_of_the_person_with_all_their_pledges_and_dated_money(
    ledger: Ledger,
    client: Client,  # noqa: F811
) -> None:
    await ledger.open(goal_cents=5_000)
    orders = [an_order(email="noor@x.y"), an_order(email="noor@x.y"), an_order()]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[1]))
    assert await ledger.end(orders) == "closed"
    await ledger.hear(paid("noor@x.y", charge="ch_0"), declined(orders[2].email, charge="ch_1"))
    await ledger.hear(refunded("noor@x.y", AMOUNT, charge="ch_0"))

    path = f"/internal/stories/{first_pledge(orders[1])}"
    story = (await client.get(path, headers=OPERATOR)).json()

    assert (story["email"], story["name"], story["isErased"]) == ("noor@x.y", "Jane Doe", False)
    of_theirs = {each["orderId"]: each for each in story["pledges"]}
    assert set(of_theirs) == {str(first_pledge(each)) for each in orders[:2]}
    charged = of_theirs[str(first_pledge(orders[0]))]
    assert charged["status"] == "charged"
    assert [each["type"] for each in charged["history"]][:2] == ["created", "charged"]
    assert ("refund", -AMOUNT) in [(each["kind"], each["cents"]) for each in charged["money"]]
    assert all(each["at"] for each in charged["money"])
    assert of_theirs[str(first_pledge(orders[1]))]["money"] == []
    gone = await client.get("/internal/stories/no-such-pledge", headers=OPERATOR)
    assert gone.status_code == 404


async def test_links_are_asked_for_as_by_the_person_and_noted_and_not_for_the_erased(
    ledger: Ledger,
    client: Client,  # noqa: F811
) -> None:
    await ledger.open()
    order, erased = an_order(email="noor@x.y"), an_order()
    await ledger.hear(order, erased)
    await ledger.owner.execute(
        "SET session_replication_role = replica; UPDATE pledges.pledges SET email ="
        f" '{pseudonym(erased.supporter_id)}' WHERE pledge_id = '{first_pledge(erased)}'"
    )

    path = f"/internal/stories/{first_pledge(order)}/links"
    sent = await client.post(path, json={"by": "ada@pool.example"}, headers=OPERATOR)
    path = f"/internal/stories/{first_pledge(erased)}/links"
    refused = await client.post(path, json={"by": "ada@pool.example"}, headers=OPERATOR)

    assert sent.json() == {"email": "noor@x.y"}
    assert (refused.status_code, refused.json()["error"]) == (409, "erased")
    asked = await ledger.owner.fetch("SELECT supporter_id FROM pledges.link_requests")
    assert [row["supporter_id"] for row in asked] == [order.supporter_id]
    done = await ledger.owner.fetch("SELECT action, done_by FROM pledges.operator_actions")
    assert [tuple(row) for row in done] == [("links_asked", "ada@pool.example")]

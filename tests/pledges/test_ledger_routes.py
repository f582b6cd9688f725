"""The ledger over HTTP: what a link opens, what it never shows, what operators may ask."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.ids import PledgeId
from contracts.magic_link import MagicLink, sign
from contracts.streams import CONSUMERS, STREAMS
from services.chassis.events.bus import Bus
from services.chassis.process.service import Running
from services.chassis.process.settings import Secret
from services.chassis.storage.clock import PlatformClock
from services.pledges.app import SERVICE, compose
from services.pledges.settings import Settings
from tests.pledges.builders import NOW, SUBTOTAL, an_order, first_pledge, paid
from tests.pledges.ledger import Ledger

KEY = b"a magic link secret of forty characters.."
ADMIN = "an admin secret of at least thirty-two characters"
GATEWAY = "a gateway secret of at least thirty-two characters"

JSON = {"content-type": "application/json"}

Client = httpx.AsyncClient


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[Client]:
    """The gateway's view of the service."""
    settings = Settings(
        database_url=Secret(""),
        nats_url=Secret("nats://127.0.0.1:1"),
        redis_url=Secret(""),
        gateway_secret=Secret(GATEWAY),
        site_base="http://127.0.0.1:8000",
        magic_link_secret=Secret(KEY.decode()),
        admin_secret=Secret(ADMIN),
    )
    bus = Bus("nats://127.0.0.1:1", name="t", streams=STREAMS, consumers=CONSUMERS)
    running = Running(ledger.pool, bus, PlatformClock())
    app = SERVICE.app(await compose(settings, running), running, settings)
    async with Client(
        transport=httpx.ASGITransport(app),
        base_url="http://pledges",
        headers={"x-pool-gateway": GATEWAY},
    ) as http:
        yield http


def a_token(order: Any, *, key: bytes = KEY, **changes: Any) -> str:
    """Return the token of an order's first pledge."""
    facts: dict[str, Any] = {
        "pledge_id": PledgeId(first_pledge(order)),
        "email": order.email,
        "campaign_slug": order.pledges[0].campaign,
        "exp": int(time.time()) + 3_600,
        **changes,
    }
    return sign(MagicLink(**facts), key)


async def test_a_link_shows_its_pledge_and_the_list_of_it(client: Client, ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order, an_order())

    one = await client.get("/pledge", params={"token": a_token(order)})
    many = await client.get("/pledges", params={"token": a_token(order)})

    assert one.status_code == many.status_code == 200
    assert one.headers["cache-control"] == many.headers["cache-control"] == "private, no-store"
    record = one.json()
    assert many.json() == [record]
    assert record["orderId"] == order.order_id
    assert record["campaignTitle"] == "Hand Relations"
    assert record["amount"] == 5_944
    assert record["canCancel"] is record["canModify"] is True
    assert record["history"][0]["type"] == "created"
    assert record["why"][0]["figure"] == "tax"
    assert record["taxDetails"]["taxableSubtotalCents"] == 5_000
    assert record["shippingOption"] == "standard"
    assert record["revision"] == 1
    assert "cus_" not in one.text
    assert "pm_" not in one.text
    assert "consent" not in record


async def test_every_bad_link_gets_the_same_answer(client: Client, ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    good = a_token(order)
    bad = [
        "x",
        "x.y",
        good[:-2],
        good.split(".")[0],
        "." + good,
        a_token(order, key=b"another secret"),
        a_token(order, exp=int(time.time()) - 1),
        a_token(order, scope="unsubscribe"),
        a_token(order, gen=0),
        "é" * 50,
        "a" * 5_000,
    ]

    answers = [
        await client.get(path, params={"token": t}) for t in bad for path in ("/pledge", "/pledges")
    ]
    answers += [await client.post("/pledge/cancel", json={"token": t}) for t in bad[:-1]]

    assert {each.status_code for each in answers} == {401}
    assert len({each.text for each in answers}) == 1


async def test_no_link_at_all_is_bad_input(client: Client) -> None:
    answers = [
        await client.get("/pledge"),
        await client.get("/pledge", params={"token": ""}),
        await client.get("/pledges"),
        await client.post("/pledge/cancel", json={}),
        await client.post("/pledge/cancel", json={"token": None}),
        await client.post("/pledge/cancel", json={"token": "x", "amount": 1}),
        await client.post(
            "/pledge/cancel", content=b"{", headers={"content-type": "application/json"}
        ),
    ]

    assert [each.status_code for each in answers] == [400] * 7


async def test_a_link_without_its_pledge_is_not_found_and_a_foreign_one_forbidden(
    client: Client, ledger: Ledger
) -> None:
    await ledger.open()
    order, other = an_order(), an_order()
    await ledger.hear(order)

    gone = await client.get("/pledge", params={"token": a_token(other)})
    foreign = await client.get("/pledge", params={"token": a_token(order, email="x@y.example")})
    elsewhere = await client.post(
        "/pledge/cancel", json={"token": a_token(order), "orderId": other.order_id}
    )

    assert gone.status_code == 404
    assert foreign.status_code == elsewhere.status_code == 403
    assert elsewhere.json()["error"] == "not_yours"


async def test_cancelling_answers_the_record_and_then_409(client: Client, ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)

    done = await client.post(
        "/pledge/cancel", json={"token": a_token(order), "orderId": order.order_id}
    )
    again = await client.post("/pledge/cancel", json={"token": a_token(order)})
    shown = await client.get("/pledge", params={"token": a_token(order)})

    assert done.status_code == 200
    assert done.json()["success"] is True
    assert done.json()["pledgeStatus"] == shown.json()["pledgeStatus"] == "cancelled"
    assert (again.status_code, again.json()["error"]) == (409, "pledge_cancelled")
    assert done.headers["cache-control"] == "private, no-store"


async def test_stats_are_cents_but_the_goal(client: Client, ledger: Ledger) -> None:
    slug = await ledger.open(goal_cents=1_000_050)
    order = an_order()
    await ledger.hear(order)

    stats = (await client.get(f"/stats/{slug}")).json()

    assert stats["pledgedAmount"] == SUBTOTAL
    assert stats["goalAmount"] == 10_000.5
    assert stats["percentFunded"] == 0
    assert stats["tierCounts"] == {"producer-credit": 2}
    assert stats["supportItems"] == {"location-scouting": 1_450}
    assert (stats["campaignSlug"], stats["pledgeCount"], stats["state"]) == (slug, 1, "live")
    assert stats["updatedAt"] is not None
    assert [
        stats[f"{each}Amount"] for each in ("collected", "recovering", "lost", "lateSupport")
    ] == ([0, 0, 0, 0])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/stats/nobody-knows-it", 404, id="unknown"),
        pytest.param("/stats/No%20Slug", 400, id="no slug"),
        pytest.param("/stats/%00", 400, id="NUL"),
        pytest.param(f"/stats/{'a' * 5_000}", 400, id="too long"),
        pytest.param("/stats/..%2F..%2Fetc", 404, id="traversal"),
    ],
)
async def test_what_is_no_campaign(client: Client, path: str, status: int) -> None:
    assert (await client.get(path)).status_code == status


async def test_operators_prove_and_repair_the_sums(client: Client, ledger: Ledger) -> None:
    slug, other = await ledger.open(), await ledger.open("one-roll")
    await ledger.hear(an_order(), an_order(other))
    bearer = {"Authorization": f"Bearer {ADMIN}"}

    right = await client.post("/admin/projections/check", headers=bearer)
    await ledger.owner.execute(
        "UPDATE pledges.campaign_totals SET pledge_count = 7, tier_counts = '{\"x\": 1}' "
        "WHERE campaign = $1",
        slug,
    )
    wrong = (await client.post(f"/stats/{slug}/check", json={}, headers=bearer)).json()
    repaired = (await client.post(f"/stats/{slug}/recalculate", json={}, headers=bearer)).json()
    again = (await client.post(f"/stats/{slug}/recalculate", headers=bearer)).json()

    assert right.status_code == 200
    assert right.json() == {
        "inSync": True,
        "campaigns": [
            {"campaignSlug": each, "inSync": True, "differences": []} for each in (slug, other)
        ],
    }
    assert wrong["inSync"] is False
    (campaign,) = wrong["campaigns"]
    assert {"what": "pledge_count", "history": 1, "pledges": 1, "totals": 7} in (
        campaign["differences"]
    )
    assert {each["what"] for each in campaign["differences"]} == {
        "pledge_count",
        "tier_counts.producer-credit",
        "tier_counts.x",
    }
    assert (repaired["corrected"], repaired["inSync"]) == (True, True)
    assert again["corrected"] is False
    assert again["version"] == repaired["version"]
    assert await ledger.count("totals_corrections") == 1
    assert (await client.get(f"/stats/{slug}")).json()["pledgeCount"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/stats/hand-relations/check",
        "/stats/hand-relations/recalculate",
        "/admin/campaign-index/rebuild/hand-relations",
        "/admin/projections/check",
    ],
)
async def test_only_operators_may_ask_for_proof(client: Client, ledger: Ledger, path: str) -> None:
    await ledger.open()
    attempts: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": ADMIN},
        {"x-admin-key": ADMIN},
    ]

    answers = [await client.post(path, headers=each) for each in attempts]
    unknown = await client.post(
        "/stats/nobody-knows-it/check", headers={"Authorization": f"Bearer {ADMIN}"}
    )

    assert [each.status_code for each in answers] == [401] * 4
    assert unknown.status_code == 404


async def test_a_charged_pledge_says_when_and_can_do_nothing(
    client: Client, ledger: Ledger
) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order()
    await ledger.hear(order)
    await ledger.end([order])
    await ledger.hear(paid(order.email))
    await ledger.advance(days=-30)
    token = a_token(order, exp=int((NOW + timedelta(days=90)).timestamp()))

    record = (await client.get("/pledge", params={"token": token})).json()
    refused = await client.post("/pledge/cancel", json={"token": token})

    assert (record["pledgeStatus"], record["charged"]) == ("charged", True)
    assert record["chargedAt"] is not None
    assert record["canUpdatePaymentMethod"] is record["canCancel"] is False
    assert record["history"][1]["amount"] == 5_944
    assert (refused.status_code, refused.json()["error"]) == (409, "pledge_charged")

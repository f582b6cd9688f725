"""The service as a process: bus, webhooks, clock, and the official SDK against the sandbox."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from contracts.events.checkout import CheckoutCompleted, CheckoutDrained
from contracts.ids import OrderId
from contracts.money import Cents
from services.chassis.database import open_pool
from services.checkout.orders import Order, order_hash
from services.checkout.queries import orders
from tests.checkout.running import ADMIN_SECRET, Running, wait_until
from tests.checkout.samples import (
    a_campaign,
    a_slug,
    a_tier,
    an_email,
    cancelled,
    created,
    published,
)

FIVE_FIGURES = {"subtotal", "shipping", "tax", "tipAmount", "tipPercent", "amount"}


def publish(running: Running, **facts: Any) -> str:
    """Put a campaign into force and wait until it can be pledged to."""
    definition = a_campaign(a_slug(), **facts)
    asyncio.run(running.publish(published(definition), key=definition.slug))
    wait_until(
        lambda: running.http.get(f"/inventory/{definition.slug}").status_code == 200,
        what="the campaign is heard",
    )
    return definition.slug


def pledge(running: Running, *items: str, **body: Any) -> Order:
    """Go from start to completed."""
    session = running.start(*items, **body).raise_for_status().json()
    running.sandbox.save_card(session["sessionId"]).raise_for_status()
    wait_until(lambda: running.status(session["orderId"], 2) == "completed", what="webhook")
    return order_of(running, session["orderId"])


def order_of(running: Running, order_id: str) -> Order:
    async def read() -> Order:
        pool = await open_pool(running.database.url("checkout"), schema="checkout")
        async with pool.acquire() as conn:
            order = await orders.find_order(conn, OrderId(order_id))
        await pool.close()
        assert order is not None
        return order

    return asyncio.run(read())


def said(running: Running, kind: Any, key: str) -> list[Any]:
    """Return the events of one type under one key."""
    event_type = kind.__struct_config__.tag

    async def read() -> list[Any]:
        conn = await asyncpg.connect(running.database.owner_url)
        rows = await conn.fetch(
            "SELECT payload FROM checkout.outbox WHERE subject = $1", f"{event_type}.{key}"
        )
        await conn.close()
        return [msgspec.json.decode(row["payload"], type=kind) for row in rows]

    return asyncio.run(read())


def test_a_pledge_goes_from_start_to_persisted(running: Running) -> None:
    slug, email = publish(running, tiers=(a_tier(limit_total=2),)), an_email()

    started = running.start(f"{slug}__frame", email=email, expectedAmount=5_644)
    session = started.json()
    reserved = running.inventory(slug)["frame"]
    running.sandbox.save_card(session["sessionId"], email).raise_for_status()
    wait_until(lambda: running.status(session["orderId"], wait=2) == "completed", what="webhook")
    (event,) = said(running, CheckoutCompleted, session["orderId"])
    order = order_of(running, session["orderId"])
    asyncio.run(running.publish(created(order), created(order), key=slug))
    wait_until(lambda: running.status(session["orderId"], wait=5) == "persisted", what="ledger")

    assert started.status_code == 200, started.text
    assert started.headers["cache-control"] == "private, no-store"
    assert session["checkoutUiMode"] == "custom"
    assert session["publishableKey"] == "pk_test_sandbox"
    assert set(session["totals"]) == FIVE_FIGURES
    assert reserved == {"limit": 2, "claimed": 0, "reserved": 1, "remaining": 1}
    assert running.inventory(slug)["frame"]["claimed"] == 1
    assert (event.email, event.card.brand, event.card.last4) == (email, "visa", "4242")

    summary = running.http.get("/checkout-intent/summary", params={"orderId": session["orderId"]})
    shown = summary.json()
    assert (shown["persisted"], shown["status"]) == (True, "persisted")
    assert shown["totals"]["amount"] == 5_644
    assert shown["campaigns"][0]["title"] == "A film"
    assert email not in summary.text

    asyncio.run(running.publish(cancelled(order), cancelled(order), created(order), key=slug))
    wait_until(lambda: running.inventory(slug)["frame"]["remaining"] == 2, what="unit free")


def test_webhooks_and_browser_at_once_complete_once(running: Running) -> None:
    slug = publish(running, tiers=(a_tier(limit_total=50),))
    sessions = [running.start(f"{slug}__frame").json() for _ in range(8)]
    running.sandbox.faults(duplicate_webhooks=True, reorder_webhooks=True)

    def finish(session: dict[str, Any]) -> list[int]:
        running.sandbox.save_card(session["sessionId"]).raise_for_status()
        body = {"orderId": session["orderId"], "sessionId": session["sessionId"]}
        return [
            running.http.post("/checkout-intent/complete", json=body).status_code for _ in range(3)
        ]

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(finish, sessions))
    running.sandbox.faults(reset=True)

    assert statuses == [[200, 200, 200]] * 8
    assert [len(said(running, CheckoutCompleted, each["orderId"])) for each in sessions] == [1] * 8
    assert running.inventory(slug)["frame"]["claimed"] == 8


def test_at_the_deadline_the_campaign_is_drained_by_its_own_timer(running: Running) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=20)
    now = datetime.fromisoformat(running.sandbox.http.get("/sandbox/clock").json()["now"])
    soon = now + timedelta(minutes=20)
    slug = publish(
        running,
        starts_at=now - timedelta(days=1),
        deadline_at=soon,
        tiers=(a_tier(limit_total=5),),
    )
    order = pledge(running, f"{slug}__frame")
    left_open = running.start(f"{slug}__frame").json()

    running.sandbox.advance("PT21M")
    wait_until(lambda: said(running, CheckoutDrained, slug), what="drained")
    (drained,) = said(running, CheckoutDrained, slug)
    late = running.start(f"{slug}__frame")

    assert (drained.order_count, drained.order_hash) == (1, order_hash([order.order_id]))
    assert running.status(left_open["orderId"]) == "expired"
    assert running.inventory(slug)["frame"]["reserved"] == 0
    assert (late.status_code, late.json()["error"]) == (409, "deadline_passed")


def test_a_session_that_runs_out_at_stripe_gives_its_units_back(running: Running) -> None:
    slug = publish(running, tiers=(a_tier(limit_total=1),))
    session = running.start(f"{slug}__frame").json()
    refused = running.start(f"{slug}__frame")

    running.sandbox.advance("PT31M")
    wait_until(lambda: running.status(session["orderId"]) == "expired", what="expired")

    assert (refused.status_code, refused.json()["error"]) == (409, "sold_out")
    assert refused.json()["remaining"] == 0
    assert running.inventory(slug)["frame"]["remaining"] == 1


def test_a_quote_prices_and_reserves_nothing(running: Running) -> None:
    physical = a_tier(category="physical", limit_total=1, price_cents=Cents(5_000))
    slug = publish(running, tiers=(physical,))

    answer = running.http.post(
        "/quote",
        json={
            "campaignSlug": slug,
            "items": [{"id": f"{slug}__frame", "quantity": 1, "price": 1, "name": "<b>"}],
            "tipPercent": 5,
            "amountCents": 1,
            "customAmount": 3,
        },
    )
    quote = answer.json()

    assert answer.status_code == 200
    assert quote["totals"] == {
        "subtotal": 5_000,
        "shipping": 300,
        "tax": 394,
        "tipPercent": 5,
        "tipAmount": 250,
        "amount": 5_944,
    }
    (campaign,) = quote["campaigns"]
    assert set(campaign) > FIVE_FIGURES
    assert campaign["lines"][0]["label"] == "A frame of the film"
    assert {why["figure"] for why in campaign["why"]} >= {"tax", "shipping", "tip"}
    assert quote["shippingOptions"] == [{"id": "standard", "amount": 300}]
    assert quote["states"] == {"tax": "quoted", "shipping": "fallback_used"}
    assert running.inventory(slug)["frame"]["reserved"] == 0


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param(b"{", 400, "invalid_json", id="no JSON"),
        pytest.param(b"[]", 400, "invalid_input", id="a list"),
        pytest.param(b"{}", 400, "invalid_input", id="no items"),
        pytest.param(b'{"items": []}', 400, "empty_cart", id="nothing in it"),
        pytest.param(b'{"items": [{"id": "x"}], "extra": 1}', 400, "invalid_input", id="unknown"),
        pytest.param(
            b'{"items": [{"id": "x__y", "quantity": 0}]}', 400, "invalid_input", id="none of it"
        ),
        pytest.param(
            b'{"items": [{"id": "x__y", "quantity": 1.5}]}', 400, "invalid_input", id="and a half"
        ),
        pytest.param(
            b'{"items": [{"id": "x__y", "quantity": "1"}]}', 400, "invalid_input", id="text"
        ),
        pytest.param(b'{"items": [{"id": "x__y"}]}', 400, "unknown_item", id="no such campaign"),
        pytest.param(
            b'{"items": [{"id": "x__y"}], "tipPercent": 2.5}', 400, "invalid_input", id="half tip"
        ),
        pytest.param(b'{"items": [{"id": "x\\u0000__y"}]}', 400, "invalid_input", id="NUL"),
        pytest.param(b'{"items": [{"id": "\xff__y"}]}', 400, "invalid_json", id="bad UTF-8"),
        pytest.param(b"[" * 5_000, 400, "invalid_json", id="deep"),
        pytest.param(b'{"items": "' + b"x" * 70_000 + b'"}', 413, "too_large", id="large"),
    ],
)
@pytest.mark.parametrize("path", ["/quote", "/checkout-intent/start"])
def test_bad_bodies_are_refused_by_name(
    running: Running, path: str, body: bytes, status: int, error: str
) -> None:
    answer = running.http.post(path, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_form_is_not_json(running: Running) -> None:
    answer = running.http.post("/quote", content=b"{}", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415


def test_a_tip_above_the_most_names_its_field(running: Running) -> None:
    slug = publish(running)

    answer = running.start(f"{slug}__frame", tipPercent=16)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_tip")
    assert list(answer.json()["fields"]) == ["tipPercent"]


def test_a_price_that_changed_comes_back_as_a_quote(running: Running) -> None:
    slug = publish(running)

    answer = running.start(f"{slug}__frame", expectedAmount=1)

    assert (answer.status_code, answer.json()["error"]) == (409, "price_changed")
    assert answer.json()["totals"]["amount"] == 5_644
    assert answer.json()["campaigns"][0]["campaignSlug"] == slug


def test_strangers_find_nothing(running: Running) -> None:
    outside = httpx.Client(base_url=running.url)
    order_id = "pool-intent-00000000000000000000000000000000"

    assert outside.get("/inventory/film").status_code == 404
    assert outside.post("/webhooks/stripe", content=b"{}").status_code == 404
    assert running.http.get("/inventory/no-such-film").status_code == 404
    assert running.http.get("/inventory/..%2Fx").status_code == 404
    assert running.http.get(f"/checkout-intent/status/{order_id}").status_code == 404
    assert running.http.get("/checkout-intent/status/x").status_code == 400
    assert running.http.get("/checkout-intent/summary").status_code == 400
    assert (
        running.http.post("/checkout-intent/complete", json={"orderId": order_id}).status_code
        == 404
    )
    assert (
        running.http.post("/checkout-intent/abandon", json={"orderId": "../x"}).status_code == 400
    )
    outside.close()


def test_only_an_operator_recovers(running: Running) -> None:
    slug = publish(running)
    running.sandbox.faults(drop_webhooks=True)
    session = running.start(f"{slug}__frame").json()
    running.sandbox.save_card(session["sessionId"]).raise_for_status()
    running.sandbox.faults(reset=True)
    body = {"sessionId": session["sessionId"]}
    bearer = {"Authorization": f"Bearer {ADMIN_SECRET}"}

    stranger = running.http.post("/admin/recover-checkout", json=body)
    unknown = running.http.post(
        "/admin/recover-checkout", json={"sessionId": "cs_nope"}, headers=bearer
    )
    nothing = running.http.post("/admin/recover-checkout", json={}, headers=bearer)
    recovered = running.http.post("/admin/recover-checkout", json=body, headers=bearer)

    assert stranger.status_code == 401
    assert unknown.status_code == 404
    assert nothing.status_code == 400
    assert recovered.json() == {
        "success": True,
        "message": "The order is completed.",
        "orderId": session["orderId"],
        "stripeSessionId": session["sessionId"],
        "status": "completed",
        "persisted": False,
        "pledgeIds": [session["orderId"]],
    }


def test_an_unsigned_webhook_is_a_401_and_a_large_one_a_413(running: Running) -> None:
    unsigned = running.http.post("/webhooks/stripe", content=b"{}")
    large = running.http.post("/webhooks/stripe", content=b"x" * (257 * 1024))

    assert unsigned.status_code == 401
    assert large.status_code == 413


def test_the_metrics_tell_how_stripe_answers(running: Running) -> None:
    slug = publish(running)
    running.start(f"{slug}__frame").raise_for_status()

    shown = running.http.get("/metrics").text

    assert 'checkout_stripe_calls_total{call="sessions.create",outcome="done"}' in shown

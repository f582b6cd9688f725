"""What the routes answer, and what they refuse, by status, reason and field."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from contracts.campaign import AddOnVariant, TierField
from contracts.money import Cents
from tests.checkout.running import ADMIN_SECRET, Running, publish
from tests.checkout.samples import a_platform, a_product, a_tier, platform_published
from tests.checkout.sandbox import wait_until

FIVE_FIGURES = {"subtotal", "shipping", "tax", "tipAmount", "tipPercent", "amount"}


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
    assert quote["shippingOptions"] == [
        {"id": "standard", "amount": 300, "surcharge": 0, "selected": True}
    ]
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


def test_stock_of_everything_limited_is_public_and_an_operators_to_change(
    running: Running,
) -> None:
    sizes = (AddOnVariant(variant_id="s", label="S", inventory=4),)
    poster = a_product("poster", inventory=0)
    slug = publish(
        running,
        tiers=(a_tier(limit_total=3),),
        add_ons=(a_product(f"shirt-of-{secrets.token_hex(3)}", variants=sizes), poster),
    )
    platform = platform_published(a_platform(a_product("mug", inventory=2), version=1_000))
    asyncio.run(running.publish(platform, key="platform"))
    wait_until(lambda: "mug" in _platforms(running)["addOns"], what="the platform is heard")
    body = {"action": "restock", "productId": "mug", "quantity": 3, "by": "Inés"}
    bearer = {"Authorization": f"Bearer {ADMIN_SECRET}"}

    shown = running.http.get(f"/inventory/{slug}").json()
    stranger = running.http.post("/admin/inventory", json=body)
    wrong = running.http.post("/admin/inventory", json={**body, "amount": 1}, headers=bearer)
    changed = running.http.post("/admin/inventory", json=body, headers=bearer)

    assert shown["tiers"]["frame"]["remaining"] == 3
    assert {
        name.partition("__")[2]: each["remaining"] for name, each in shown["addOns"].items()
    } == {
        "variant__s": 4,
        "": 0,
    }
    assert (stranger.status_code, wrong.status_code) == (401, 400)
    assert changed.json() == {
        "success": True,
        "action": "restock",
        "campaignSlug": None,
        "tierId": None,
        "productId": "mug",
        "variantId": None,
        "before": {"limit": 2, "claimed": 0, "reserved": 0, "remaining": 2},
        "after": {"limit": 5, "claimed": 0, "reserved": 0, "remaining": 5},
    }
    assert _platforms(running)["addOns"]["mug"]["remaining"] == 5
    assert _platforms(running)["lowStockThreshold"] == 5


def _platforms(running: Running) -> dict[str, Any]:
    answer = running.http.get("/add-ons/inventory").raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def test_a_quote_names_add_ons_as_in_the_cart_and_keeps_answers_to_itself(
    running: Running,
) -> None:
    question = TierField(name="Name in the credits", is_required=True)
    product = f"shirt-of-{secrets.token_hex(3)}"
    sizes = (AddOnVariant(variant_id="s", label="S"),)
    slug = publish(
        running,
        tiers=(a_tier(fields=(question,)),),
        add_ons=(a_product(product, variants=sizes),),
    )
    frame = {"id": f"{slug}__frame", "fields": {"Name in the credits": "Zoë Ortega"}}
    shirt = {"id": f"addon__{product}__variant__s", "quantity": 2}

    answer = running.http.post("/quote", json={"items": [frame, shirt]})
    unanswered = running.http.post("/quote", json={"items": [{"id": frame["id"]}]})

    lines = answer.json()["campaigns"][0]["lines"]
    assert [(line["id"], line["amount"]) for line in lines] == [
        (frame["id"], 5_000),
        (shirt["id"], 4_000),
    ]
    assert "Ortega" not in answer.text
    assert list(unanswered.json()["fields"]) == ["items[0].fields.Name in the credits"]


def test_an_unsigned_webhook_is_a_401_and_a_large_one_a_413(running: Running) -> None:
    unsigned = running.http.post("/webhooks/stripe", content=b"{}")
    large = running.http.post("/webhooks/stripe", content=b"x" * (257 * 1024))

    assert unsigned.status_code == 401
    assert large.status_code == 413


def test_the_metrics_tell_how_stripe_answers(running: Running) -> None:
    slug = publish(running)
    running.start(f"{slug}__frame").raise_for_status()

    shown = running.http.get("/metrics").text

    assert 'stripe_calls_total{call="sessions.create",outcome="done"}' in shown


def test_the_dashboard_asks_what_stripe_told_with_the_operators_secret_alone(
    running: Running,
) -> None:
    running.execute(
        """
        INSERT INTO checkout.stripe_events (event_id, event_type, created_at, outcome, due_at)
        VALUES ('evt_waits', 'setup_intent.succeeded', now(), NULL, now() + interval '1 hour'),
               ('evt_parked', 'setup_intent.succeeded', now(), 'parked', now())
        """
    )
    operator = {"Authorization": f"Bearer {ADMIN_SECRET}"}

    nobody = running.http.get("/internal/webhooks")
    told = running.http.get("/internal/webhooks", headers=operator).json()
    watched = running.http.get("/internal/watched", headers=operator).json()
    running.execute("DELETE FROM checkout.stripe_events WHERE event_id LIKE 'evt_%'")

    assert nobody.status_code == 401
    assert told["waiting"] >= 1
    assert told["parked"] >= 1
    assert told["receivedToday"] >= 2
    assert {each["durable"] for each in watched["queues"]} == {
        "checkout-definitions",
        "checkout-pledges",
        "checkout-calendar",
    }

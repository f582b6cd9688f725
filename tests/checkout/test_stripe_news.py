"""What Stripe tells us, by kind: who acts upon it, and what it does to cards."""

import secrets
import time
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.events.checkout import CardSaved, CheckoutCompleted, StripeEventReceived
from services.chassis.stripe.client import StripeAway
from services.checkout.domain.stripe_news import (
    LISTED,
    OBJECT_BYTES_MAX,
    OURS,
    SETTLEMENTS,
    Concern,
    concern_of,
    read_event,
)
from services.checkout.handlers.guard_cards import CardLimits
from services.checkout.queries import stripe_events
from services.checkout.steps.apply_stripe import HANDLERS, Applying
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.read_back import end_stray_sessions, read_events_back
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.steps.store_event import store_event
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier
from tests.checkout.sandbox import DECLINED, Sandbox
from tests.checkout.webhooks import apply_due


def an_event(kind: str, facts: dict[str, Any], **envelope: Any) -> bytes:
    return msgspec.json.encode(
        {
            "id": f"evt_{secrets.token_hex(6)}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": f"x_{secrets.token_hex(4)}", **facts}},
            **envelope,
        }
    )


async def tell(floor: Floor, raw: bytes) -> bool:
    return await store_event(floor.pool, raw, is_live=False)


async def apply(floor: Floor, checkout: Checkout, limits: CardLimits | None = None) -> None:
    """Apply all that is due: read back is also what other tests did at the same Stripe."""
    while await apply_due(Applying(floor.pool, checkout.stripe, limits or checkout.limits)):
        continue


async def outcomes(floor: Floor) -> list[str | None]:
    rows = await floor.owner.fetch("SELECT outcome FROM stripe_events ORDER BY received_at")
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize(
    ("kind", "facts", "concern"),
    [
        *((kind, {}, "settlements") for kind in SETTLEMENTS),
        ("checkout.session.completed", {"mode": "setup", "metadata": {"orderId": "o"}}, "ours"),
        ("checkout.session.expired", {"mode": "setup", "metadata": {"updateId": "u"}}, "ours"),
        ("checkout.session.completed", {"mode": "payment", "metadata": {"orderId": "o"}}, ""),
        ("checkout.session.completed", {"mode": "setup", "metadata": {}}, ""),
        ("checkout.session.completed", {"mode": "setup", "metadata": None}, ""),
        ("setup_intent.setup_failed", {"metadata": {"orderId": "o"}}, "ours"),
        ("setup_intent.setup_failed", {"metadata": {}}, ""),
        ("setup_intent.succeeded", {"metadata": {"orderId": "o"}}, ""),
        ("payment_method.automatically_updated", {}, "ours"),
        ("payment_method.detached", {}, "ours"),
        ("mandate.updated", {}, "ours"),
        ("customer.deleted", {}, "ours"),
        ("balance.available", {}, ""),
        ("radar.early_fraud_warning.updated", {}, ""),
    ],
)
def test_who_acts_upon_an_event(kind: str, facts: dict[str, Any], concern: Concern | str) -> None:
    assert concern_of(*read_event(an_event(kind, facts))) == (concern or "nobodys")


def test_everything_that_is_ours_has_a_handler_and_is_read_back() -> None:
    assert set(HANDLERS) == set(OURS)
    assert set(LISTED) == {*OURS, *SETTLEMENTS}


async def test_news_about_money_travels_on_with_its_object_once(floor: Floor) -> None:
    raw = an_event("charge.updated", {"amount": 5_644, "balance_transaction": "txn_1"})

    first, again = await tell(floor, raw), await tell(floor, raw)
    event_id = msgspec.json.decode(raw)["id"]
    (told,) = await floor.said(StripeEventReceived, event_id)

    assert (first, again) == (False, False), "nothing for checkout itself to apply"
    assert told.stripe_type == "charge.updated"
    assert told.object["balance_transaction"] == "txn_1"
    assert told.object["id"] == told.object_id
    assert await outcomes(floor) == ["passed_on"]
    subject = await floor.owner.fetchval("SELECT subject FROM outbox")
    assert subject == "checkout.stripe_event_received.charge_updated"


async def test_an_object_the_bus_would_not_take_travels_by_its_id(floor: Floor) -> None:
    raw = an_event("charge.dispute.created", {"evidence": "x" * OBJECT_BYTES_MAX})

    await tell(floor, raw)
    (told,) = await floor.said(StripeEventReceived, msgspec.json.decode(raw)["id"])

    assert told.object is None
    assert told.object_id.startswith("x_")


async def test_what_is_nobodys_is_kept_by_its_id_alone(floor: Floor) -> None:
    await tell(floor, an_event("balance.available", {}))

    row = await floor.owner.fetchrow("SELECT outcome, payload FROM stripe_events")
    assert tuple(row) == ("ignored", None)


async def test_three_failed_cards_close_a_session(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None, "203.0.113.9")
    limits = CardLimits(per_session=3, per_hour=10)

    statuses = []
    for _ in range(3):
        sandbox.save_card(started.session_id, card=DECLINED)
        await read_events_back(floor.pool, checkout.stripe, is_live=False)
        await apply(floor, checkout, limits)
        statuses.append((await floor.order(started.order_id)).status)
    after = sandbox.save_card(started.session_id)

    assert statuses == ["open", "open", "expired"]
    assert after.status_code == 409, "no card can be tried there any more"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_a_card_that_works_after_two_that_did_not_is_a_pledge(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    for _ in range(2):
        sandbox.save_card(started.session_id, card=DECLINED)
    sandbox.save_card(started.session_id).raise_for_status()

    await read_events_back(floor.pool, checkout.stripe, is_live=False)
    await apply(floor, checkout, CardLimits(per_session=3, per_hour=10))

    assert (await floor.order(started.order_id)).status == "completed"


async def test_a_renewed_card_is_told_for_each_pledge_it_is_for(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    order = await floor.pledged(checkout, sandbox, f"{film.slug}__frame")
    method = await floor.card_of(order)
    sandbox.http.post(
        f"/v1/payment_methods/{method}", data={"card[exp_month]": 3, "card[exp_year]": 2044}
    ).raise_for_status()

    await read_events_back(floor.pool, checkout.stripe, is_live=False)
    await apply(floor, checkout)
    (told,) = await floor.said(CardSaved, order.order_id)

    assert (told.reason, told.card.exp_month, told.card.exp_year) == ("refreshed", 3, 2044)
    assert told.card.payment_method_id == method
    assert told.saved_at == order.completed_at


async def test_older_news_of_a_card_does_not_undo_newer(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    order = await floor.pledged(checkout, sandbox, f"{film.slug}__frame")
    method = sandbox.payment_method(await floor.card_of(order))

    for exp_year, age in ((2045, 10), (2044, 20)):
        method["card"]["exp_year"] = exp_year
        created = int(time.time()) - age
        raw = an_event("payment_method.automatically_updated", method, created=created)
        await tell(floor, raw)
        await apply(floor, checkout)

    assert [each.card.exp_year for each in await floor.said(CardSaved, order.order_id)] == [2045]


@pytest.mark.parametrize("kind", ["payment_method.detached", "mandate.updated", "customer.deleted"])
async def test_a_card_stripe_will_not_charge_is_noted(
    floor: Floor, checkout: Checkout, sandbox: Sandbox, kind: str
) -> None:
    film = await floor.publish()
    order = await floor.pledged(checkout, sandbox, f"{film.slug}__frame")
    (event,) = await floor.said(CheckoutCompleted, order.order_id)
    facts = {
        "payment_method.detached": {"id": event.card.payment_method_id},
        "mandate.updated": {
            "status": "inactive",
            "payment_method": event.card.payment_method_id,
        },
        "customer.deleted": {"id": event.card.customer_id, "deleted": True},
    }

    await tell(floor, an_event(kind, facts[kind]))
    await apply(floor, checkout)

    reason = await floor.owner.fetchval("SELECT unusable_because FROM cards")
    assert (
        reason
        == {
            "payment_method.detached": "detached",
            "mandate.updated": "mandate_inactive",
            "customer.deleted": "customer_deleted",
        }[kind]
    )
    assert await outcomes(floor) == ["applied"]


async def test_whose_customer_was_deleted_gets_another(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    cart = a_cart(f"{film.slug}__frame", email="noor@halfmoon.example")
    first = await start_checkout(checkout, cart, None)
    customer = sandbox.session(first.session_id)["customer"]
    sandbox.http.delete(f"/v1/customers/{customer}").raise_for_status()

    await read_events_back(floor.pool, checkout.stripe, is_live=False)
    await apply(floor, checkout)
    second = await start_checkout(checkout, cart, None)

    assert sandbox.session(second.session_id)["customer"] not in (None, customer)


async def test_with_every_webhook_lost_everything_still_arrives_once(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=9),))
    started = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(4)
    ]
    for each in started[:3]:
        sandbox.save_card(each.session_id).raise_for_status()
    sandbox.http.post(f"/v1/checkout/sessions/{started[3].session_id}/expire").raise_for_status()

    fresh = await read_events_back(floor.pool, checkout.stripe, is_live=False)
    again = await read_events_back(floor.pool, checkout.stripe, is_live=False)
    await apply(floor, checkout)
    orders = [await floor.order(each.order_id) for each in started]

    assert [order.status for order in orders] == ["completed"] * 3 + ["expired"]
    assert (fresh >= 4, again) == (True, 0), (
        "a look overlaps the last one, and stores nothing twice"
    )
    assert [len(await floor.said(CheckoutCompleted, each.order_id)) for each in orders[:3]] == [
        1,
        1,
        1,
    ]


async def test_a_long_list_is_read_to_its_end(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    customer = sandbox.http.post("/v1/customers", data={"email": "many@x.example"}).json()["id"]
    method = sandbox.http.post(
        "/v1/payment_methods/pm_card_visa/attach", data={"customer": customer}
    ).json()["id"]
    for year in range(2040, 2040 + 40):
        sandbox.http.post(
            f"/v1/payment_methods/{method}", data={"card[exp_year]": year}
        ).raise_for_status()
    # A hundred at a time: enough for more than one page.
    for number in range(80):
        sandbox.http.post(
            f"/v1/payment_methods/{method}", data={f"metadata[n{number % 40}]": number}
        ).raise_for_status()

    await read_events_back(floor.pool, checkout.stripe, is_live=False)

    told = await floor.owner.fetchval(
        "SELECT count(*) FROM stripe_events WHERE object_id = $1", method
    )
    assert told == 120


async def test_the_cursor_stays_where_it_is_when_stripe_breaks_off(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    await floor.pledged(checkout, sandbox, f"{film.slug}__frame")
    sandbox.faults(error_rate=1)

    with pytest.raises(StripeAway):
        await read_events_back(floor.pool, checkout.stripe, is_live=False)

    assert await floor.do(stripe_events.find_cursor) is None


async def test_a_session_nobody_waits_for_is_ended_and_others_are_not(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    stray, awaited = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    await floor.owner.execute(
        "UPDATE orders SET status = 'abandoned' WHERE order_id = $1", stray.order_id
    )
    early = await end_stray_sessions(floor.pool, checkout.stripe)
    await floor.move_clock(timedelta(minutes=11))

    await end_stray_sessions(floor.pool, checkout.stripe)

    assert early == 0, "a start may still be under way"
    assert sandbox.session(stray.session_id)["status"] == "expired"
    assert sandbox.session(awaited.session_id)["status"] == "open"


async def test_bodies_are_forgotten_after_thirty_days_and_events_after_ninety(
    floor: Floor,
) -> None:
    raws = [an_event("charge.updated", {}) for _ in range(4)]
    for raw in raws:
        await tell(floor, raw)
    ids = [msgspec.json.decode(raw)["id"] for raw in raws]
    for event_id, days in zip(ids, (1, 29, 31, 91), strict=True):
        await floor.owner.execute(
            "UPDATE stripe_events SET received_at = now() - make_interval(days => $2) "
            "WHERE event_id = $1",
            event_id,
            days,
        )
    await floor.owner.execute(
        "UPDATE stripe_events SET outcome = 'parked' WHERE event_id = $1", ids[1]
    )

    while await floor.do(stripe_events.forget_old, 1):
        pass

    rows = await floor.owner.fetch(
        "SELECT event_id, payload IS NOT NULL AS has_body FROM stripe_events ORDER BY received_at"
    )
    assert [tuple(row) for row in rows] == [(ids[2], False), (ids[1], True), (ids[0], True)]

"""The service as a process: bus, webhooks, clock, and the official SDK against the sandbox."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from contracts.events.checkout import CheckoutCompleted, CheckoutDrained
from contracts.quoting import QuoteRevision, RevisionQuoted, WantedLine
from services.checkout.domain.orders import order_hash
from tests.checkout.running import Running, order_of, pledge, publish, said, wait_for
from tests.checkout.samples import a_tier, abandoned, an_email, cancelled, created, modified
from tests.checkout.sandbox import wait_until

FIVE_FIGURES = {"subtotal", "shipping", "tax", "tipAmount", "tipPercent", "amount"}


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


def test_the_ledger_asks_for_a_revision_and_tells_what_became_of_it(running: Running) -> None:
    slug = publish(running, tiers=(a_tier(limit_total=5, is_stackable=True),))
    order = pledge(running, f"{slug}__frame")
    asked = QuoteRevision(
        pledge_id=order.pledges[0].pledge_id,
        order_id=order.order_id,
        campaign=order.pledges[0].campaign,
        revision=2,
        proposal=1,
        current=order.pledges[0].lines,
        wanted=(WantedLine(kind="tier", item_id="frame", quantity=3),),
        tip_percent=5,
    )

    answers = asyncio.run(running.ask(asked, times=20))
    proposed = running.inventory(slug)["frame"]
    quoted = answers[0]
    assert isinstance(quoted, RevisionQuoted)
    event = modified(order, quoted.pledge)
    asyncio.run(running.publish(event, created(order), event, abandoned(order), key=slug))
    wait_until(lambda: running.inventory(slug)["frame"]["claimed"] == 3, what="the commit heard")
    wait_for(running, order.order_id, "persisted")

    assert all(each == quoted for each in answers)
    assert (proposed["claimed"], proposed["reserved"]) == (1, 2)
    assert running.inventory(slug)["frame"]["reserved"] == 0


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


def test_killed_between_intention_and_stripe_nothing_is_leaked(running: Running) -> None:
    slug = publish(running, tiers=(a_tier(limit_total=1),))
    running.sandbox.faults(latency_ms=4_000)
    with ThreadPoolExecutor(1) as threads:
        lost = threads.submit(running.start, f"{slug}__frame", key="lost")
        wait_until(lambda: running.inventory(slug)["frame"]["reserved"] == 1, what="reserved")
        running.restart(signal.SIGKILL)
        assert lost.exception() is not None
    running.sandbox.faults(reset=True)
    held = running.inventory(slug)["frame"]["reserved"]

    # A minute passes: real time decides here, so it is moved for this one order.
    running.execute("UPDATE checkout.orders SET look_at = now() WHERE status = 'opening'")
    wait_until(lambda: running.inventory(slug)["frame"]["reserved"] == 0, what="given up")
    again = running.start(f"{slug}__frame", key="lost")

    assert held == 1
    assert again.status_code == 200
    assert running.inventory(slug)["frame"]["reserved"] == 1


def test_killed_while_webhooks_come_every_card_becomes_one_order(running: Running) -> None:
    slug = publish(running, tiers=(a_tier(limit_total=20),))
    sessions = [running.start(f"{slug}__frame").json() for _ in range(12)]

    def save(session: dict[str, Any]) -> None:
        running.sandbox.save_card(session["sessionId"]).raise_for_status()

    with ThreadPoolExecutor(4) as threads:
        for number, session in enumerate(sessions):
            threads.submit(save, session)
            if number in (4, 8):
                running.restart(signal.SIGKILL)
    for each in sessions:
        wait_for(running, each["orderId"], "completed")

    assert [len(said(running, CheckoutCompleted, each["orderId"])) for each in sessions] == [1] * 12
    assert running.inventory(slug)["frame"] == {
        "limit": 20,
        "claimed": 12,
        "reserved": 0,
        "remaining": 8,
    }


def test_it_stops_when_it_is_asked_to(running: Running) -> None:
    assert running.restart(signal.SIGTERM) == 0

"""Before and after the money: the notice, the fee, a refund, a dispute, and an early end."""

from typing import Any

import pytest

from tests.support.campaigns import TierText
from tests.support.platform import Platform, a_slug, an_email, eventually

pytestmark = pytest.mark.stack

SUBTOTAL, AMOUNT, FEE = 5_000, 5_644, 194


def stats(platform: Platform, slug: str) -> tuple[int, int, int]:
    """Return pledged, collected and given back, as everybody sees them."""
    found = platform.live(slug)["stats"]
    return found["pledgedAmount"], found["collectedAmount"], found["returnedAmount"]


def of_admin(platform: Platform, path: str) -> Any:
    answer = platform.http.get(path, headers=platform.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_charged_is_announced_then_given_back_and_all_figures_agree(
    platform: Platform,
) -> None:
    slug, noor, ines = platform.publish(a_slug("given")), an_email("noor"), an_email("ines")
    order = platform.pledge(slug, email=noor)["orderId"]
    platform.pledge(slug, email=ines)
    token = platform.token(platform.mail(noor, "Pledge confirmed | "))

    platform.close_campaign(slug)
    platform.wait_settled(slug)
    eventually(lambda: stats(platform, slug) == (2 * SUBTOTAL, 2 * SUBTOTAL, 0), what="collected")
    evidence = eventually(
        lambda: (found := of_admin(platform, f"/admin/evidence/{order}"))["money"] and found,
        what="the fee is known",
    )
    part = {"campaignSlug": slug, "orderId": order, "amount": 1_000}
    key = {"Idempotency-Key": f"a part of {order}"}
    answers = [
        platform.http.post("/admin/refunds", json=part, headers=platform.admin | key)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    mail = platform.mail(noor, "Refund | ")
    platform.as_operator("/admin/refunds", campaignSlug=slug)
    platform.wait_refunded(slug)
    platform.mail(ines, "Refund | ")
    eventually(lambda: stats(platform, slug) == (2 * SUBTOTAL, 0, 2 * SUBTOTAL), what="given back")
    record = platform.record(token)
    page = platform.http.get(f"/campaigns/{slug}/").text

    assert sorted((each["kind"], each["cents"]) for each in evidence["money"]) == [
        ("fee", -FEE),
        ("gross", AMOUNT),
    ]
    assert (evidence["amount"], evidence["email"]) == (AMOUNT, noor)
    assert "$10.00" in mail["text"]
    assert (record["pledgeStatus"], record["returnedAmount"]) == ("charged", AMOUNT)
    assert [each["type"] for each in record["history"]][-2:] == ["refunded", "refunded"]
    assert "Given back" in page
    assert of_admin(platform, f"/admin/refunds/{slug}")["amounts"] == {"succeeded": 2 * AMOUNT}
    mails = {each["kind"] for each in of_admin(platform, f"/admin/mails/{order}")}
    assert {"charge_notice", "payment_confirmed", "refunded"} <= mails
    platform.assert_in_sync(slug)


def test_a_bank_takes_money_back_and_the_dispute_is_won(platform: Platform) -> None:
    slug, email = platform.publish(a_slug("disputed")), an_email("teo")
    platform.pledge(slug, email=email)
    platform.close_campaign(slug)
    platform.wait_settled(slug)
    eventually(lambda: stats(platform, slug)[1] == SUBTOTAL, what="collected")
    (intent,) = platform.charges(slug)

    raised = platform.sandbox.post(f"/sandbox/payment-intents/{intent['id']}/dispute", json={})
    dispute = raised.json()["id"]
    eventually(lambda: stats(platform, slug) == (SUBTOTAL, 0, SUBTOTAL), what="withdrawn")
    bundle = of_admin(platform, f"/admin/disputes/{dispute}")
    platform.sandbox.post(f"/sandbox/disputes/{dispute}/decide", json={"outcome": "won"})
    eventually(lambda: stats(platform, slug) == (SUBTOTAL, SUBTOTAL, 0), what="won")

    assert (bundle["dispute"]["campaignSlug"], bundle["dispute"]["amount"]) == (slug, AMOUNT)
    assert bundle["charge"]["attempts"][-1]["state"] == "succeeded"
    assert platform.mails(email, "Refund") == []
    platform.assert_in_sync(slug)


def test_a_live_campaign_is_ended_early_and_nobody_is_ever_charged(platform: Platform) -> None:
    slug = platform.publish(a_slug("ended"), tiers=(TierText(limit_total=1),))
    email, late = an_email("noor"), an_email("late")
    platform.pledge(slug, email=email)

    first = platform.as_operator(f"/admin/campaigns/{slug}/cancel")
    again = platform.as_operator(f"/admin/campaigns/{slug}/cancel")
    page = platform.http.get(f"/campaigns/{slug}/").text
    platform.mail(email, "Campaign ended | ")
    eventually(
        lambda: platform.http.get(f"/inventory/{slug}").json()["tiers"]["frame"]["claimed"] == 0,
        what="the frame is free",
    )
    eventually(lambda: platform.start(slug, email=late).status_code == 409, what="nothing is sold")
    platform.advance(5)

    assert first == again
    assert "ended early" in page
    live = platform.live(slug)
    assert (live["campaign"]["effectiveState"], live["campaign"]["funded"]) == ("post", False)
    assert live["campaign"]["cancelled"] is True
    assert platform.charges(slug) == []
    assert (
        platform.http.post(
            f"/admin/campaigns/{a_slug('none')}/cancel", json={}, headers=platform.admin
        ).status_code
        == 404
    )
    platform.assert_in_sync(slug)


def test_two_days_before_the_deadline_supporters_are_told(platform: Platform) -> None:
    slug, email = platform.publish(a_slug("soon"), ends_in_days=3), an_email("noor")
    platform.pledge(slug, email=email)
    platform.pledge(slug, email=email)

    before = platform.mails(email, "Your card is charged soon")
    platform.advance(2)
    notice = platform.mail(email, "Your card is charged soon | ")

    assert before == []
    assert notice["text"].count("$56.44") == 2
    assert "$112.88" in notice["text"]

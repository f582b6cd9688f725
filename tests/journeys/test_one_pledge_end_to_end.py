"""The promise: saved now, charged once if funded, otherwise never."""

import pytest

from tests.support.campaigns import TierText
from tests.support.platform import DECLINED_LATER, Platform, a_slug, an_email, eventually

pytestmark = pytest.mark.stack

# $50, flat tax 7.875 % (393.75 rounded up), tip 5 %, nothing posted.
SUBTOTAL, TAX, TIP, AMOUNT = 5_000, 394, 250, 5_644


def test_a_pledge_is_mailed_managed_and_charged_once_after_the_deadline(
    platform: Platform,
) -> None:
    slug, email = platform.publish(a_slug("kept")), an_email("noor")

    platform.pledge(slug, email=email)
    confirmation = platform.mail(email, "Pledge confirmed | ")
    record = platform.record(platform.token(confirmation))
    live = eventually(
        lambda: (now := platform.live(slug))["stats"]["pledgeCount"] == 1 and now, what="live"
    )

    assert (record["subtotal"], record["tax"], record["tipAmount"], record["amount"]) == (
        SUBTOTAL,
        TAX,
        TIP,
        AMOUNT,
    )
    assert record["pledgeStatus"] == "active"
    assert record["canCancel"] is True
    assert live["stats"]["pledgedAmount"] == SUBTOTAL
    assert "$56.44" in confirmation["text"]
    assert platform.charges(slug) == []

    closed = platform.close_campaign(slug)
    platform.wait_settled(slug)
    platform.mail(email, "Payment confirmed | ")
    charges = platform.charges(slug)
    record = platform.record(platform.token(confirmation))

    assert closed["campaign"]["funded"] is True
    assert [(each["amount"], each["status"]) for each in charges] == [(AMOUNT, "succeeded")]
    assert record["pledgeStatus"] == "charged"
    assert record["canCancel"] is False
    eventually(
        lambda: platform.live(slug)["stats"]["collectedAmount"] == SUBTOTAL, what="collected"
    )
    platform.assert_in_sync(slug)


def test_two_pledges_of_one_address_are_one_charge_of_the_sum(platform: Platform) -> None:
    slug, email = platform.publish(a_slug("twice")), an_email("ines")

    platform.pledge(slug, email=email)
    platform.pledge(slug, email=email.replace("ines", "INES"))
    platform.close_campaign(slug)
    run = platform.wait_settled(slug)
    platform.mail(email, "Payment confirmed | ")
    charges = platform.charges(slug)

    assert run["planned"] == 1
    assert [(each["amount"], each["status"]) for each in charges] == [(2 * AMOUNT, "succeeded")]
    assert len(platform.mails(email, "Pledge confirmed | ")) == 2
    platform.assert_in_sync(slug)


def test_a_cancelled_pledge_is_never_charged(platform: Platform) -> None:
    slug = platform.publish(a_slug("withdrawn"))
    leaver, stayer = an_email("leaver"), an_email("stayer")

    platform.pledge(slug, email=leaver)
    platform.pledge(slug, email=stayer)
    token = platform.token(platform.mail(leaver, "Pledge confirmed | "))
    cancelled = platform.http.post("/pledge/cancel", json={"token": token})
    again = platform.http.post("/pledge/cancel", json={"token": token})
    platform.mail(leaver, "Pledge cancelled | ")
    platform.close_campaign(slug)
    platform.wait_settled(slug)

    assert cancelled.status_code == 200
    assert (again.status_code, again.json()["error"]) == (409, "pledge_cancelled")
    assert [each["amount"] for each in platform.charges(slug)] == [AMOUNT]
    assert platform.live(slug)["stats"]["pledgeCount"] == 1
    assert platform.mails(leaver, "Payment confirmed") == []
    platform.assert_in_sync(slug)


def test_an_unfunded_campaign_charges_nobody_and_tells_everybody(platform: Platform) -> None:
    slug, email = platform.publish(a_slug("missed"), goal="500"), an_email("noor")

    platform.pledge(slug, email=email)
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    closed = platform.close_campaign(slug)
    platform.mail(email, "Not funded | ")
    record = platform.record(token)

    assert closed["campaign"]["funded"] is False
    assert platform.charges(slug) == []
    assert record["pledgeStatus"] == "released"
    assert record["charged"] is False
    platform.assert_in_sync(slug)


def test_a_declined_card_is_payment_failed_and_told(platform: Platform) -> None:
    slug, email = platform.publish(a_slug("declined")), an_email("teo")

    platform.pledge(slug, email=email, card=DECLINED_LATER)
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    platform.close_campaign(slug)
    run = platform.wait_settled(slug)
    platform.mail(email, "Update payment method | ")
    record = platform.record(token)

    assert run["failed"] == 1
    assert run["succeeded"] == 0
    assert record["pledgeStatus"] == "payment_failed"
    assert record["canUpdatePaymentMethod"] is True
    assert [each["status"] for each in platform.charges(slug)] == ["requires_payment_method"]
    eventually(
        lambda: platform.live(slug)["stats"]["recoveringAmount"] == SUBTOTAL, what="recovering"
    )
    platform.assert_in_sync(slug)


def test_the_last_unit_is_sold_once_and_comes_back_when_its_pledge_is_cancelled(
    platform: Platform,
) -> None:
    slug = platform.publish(a_slug("last"), tiers=(TierText(limit_total=1),))
    first, second = an_email("first"), an_email("second")

    platform.pledge(slug, email=first)
    refused = platform.start(slug, email=second)
    token = platform.token(platform.mail(first, "Pledge confirmed | "))
    platform.http.post("/pledge/cancel", json={"token": token}).raise_for_status()
    eventually(
        lambda: platform.http.get(f"/inventory/{slug}").json()["tiers"]["frame"]["remaining"] == 1,
        what="unit free again",
    )
    platform.pledge(slug, email=second)

    assert (refused.status_code, refused.json()["error"]) == (409, "sold_out")
    assert platform.live(slug)["campaign"]["effectiveState"] == "live"
    platform.assert_in_sync(slug)

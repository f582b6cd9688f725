"""When the bank says no: another card, a word with the bank, or too late. And support after it."""

import re
from typing import Any

import pytest

from tests.support.campaigns import TierText
from tests.support.platform import (
    DECLINED_LATER,
    GOOD_CARD,
    Platform,
    a_slug,
    an_email,
    eventually,
)

pytestmark = pytest.mark.stack

NEEDS_BANK = "4000002760003184"
PAY_LINK = re.compile(r"https?://[^\s\"'<>]+(/pay/[A-Za-z0-9_.-]+)")
SUBTOTAL, AMOUNT = 5_000, 5_644


def pledged(platform: Platform, slug: str, name: str, card: str, **more: Any) -> tuple[str, str]:
    """Return the address and the link's key of somebody who pledged with that card."""
    email = an_email(name)
    platform.pledge(slug, email=email, card=card, **more)
    return email, platform.token(platform.mail(email, "Pledge confirmed | "))


def use_card(platform: Platform, token: str, email: str, card: str = GOOD_CARD) -> None:
    """Save another card, as the manage page does."""
    started = platform.http.post("/pledge/payment-method/start", json={"token": token})
    assert started.status_code == 200, started.text
    session = started.json()["sessionId"]
    assert platform.save_card(session, email=email, card=card).status_code == 200
    done = platform.http.post(
        "/pledge/payment-method/complete", json={"token": token, "sessionId": session}
    )
    assert done.status_code == 200, done.text


def until_paid(platform: Platform, token: str) -> dict[str, Any]:
    """Wait until the pledge is charged; return its record."""
    return eventually(
        lambda: (record := platform.record(token))["charged"] and record, what="charged"
    )


def test_another_card_or_a_word_with_the_bank_pays_and_the_third_is_too_late(
    platform: Platform,
) -> None:
    tiers = (TierText(limit_total=3), TierText(id="after", late_support=True))
    slug = platform.publish(a_slug("mended"), tiers=tiers)
    noor, noors = pledged(platform, slug, "noor", DECLINED_LATER)
    _, inas = pledged(platform, slug, "ina", NEEDS_BANK)
    teo, teos = pledged(platform, slug, "teo", DECLINED_LATER)
    platform.close_campaign(slug)
    platform.wait_settled(slug)

    # Everybody is told at once, and shown until when.
    platform.mail(noor, "Update payment method | ")
    recovery = eventually(lambda: platform.record(noors)["recovery"], what="recovery")
    assert recovery["endsAt"] > recovery["nextAttemptAt"]
    assert platform.live(slug)["stats"]["recoveringAmount"] == 3 * SUBTOTAL

    use_card(platform, noors, noor)
    until_paid(platform, noors)
    platform.mail(noor, "Payment confirmed | ")

    _confirm_at_the_bank(platform, inas)
    until_paid(platform, inas)

    _too_late(platform, slug, teo, teos)

    charges = platform.charges(slug)
    assert sorted(each["status"] for each in charges) == ["canceled", "succeeded", "succeeded"]
    run = platform.http.get(f"/admin/settlements/{slug}", headers=platform.admin).json()
    assert (run["status"], run["succeeded"], run["lost"]) == ("settled", 2, 1)
    assert run["certificate"]["addsUp"]
    _late_support(platform, slug)
    platform.assert_in_sync(slug)


def _confirm_at_the_bank(platform: Platform, token: str) -> None:
    """Follow the mail's link, and answer the bank as the person would."""
    page = platform.http.get(f"/pay/{token}", headers={"Accept": "text/html"})
    assert "data-manage" in page.text
    shown = platform.http.get(f"/pay/{token}").json()
    assert (shown["status"], shown["amount"]) == ("declined", AMOUNT)
    assert shown["recovery"]["needsAuthentication"]

    answer = platform.http.post("/pledge/authenticate/start", json={"token": token})
    assert answer.status_code == 200, answer.text
    secret, method = answer.json()["clientSecret"], answer.json()["paymentMethod"]
    confirmed = platform.sandbox.post(
        "/elements/confirm-payment", json={"clientSecret": secret, "paymentMethod": method}
    )
    assert confirmed.json()["paymentIntent"]["status"] == "requires_action"
    intent = secret.partition("_secret_")[0]
    platform.sandbox.post(
        f"/sandbox/payment-intents/{intent}/authenticate", json={"succeed": True}
    ).raise_for_status()


def _too_late(platform: Platform, slug: str, email: str, token: str) -> None:
    """Let the window end: every door is shut, the unit is free, and nothing is owed."""
    platform.advance(8)
    eventually(lambda: platform.record(token)["lostAt"], what="lost")
    platform.mail(email, "Not paid | ")
    live = eventually(
        lambda: (now := platform.live(slug))["campaign"]["charged"] and now, what="charged"
    )

    for answer in (
        platform.http.get(f"/pay/{token}"),
        platform.http.post("/pledge/authenticate/start", json={"token": token}),
        platform.http.post("/pledge/payment-method/start", json={"token": token}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (409, "recovery_closed")
    record = platform.record(token)
    assert (record["recovery"], record["canUpdatePaymentMethod"]) == (None, False)
    stats = live["stats"]
    assert stats["pledgedAmount"] == 3 * SUBTOTAL
    assert (stats["collectedAmount"], stats["lostAmount"]) == (2 * SUBTOTAL, SUBTOTAL)
    assert stats["recoveringAmount"] == 0
    frame = eventually(
        lambda: (
            (tier := platform.http.get(f"/inventory/{slug}").json()["tiers"]["frame"])["remaining"]
            and tier
        ),
        what="a free unit",
    )
    assert frame["claimed"] == 2


def _late_support(platform: Platform, slug: str) -> None:
    """What the author left open is sold again, charged at once, beside the final total."""
    over = platform.start(slug, email=an_email("late"), tier="frame")
    assert over.json()["error"] == "deadline_passed"
    _, token = pledged(platform, slug, "mara", GOOD_CARD, tier="after")

    assert until_paid(platform, token)["isLate"]
    stats = eventually(
        lambda: (now := platform.live(slug)["stats"])["lateSupportAmount"] and now, what="late"
    )
    assert (stats["lateSupportAmount"], stats["pledgedAmount"]) == (SUBTOTAL, 3 * SUBTOTAL)
    (late,) = [
        each for each in platform.charges(slug) if each["metadata"]["purpose"].startswith("late:")
    ]
    assert (late["status"], late["amount"]) == ("succeeded", AMOUNT)

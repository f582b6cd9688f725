"""After the bank said no: the page of the pledge, another card, the bank's window, too late."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_a_person_pledges import fill_card
from tests.support.platform import (
    DECLINED_LATER,
    GOOD_CARD,
    Platform,
    a_slug,
    an_email,
    eventually,
)

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]
NEEDS_BANK = "4000002760003184"
PAY_LINK = re.compile(r"https?://[^\s\"'<>]+/pay/[A-Za-z0-9_.-]+")


def test_another_card_and_too_late(platform: Platform, open_page: OpenPage, keep: Keep) -> None:
    slug = platform.publish(a_slug("broke"))
    noor, teo = an_email("noor"), an_email("teo")
    for email in (noor, teo):
        platform.pledge(slug, email=email, card=DECLINED_LATER)
    noors, teos = (
        platform.token(platform.mail(email, "Pledge confirmed | ")) for email in (noor, teo)
    )
    platform.pledge(slug, email=noor, card=DECLINED_LATER)
    platform.close_campaign(slug)
    platform.wait_settled(slug)
    eventually(lambda: platform.record(noors)["recovery"], what="recovery")

    page = open_page(360)
    page.goto(f"/manage/?t={noors}")
    expect(
        page.get_by_text("Your card is charged $112.88, once, for your 2 pledges")
    ).to_be_visible()
    page.get_by_role("button", name="Use another card").click()
    expect(page.get_by_role("button", name="Save the card and pay")).to_be_visible()
    fill_card(page, GOOD_CARD)
    keep(page, "manage-another-card")
    page.get_by_role("button", name="Save the card and pay").click()
    expect(page.locator(".tag").get_by_text("Paid")).to_be_visible(timeout=20_000)
    platform.mail(noor, "Payment confirmed | ")

    platform.advance(8)
    eventually(lambda: platform.record(teos)["lostAt"], what="lost")
    late = open_page(1280)
    late.goto(f"/manage/?t={teos}")
    expect(late.locator(".tag").get_by_text("Not paid")).to_be_visible()
    expect(late.get_by_role("button", name="Use another card")).to_have_count(0)
    keep(late, "manage-too-late")


def test_the_bank_asks_and_the_person_answers(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug, email = platform.publish(a_slug("asked")), an_email("ina")
    platform.pledge(slug, email=email, card=NEEDS_BANK)
    platform.close_campaign(slug)
    platform.wait_settled(slug)
    found = PAY_LINK.search(platform.mail(email, "Confirm your payment | ")["text"])
    assert found is not None

    page = open_page(1280)
    page.goto(found[0])
    expect(page.get_by_text("Your card is charged $56.44, once, as soon as")).to_be_visible()
    assert "/pay/" not in page.url, "the key must leave the address bar at once"
    keep(page, "manage-needs-bank")
    page.get_by_role("button", name="Confirm at my bank").click()
    bank = page.frame_locator("iframe[src*='elements/challenge']")
    bank.get_by_role("button").first.click()

    expect(page.locator(".tag").get_by_text("Paid")).to_be_visible(timeout=20_000)
    assert [each["status"] for each in platform.charges(slug)] == ["succeeded"]

"""What a person does: choose, save a card, read the mail, look after the pledge, wait."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.support.platform import (
    DECLINED_LATER,
    GOOD_CARD,
    MANAGE_LINK,
    Platform,
    RunningStack,
    a_slug,
    an_email,
    eventually,
)

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]

AMOUNT = 5_644
"""$50, 7.875 % tax (393.75 rounded up), 5 % tip."""


def choose_reward(page: Page, slug: str, language: str = "") -> None:
    """Put the one reward of a test campaign into the cart."""
    page.goto(f"{language}/campaigns/{slug}/")
    page.get_by_role("button", name=re.compile(r"\$50")).first.click()
    expect(page.get_by_role("dialog").locator(".totals__row--last")).to_be_visible()


def card_form(page: Page) -> FrameLocator:
    """Return the payment element: an iframe of another origin, as Stripe's is."""
    return page.frame_locator("iframe[src*='elements/payment']")


def fill_card(page: Page, card: str) -> None:
    """Type a card into Stripe's fields."""
    form = card_form(page)
    form.get_by_label(re.compile("card number|número", re.I)).fill(card)
    form.get_by_label(re.compile("expir|caduc|venc", re.I)).fill("12 / 39")
    form.get_by_label(re.compile("security|seguridad|cvc", re.I)).fill("123")
    form.get_by_label(re.compile("zip|postal", re.I)).fill("87101")


def save_card(page: Page, email: str, card: str = GOOD_CARD) -> None:
    """Go through the second step of the cart to its end."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("Continue to card|Seguir a la tarjeta")).click()
    dialog.locator("input[type=email]").fill(email)
    dialog.locator("input[type=email]").press("Tab")
    fill_card(page, card)
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name=re.compile("Save card|Guardar tarjeta")).click()


@pytest.mark.parametrize("width", [360, 1280])
def test_pledge_mail_manage_deadline_one_charge(
    platform: Platform, open_page: OpenPage, keep: Keep, width: int
) -> None:
    slug, email = platform.publish(a_slug("seen")), an_email("noor")
    page = open_page(width)

    page.goto("/")
    keep(page, "home")
    choose_reward(page, slug)
    keep(page, "cart")
    save_card(page, email)
    page.wait_for_url("**/pledge-success/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not charged")
    keep(page, "success")

    mail = platform.mail(email, "Pledge confirmed | ")
    found = MANAGE_LINK.search(mail["text"])
    assert found is not None
    page.goto(found[0])
    expect(page.get_by_text("Card saved, not charged").first).to_be_visible()
    assert "t=" not in page.url, "the key must leave the address bar at once"
    keep(page, "manage-active")

    platform.close_campaign(slug)
    platform.wait_settled(slug)
    platform.mail(email, "Payment confirmed | ")
    page.reload()
    expect(page.get_by_text("Paid").first).to_be_visible()
    keep(page, "manage-paid")
    page.goto(f"/campaigns/{slug}/")
    keep(page, "campaign-funded")

    assert [each["amount"] for each in platform.charges(slug)] == [AMOUNT]
    platform.assert_in_sync(slug)


def test_cancelling_is_one_question_away(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug, email = platform.publish(a_slug("leaving")), an_email("ines")
    platform.pledge(slug, email=email)
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    page = open_page(360)

    page.goto(f"/manage/?t={token}")
    page.locator("summary.quiet--bad").click()
    keep(page, "cancel-question")
    page.get_by_role("button", name="Cancel this pledge").click()
    expect(page.get_by_text("You were not charged").first).to_be_visible()
    keep(page, "manage-cancelled")

    platform.mail(email, "Pledge cancelled | ")
    assert platform.record(token)["pledgeStatus"] == "cancelled"


def test_a_card_declined_at_the_deadline_is_said_plainly(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug, email = platform.publish(a_slug("refused")), an_email("teo")
    platform.pledge(slug, email=email, card=DECLINED_LATER)
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    platform.close_campaign(slug)
    platform.wait_settled(slug)
    platform.mail(email, "Update payment method | ")
    page = open_page(1280)

    page.goto(f"/manage/?t={token}")
    expect(page.get_by_text("Card declined").first).to_be_visible()
    keep(page, "manage-declined")
    page.goto(f"/campaigns/{slug}/")
    keep(page, "campaign-recovering")


def test_the_open_page_counts_a_pledge_made_elsewhere(
    platform: Platform, open_page: OpenPage
) -> None:
    slug = platform.publish(a_slug("watched"), goal="100")
    page = open_page(1280)
    page.goto(f"/campaigns/{slug}/")
    expect(page.get_by_text("$0", exact=True).first).to_be_visible()

    platform.pledge(slug, email=an_email("far"))

    expect(page.get_by_text("$50", exact=True).first).to_be_visible(timeout=5_000)


def test_spanish_from_the_first_page_to_the_mail(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug, email = platform.publish(a_slug("hablado")), an_email("lucia")
    page = open_page(360)

    choose_reward(page, slug, language="/es")
    keep(page, "es-cart")
    save_card(page, email)
    page.wait_for_url("**/es/**/pledge-success/**")
    keep(page, "es-success")
    mail = eventually(lambda: platform.mails(email), what="mail")[0]

    assert "Tu tarjeta está guardada, no cobrada" in mail["text"]
    assert "/es/manage/" in mail["text"]


@pytest.mark.parametrize("path", ["/", "/about/", "/terms/", "/privacy/", "/es/"])
def test_pages_read_without_scripts(browser: Browser, stack: RunningStack, path: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    answer = page.goto(stack.site + path)

    assert answer is not None
    assert answer.status == 200
    assert len(page.locator("main").inner_text()) > 40
    context.close()

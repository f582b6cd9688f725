"""What a cart survives: a lost connection, a reload, another price, a faster person."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deploy.local.sql import run_sql
from tests.support.campaigns import TierText
from tests.support.platform import Platform, a_slug, an_email
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]

ABOUT_A_PERSON = re.compile(r"halfmoon|Noor|Alder|email|postalCode|city", re.I)


def put_in(page: Page, slug: str, query: str = "") -> None:
    page.goto(f"/campaigns/{slug}/{query}")
    page.locator("#tier-frame").get_by_role("button").click()
    expect(page.locator(".totals__row--last")).to_be_visible()


def to_card(page: Page, email: str) -> None:
    page.get_by_role("button", name="Continue to card").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Email").press("Tab")


def test_without_a_connection_nothing_is_lost(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug = platform.publish(a_slug("cut-off"), tiers=(TierText(stackable=True),))
    page = open_page(360)
    put_in(page, slug)

    page.context.set_offline(True)
    page.get_by_role("button", name="One more").click()
    expect(page.locator("#trouble")).to_contain_text("You seem to be offline.")
    expect(page.locator("#trouble")).to_be_focused()
    keep(page, "cart-offline")
    page.context.set_offline(False)

    # It goes on by itself: nobody has to press anything.
    expect(page.locator("#trouble")).to_have_count(0)
    expect(page.locator(".item__price")).to_have_text("$100.00")


def test_a_page_that_is_reloaded_goes_on_where_it_was(
    platform: Platform, open_page: OpenPage
) -> None:
    slug, email = platform.publish(a_slug("again")), an_email("noor")
    page = open_page(1280)
    put_in(page, slug)
    page.goto("/cart/")
    to_card(page, email)
    expect(page.locator("iframe[src*='elements/payment']").first).to_be_visible()

    page.reload()

    expect(page.get_by_role("heading", name="Save your card")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(email)
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert slug in kept
    assert not ABOUT_A_PERSON.search(kept), kept


def test_another_tab_and_another_day_find_the_cart_but_nobodys_address(
    platform: Platform, open_page: OpenPage
) -> None:
    slug = platform.publish(a_slug("later"))
    page = open_page(1280)
    put_in(page, slug)
    to_card(page, an_email("noor"))

    other = page.context.new_page()
    other.goto("/cart/")

    expect(other.locator(".item")).to_have_count(1)
    other.get_by_role("button", name="Continue to card").click()
    expect(other.get_by_label("Email")).to_have_value("")


def test_a_price_that_changed_is_said_with_both_figures(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug = a_slug("dearer")
    platform.publish(slug)
    page = open_page(1280)
    put_in(page, slug)
    page.get_by_role("button", name="Continue to card").click()
    expect(page.get_by_label("Email")).to_be_visible()
    platform.publish(slug, tiers=(TierText(price="65"),))

    page.get_by_label("Email").fill(an_email("noor"))
    page.get_by_label("Email").press("Tab")

    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("The price changed while you were reading.")
    expect(trouble).to_contain_text("$50.00")
    expect(trouble).to_contain_text("$65.00")
    keep(page, "cart-price-changed")
    expect(page.get_by_role("checkbox")).not_to_be_checked()


def test_who_was_slower_is_told_which_thing_and_can_go_on(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    last, other = TierText(limit_total=1), TierText(id="other", name="Another", price="10")
    slug = platform.publish(a_slug("last"), tiers=(last, other))
    page = open_page(360)
    put_in(page, slug)
    page.keyboard.press("Escape")
    page.locator("#tier-other").get_by_role("button").click()
    expect(page.locator(".item")).to_have_count(2)
    page.get_by_role("button", name="Continue to card").click()
    platform.start(slug, email=an_email("faster")).raise_for_status()

    page.get_by_label("Email").fill(an_email("slower"))
    page.get_by_label("Email").press("Tab")
    expect(page.locator("#trouble")).to_contain_text("is sold out")
    keep(page, "cart-sold-out")
    page.locator("#trouble").get_by_role("button").click()

    expect(page.locator("#trouble")).to_have_count(0)
    expect(page.locator("iframe[src*='elements/payment']").first).to_be_visible()


def test_where_somebody_came_from_is_kept_with_the_order(
    platform: Platform, open_page: OpenPage, stack: Stack
) -> None:
    slug, email = platform.publish(a_slug("told")), an_email("noor")
    page = open_page(1280)
    page.goto("/?ref=zine&utm_source=letter&utm_medium=print")
    put_in(page, slug)
    to_card(page, email)
    expect(page.locator("iframe[src*='elements/payment']").first).to_be_visible()

    said = run_sql(
        stack.owner_url,
        f"SELECT attribution::text FROM checkout.orders WHERE email = '{email}'",
    )

    assert json.loads(said.strip())["ref"] == "zine"

"""A bundle of two films with an add-on: by mouse, by keyboard alone, and without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Response, expect

from tests.browser.films import Films
from tests.support.platform import GOOD_CARD, Platform, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]

ADDRESS = {
    "name": "Noor Valdecasas",
    "address1": "1140 Alder Court NW",
    "city": "Albuquerque",
    "postalCode": "87104",
}


@pytest.fixture
def films(platform: Platform) -> Films:
    return Films(platform)


def drawer(page: Page) -> Locator:
    return page.get_by_role("dialog")


def settled(page: Page) -> None:
    """Wait until the cart shows what the server said last."""
    expect(page.locator("[data-cart]")).to_have_attribute("aria-busy", "false")


def total(page: Page) -> str:
    return page.locator(".totals__row--last dd").inner_text()


def card_form(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[src*='elements/payment']")


def record_of(platform: Platform, email: str, film: str) -> dict[str, Any]:
    """Return the pledge to a film, by the link in its own mail."""

    def found() -> dict[str, Any] | None:
        # Each pledge of a bundle has a mail of its own, and they come one after the other.
        mails = platform.mails(email, "Pledge confirmed | ")
        tokens = {
            token for mail in mails for token in re.findall(r"manage/\?t=([\w.-]+)", mail["text"])
        }
        records = [platform.record(token) for token in tokens]
        return next((each for each in records if each["campaignSlug"] == film), None)

    return eventually(found, what=f"{email}: {film}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_bundle_by_mouse(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep, width: int
) -> None:
    email = an_email("noor")
    page = open_page(width)

    page.goto(f"/campaigns/{films.salt}/?ref=zine&utm_source=letter")
    keep(page, "bundle-campaign")
    page.locator("#tier-frame").get_by_role("button").click()
    settled(page)
    expect(page.locator("#tier-frame")).to_contain_text("In your cart")
    page.locator(f"#variant-{films.tote}").select_option("rust")
    page.locator(f"#extra-{films.tote}").get_by_role("button", name="Add").click()
    settled(page)
    expect(drawer(page).locator(".item")).to_have_count(2)
    page.keyboard.press("Escape")

    page.goto(f"/campaigns/{films.harbour}/")
    page.locator("#tier-rope").get_by_role("button").click()
    settled(page)
    expect(drawer(page).locator(".item")).to_have_count(3)
    more = page.get_by_role("button", name="One more of Frame and credit")
    more.click()
    more.click()
    settled(page)
    expect(page.get_by_role("textbox", name="Quantity of Frame and credit")).to_have_value("3")
    page.get_by_role("button", name="One less of Frame and credit").click()
    settled(page)
    keep(page, "bundle-cart")

    before = total(page)
    page.locator("label", has_text=re.compile("^0%$")).click()
    settled(page)
    assert total(page) != before
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "0%, $0.00")
    page.get_by_role("button", name="Continue to card").click()
    expect(page.locator("#trouble")).to_contain_text("Fill in: Your frame number.")
    expect(page.locator("#trouble")).to_be_focused()
    page.get_by_label("Your frame number").fill("1147")
    page.get_by_role("button", name="Continue to card").click()

    page.get_by_label("Email").fill(email)
    for name, value in ADDRESS.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#province").select_option("NM")
    settled(page)
    page.get_by_label("Signature on delivery", exact=False).first.check()
    settled(page)
    form = card_form(page)
    form.get_by_label(re.compile("card number", re.I)).fill(GOOD_CARD)
    form.get_by_label(re.compile("expir", re.I)).fill("12 / 39")
    form.get_by_label(re.compile("security", re.I)).fill("123")
    form.get_by_label(re.compile("zip|postal", re.I)).fill("87104")
    keep(page, "bundle-card")
    page.get_by_role("checkbox").check()
    page.get_by_text("See how it adds up").click()
    shown = total(page)
    page.get_by_role("button", name="Save card").click()

    page.wait_for_url("**/pledge-success/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not charged")
    expect(page.locator(".receipt")).to_contain_text("The tote bag, Rust")
    assert total(page) == shown
    keep(page, "bundle-success")
    expect(page.locator("[data-cart-open]")).to_have_count(0)
    salt, harbour = (record_of(platform, email, slug) for slug in (films.salt, films.harbour))
    assert salt["tipAmount"] == harbour["tipAmount"] == 0
    assert salt["shippingOption"] == "signature_required"
    assert salt["amount"] + harbour["amount"] == int(re.sub(r"\D", "", shown))
    page.goto("/")
    expect(page.locator("[data-cart-open]")).to_have_text("Cart")


def test_a_bundle_by_keyboard_alone(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    email = an_email("ines")
    page = open_page(1280)
    keys = page.keyboard

    page.goto(f"/campaigns/{films.harbour}/")
    reach(page, page.locator("#tier-rope button"))
    keys.press("Enter")
    settled(page)
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#tier-rope button")).to_be_focused()

    page.goto(f"/campaigns/{films.salt}/")
    reach(page, page.locator("#tier-frame button"))
    keys.press("Space")
    settled(page)
    reach(page, page.locator(f"#extra-{films.tote} button"))
    keys.press("Enter")
    settled(page)
    expect(drawer(page).locator(".item")).to_have_count(3)
    reach(page, page.get_by_label("Your frame number"))
    keys.type("12")
    reach(page, page.locator("[name=tip-stop]:checked"))
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    settled(page)
    expect(page.locator("[data-tip-amount]")).to_have_text("$0.00")
    reach(page, page.get_by_role("slider"))
    keys.press("ArrowRight")
    settled(page)
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"^1%, \$"))
    keys.press("ArrowLeft")
    settled(page)
    keep(page, "keyboard-cart")
    reach(page, page.get_by_role("button", name="Continue to card"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Save your card")).to_be_focused()

    reach(page, page.get_by_role("button", name="Save card"))
    keys.press("Enter")
    expect(page.locator("#trouble")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_label("Email")).to_be_focused()
    keys.type(email)
    for name, value in ADDRESS.items():
        reach(page, page.locator(f"#{name}"))
        keys.type(value)
    reach(page, page.locator("#province"))
    keys.type("New Mex")
    settled(page)
    number = card_form(page).get_by_label(re.compile("card number", re.I))
    expect(number).to_be_visible()
    reach(page, page.locator("[name=option]:checked"))
    # Another price is another checkout, whose card form takes the first one's place.
    with page.expect_response(is_started):
        keys.press("ArrowDown")
    settled(page)
    expect(page.locator("[name=option][value=signature_required]")).to_be_checked()
    reach(page, number)
    keys.type(GOOD_CARD)
    for field, value in (("expir", "1239"), ("security", "123"), ("zip|postal", "87104")):
        reach(page, card_form(page).get_by_label(re.compile(field, re.I)))
        keys.type(value)
    reach(page, page.get_by_role("checkbox"))
    keys.press("Space")
    reach(page, page.get_by_role("button", name="Save card"))
    keys.press("Enter")

    page.wait_for_url("**/pledge-success/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not charged")
    salt = record_of(platform, email, films.salt)
    assert (salt["tipPercent"], salt["shippingOption"]) == (0, "signature_required")


def is_started(answer: Response) -> bool:
    """Tell whether the server has begun a checkout: a drawing of the cart is no JSON."""
    return answer.url.endswith("/cart/") and "json" in answer.headers.get("content-type", "")


def reach(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus: what cannot be reached so is no control."""
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {target}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_bundle_without_scripts(
    platform: Platform, films: Films, open_plain_page: OpenPage, keep: Keep, width: int
) -> None:
    email = an_email("teo")
    page = open_plain_page(width)

    page.goto(f"/campaigns/{films.salt}/?ref=zine")
    page.locator("#tier-frame").get_by_role("button").click()
    page.locator(f"#variant-{films.tote}").select_option("rust")
    page.locator(f"#extra-{films.tote}").get_by_role("button", name="Add").click()
    page.locator("#pick").select_option(f"{films.harbour}__rope")
    page.locator(".more").get_by_role("button", name="Add").click()
    expect(page.locator(".item")).to_have_count(3)
    page.get_by_label("Your frame number").fill("1147")
    page.locator("label", has_text=re.compile("^0%$")).click()
    page.get_by_role("button", name="Set the tip").click()
    expect(page.get_by_label("Your frame number")).to_have_value("1147")
    keep(page, "plain-cart")
    page.get_by_role("button", name="Continue to card").click()

    page.get_by_label("Email").fill("teo@halfmoon")
    for name, value in {**ADDRESS, "province": "New Mexico"}.items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Go on to Stripe's card page").click()
    expect(page.locator("#trouble")).to_contain_text("Check the email address.")
    expect(page.locator("#city")).to_have_value("Albuquerque")
    keep(page, "plain-trouble")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Work out the total").click()
    page.get_by_label("Signature on delivery", exact=False).first.check()
    page.get_by_role("button", name="Work out the total").click()
    page.get_by_role("checkbox").check()
    keep(page, "plain-card")
    page.get_by_role("button", name="Go on to Stripe's card page").click()

    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill(GOOD_CARD)
    page.get_by_label("Expiration date").fill("12 / 39")
    page.get_by_label("Security code").fill("123")
    fill_rest(page)
    page.get_by_role("button", name="Save card").click()

    page.wait_for_url("**/pledge-success/**")
    # Nobody presses anything: the page looks again by itself until the pledge is there.
    expect(page.get_by_text("Pledge confirmed")).to_be_visible(timeout=30_000)
    expect(page.locator(".receipt")).to_contain_text("The tote bag, Rust")
    keep(page, "plain-success")
    salt = record_of(platform, email, films.salt)
    assert (salt["tipAmount"], salt["shippingOption"]) == (0, "signature_required")


def fill_rest(page: Page) -> None:
    """Fill in what Stripe's page asks besides the card, as far as it asks."""
    for label, value in (
        ("Name on card", "Noor Valdecasas"),
        ("Address", ADDRESS["address1"]),
        ("City", ADDRESS["city"]),
        ("State or province", "NM"),
        ("ZIP or postal code", ADDRESS["postalCode"]),
    ):
        field = page.get_by_label(label, exact=True)
        if field.count():
            field.fill(value)

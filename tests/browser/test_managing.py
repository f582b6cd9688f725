"""A person changes and cancels a pledge: by mouse, by keyboard, and without scripts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.support.platform import Platform, RunningStack, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]
ADDRESS = {
    "name": "Noor Haddad",
    "address1": "12 Harbor Street",
    "city": "Albuquerque",
    "province": "NM",
    "postalCode": "87101",
    "country": "US",
}


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """Two films for a bundle."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def pledged(platform: Platform, films: Films, name: str, **more: Any) -> tuple[str, str]:
    """Pledge for a frame; return the address and the link's token."""
    email = an_email(name)
    platform.pledge(
        films.salt,
        email=email,
        items=[{"id": f"{films.salt}__frame", "quantity": 1, "fields": {"Your frame number": "7"}}],
        shippingAddress=ADDRESS,
        **more,
    )
    mail = eventually(lambda: platform.mails(email), what=f"a mail to {email}")[0]
    return email, platform.token(mail)


def total(page: Page) -> Locator:
    """Return the last row of the sums beside the form."""
    return page.locator(".edit__sums .totals__row--last dd")


def card_form(page: Page) -> FrameLocator:
    """Return Stripe's form."""
    return page.frame_locator("iframe[src*='elements/payment']")


def fill_card(page: Page, number: str) -> None:
    """Type a card."""
    form = card_form(page)
    form.get_by_label(re.compile("card number|número", re.I)).fill(number)
    form.get_by_label(re.compile("expir|caduc|venc", re.I)).fill("12 / 39")
    form.get_by_label(re.compile("security|seguridad|cvc", re.I)).fill("123")
    form.get_by_label(re.compile("zip|postal", re.I)).fill("87101")


def test_a_pledge_is_changed_with_its_delivery_and_the_second_tab_hears_of_it(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    _, token = pledged(platform, films, "noor")
    page, other = open_page(1280), open_page(360)
    for each in (page, other):
        each.goto(f"/manage/?t={token}")
        expect(each.get_by_text("Card saved, not charged")).to_be_visible()
        assert token not in each.url
        keep(each, "manage-active")
        assert_accessible(each)
        each.get_by_role("button", name="Change pledge").click()
        expect(each.locator("#edit-title")).to_be_focused()
        keep(each, "manage-editing")
    before = total(page).inner_text()
    expect(page.get_by_role("button", name="No changes")).to_be_visible()

    page.get_by_role("button", name="One more of Frame and credit").click()
    page.get_by_label("Signature on delivery", exact=False).first.check()
    page.locator("[name=tip-stop][value='10']").check(force=True)
    expect(total(page)).not_to_have_text(before)
    expect(page.get_by_role("button", name="Save changes")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Save changes").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Frame and credit")).to_be_visible()
    expect(page.locator("#confirm-back")).to_be_focused()
    keep(page, "manage-confirming")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Save changes").click()
    page.get_by_role("dialog").get_by_role("button", name="Change my pledge").dblclick()
    expect(page.locator("#notice")).to_contain_text("Your pledge is changed.")
    keep(page, "manage-changed")
    page.get_by_text("What happened").click()
    expect(page.get_by_text("Frame and credit from 1 to 2")).to_be_visible()
    page.get_by_text("See how it adds up").click()
    keep(page, "manage-history")

    record = platform.record(token)
    assert (record["tierQty"], record["tipPercent"]) == (2, 10)
    assert record["shippingOption"] == "signature_required"
    assert record["amount"] == sum(
        record[each] for each in ("subtotal", "tax", "shipping", "tipAmount")
    )

    other.get_by_role("slider").press("ArrowRight")
    expect(other.get_by_text("This pledge was changed meanwhile.")).to_be_visible()
    expect(other.locator("[data-key=meanwhile]")).to_contain_text("Frame and credit from 1 to 2")
    keep(other, "manage-two-tabs")
    assert_accessible(other)


def test_a_pledge_is_cancelled_by_keyboard_in_spanish_on_a_phone(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    email, token = pledged(platform, films, "ada", preferredLang="es")
    page = open_page(360)
    page.goto(f"/es/manage/?t={token}")
    keep(page, "es-manage-active")
    assert_accessible(page)

    page.locator("summary.quiet--bad").focus()
    page.keyboard.press("Enter")
    keep(page, "es-manage-cancelling")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancelar este aporte")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_be_focused()
    expect(page.get_by_text("No se te cobró").first).to_be_visible()
    keep(page, "es-manage-cancelled")
    assert_accessible(page)
    assert platform.record(token)["pledgeStatus"] == "cancelled"
    assert platform.mails(email)


def test_another_card_is_saved_on_the_page_and_a_reload_keeps_the_link(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    _, token = pledged(platform, films, "teo")
    page = open_page(1280)
    page.goto(f"/manage/?t={token}")

    # Before its scripts have come the button leads to Stripe's own page.
    expect(page.locator("html[data-managed]")).to_be_attached()
    page.get_by_role("button", name="Use another card").click()
    expect(page.get_by_text("The new card pays for all your pledges")).to_be_visible()
    # The form is Stripe's, and is there to be typed into once it can be saved.
    expect(page.get_by_role("button", name="Save this card")).to_be_visible()
    fill_card(page, "5555555555554444")
    keep(page, "manage-new-card")
    page.get_by_role("button", name="Save this card").click()

    expect(page.get_by_text("Mastercard ending 4444").first).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_text("Mastercard ending 4444").first).to_be_visible()
    assert token not in page.url
    assert platform.record(token)["card"]["last4"] == "4444"


def test_without_scripts_a_pledge_is_changed_and_cancelled(
    platform: Platform, films: Films, open_plain_page: OpenPage, keep: Keep
) -> None:
    _, token = pledged(platform, films, "ines")
    page = open_plain_page(360)
    page.goto(f"/manage/?t={token}")

    page.get_by_role("button", name="Change pledge").click()
    page.get_by_role("button", name="One more of Frame and credit").click()
    page.get_by_role("button", name="Save changes").click()
    keep(page, "plain-manage-confirming")
    # Two presses are two requests under one key: the second waits for the first.
    page.get_by_role("button", name="Change my pledge").dblclick(no_wait_after=True)
    expect(page.locator("#notice")).to_contain_text("Your pledge is changed.")
    assert platform.record(token)["tierQty"] == 2
    page.get_by_role("button", name="Print a statement").click()
    expect(page.get_by_role("heading", name="Pledge statement")).to_be_visible()
    keep(page, "plain-manage-statement")
    page.get_by_role("button", name="Back to your pledges").click()
    page.locator("summary.quiet--bad").click()
    page.get_by_role("button", name="Cancel this pledge").click()
    expect(page.get_by_text("You were not charged")).to_be_visible()
    assert platform.record(token)["pledgeStatus"] == "cancelled"


def test_one_checkout_has_one_tip(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    email = an_email("bundle")
    items = [{"id": f"{films.salt}__premiere"}, {"id": f"{films.harbour}__rope"}]
    platform.pledge(films.salt, email=email, items=items)
    mails = eventually(
        lambda: platform.mails(email, "Pledge confirmed | The Salt Line"), what="the mails"
    )
    token = platform.token(mails[0])
    page = open_page(360)
    page.goto(f"/manage/?t={token}")
    expect(page.locator(".pledge")).to_have_count(2)
    keep(page, "manage-bundle")

    page.locator(".pledge", has_text="The Harbour").get_by_role(
        "button", name="Change pledge"
    ).click()
    page.locator("[name=tip-stop][value='15']").check(force=True)
    expect(page.get_by_text("The tip is one for the whole checkout").first).to_be_visible()
    keep(page, "manage-bundle-tip")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_role("dialog").get_by_role("button", name="Change my pledge").click()
    expect(page.locator("#notice")).to_contain_text("Your pledge is changed.")

    told = platform.http.get("/pledges", params={"token": token}).json()
    assert [each["tipPercent"] for each in told] == [15, 15]


def test_every_state_has_a_sample_beside_the_sandbox(open_page: OpenPage, keep: Keep) -> None:
    for prefix in ("", "/es"):
        for width in (360, 1280):
            page = open_page(width)
            page.goto(f"{prefix}/manage/?dev")
            expect(page.locator(".pledge")).to_have_count(8)
            keep(page, f"{prefix[1:] or 'en'}-manage-every-state")
            assert_accessible(page)


def test_a_lost_link_is_sent_again_and_ends_the_old_one(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    email, token = pledged(platform, films, "lost")
    page = open_page(360)
    page.goto("/manage/")
    keep(page, "manage-no-link")
    assert_accessible(page)
    page.get_by_label("Email you pledged with").fill(email)
    page.get_by_role("button", name="Send me a new link").click()
    expect(page.get_by_text("If we know this address, a new link is on its way.")).to_be_visible()
    keep(page, "manage-link-sent")

    mail = platform.mail(email, "Your links")
    fresh = platform.token(mail)
    assert platform.record(fresh)["email"] == email
    eventually(
        lambda: platform.http.get("/pledge", params={"token": token}).status_code == 401,
        what="the old link has ended",
    )
    other = open_page(1280)
    other.goto(f"/manage/?t={token}")
    expect(other.get_by_text("This link doesn't work")).to_be_visible()
    keep(other, "manage-old-link")
    other.goto(f"/manage/?t={fresh}")
    expect(other.get_by_text("Card saved, not charged")).to_be_visible()


def test_a_scanner_that_opens_every_link_and_runs_its_scripts_changes_nothing(
    platform: Platform, films: Films, open_page: OpenPage
) -> None:
    email, token = pledged(platform, films, "scanned")
    before = platform.record(token)
    page = open_page(1280)

    for mail in platform.mails(email):
        for link in sorted(set(re.findall(r"https?://[^\s\"<>]+/manage/[^\s\"<>]+", mail["html"]))):
            assert platform.http.head(link).status_code == 200
            page.goto(link)
            page.wait_for_load_state("networkidle")

    assert platform.record(token) == before
    assert len(platform.mails(email, "Pledge ")) == 1

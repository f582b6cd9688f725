"""An operator settles a campaign from plan to certificate, looks at a supporter, refunds it all."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_dashboard import invited
from tests.browser.test_managing import pledged
from tests.support.platform import Platform, RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """Two films of their own."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def test_from_plan_to_certificate_and_back(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    emails = [pledged(platform, films, f"settled{number}")[0] for number in range(5)]
    page, phone = open_page(1280), open_page(360)
    phone.emulate_media(color_scheme="dark")
    for window, prefix in ((page, ""), (phone, "/es")):
        window.goto(prefix + invited(platform))
        window.locator("form button").last.click()
    settlement = f"/admin/settlement/{films.salt}/"

    page.goto(settlement)
    page.get_by_role("link", name="Look at the plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What would be charged now")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.get_by_role("button", name="Try what is due now")).to_have_count(0)
    keep(page, "settling-forecast")
    assert_accessible(page)

    platform.close_campaign(films.salt, days=11)
    page.goto(f"{settlement}plan/")
    if page.get_by_role("button", name="Try what is due now").count():
        page.get_by_role("button", name="Try what is due now").click()
    platform.wait_settled(films.salt)
    page.goto(settlement)
    for said in ("It adds up", "Stripe agrees", "Nobody was charged twice"):
        expect(page.get_by_text(said)).to_be_visible()
    keep(page, "settling-certificate")
    assert_accessible(page)
    phone.goto(f"/es{settlement}")
    keep(phone, "settling-certificate-es-dark")
    assert_accessible(phone)

    look_at_people(page, phone, films.salt, emails[0], keep)

    page.goto(settlement)
    page.get_by_role("link", name="Refund the whole campaign").click()
    keep(page, "settling-refund")
    assert_accessible(page)
    page.get_by_label("Why").fill("The lake came back.")
    page.get_by_label(re.compile("5 refunds")).check()
    page.get_by_role("button", name="Give all of it back").click()
    expect(page.get_by_role("status").first).to_contain_text("The refund has begun.")
    platform.wait_refunded(films.salt)
    # Nobody presses anything: the page looks again by itself, and stops.
    expect(page.get_by_text("All of it went back")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Look again")).to_have_count(0)
    expect(page.locator("[data-waits]")).to_have_count(0)
    keep(page, "settling-refunded")
    assert_accessible(page)


def look_at_people(page: Page, phone: Page, slug: str, email: str, keep: Keep) -> None:
    """Find somebody, sort the table, read their story, and have their links sent again."""
    page.goto(f"/admin/people/?search={email}")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Amount")).click()
    expect(page.locator('th[aria-sort="descending"]')).to_have_text("Amount")
    keep(page, "people-found")
    assert_accessible(page)
    phone.goto(f"/es/admin/people/{slug}/?order=email")
    keep(phone, "people-es-dark")
    assert_accessible(phone)
    page.get_by_role("link", name=email).click()
    for said in ("Was charged", "Pledge confirmed", "Payment confirmed"):
        expect(page.get_by_text(said).first).to_be_visible()
    page.get_by_role("button", name="Send the links again").click()
    expect(page.get_by_role("status")).to_contain_text("Links are on their way")
    keep(page, "people-story")
    assert_accessible(page)
    phone.goto(page.url.split("?")[0].replace("/admin", "/es/admin", 1))
    keep(phone, "people-story-es-dark")
    assert_accessible(phone)

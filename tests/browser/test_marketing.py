"""A creator brings people: by a link that tells, by an announcement; and signs in to do it."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_a_person_pledges import choose_reward, save_card
from tests.browser.test_axe import assert_accessible
from tests.support.platform import Platform, a_slug, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]
SIGN_IN = re.compile(r"https?://[^\s\"'<>]+/admin/sign-in\?t=[A-Za-z0-9_-]+")


def invited(platform: Platform, **rights: Any) -> tuple[str, str]:
    """Invite somebody; return their address and where their link leads."""
    email = an_email("creator")
    answer = platform.http.post(
        "/admin/invitations", json={"email": email, **rights}, headers=platform.admin
    )
    answer.raise_for_status()
    return email, str(answer.json()["signInUrl"]).removeprefix(platform.stack.site)


def signed_in(platform: Platform, page: Page, **rights: Any) -> str:
    """Be signed in at the dashboard; return one's address."""
    email, link = invited(platform, **rights)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Summary")
    return email


def test_a_link_is_asked_for_read_in_the_inbox_and_used_once(
    platform: Platform, open_page: OpenPage
) -> None:
    email, _ = invited(platform)
    page = open_page(360)
    page.goto("/admin/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("status")).to_be_visible()

    def newest() -> str | None:
        found = [SIGN_IN.search(each["text"]) for each in platform.mails(email)]
        links = [each[0] for each in found if each]
        return links[0] if len(links) > 1 else None

    link = eventually(newest, what="the mail with the link")
    for _ in range(3):
        # What stands before an inbox opens every link; it neither signs in nor spends it.
        assert httpx.get(link, follow_redirects=True).status_code == 200
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Summary")

    page.locator(".side__menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto("/admin/")
    expect(page.get_by_label("Email address")).to_be_visible()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not work any more")


def test_who_came_by_a_link_is_counted_with_their_pledge(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug, email = platform.publish(a_slug("brought")), an_email("noor")
    page = open_page(1280)
    signed_in(platform, page, role="campaign", campaigns=[slug])
    page.goto(f"/admin/marketing/{slug}/")
    page.get_by_label("Who brings people").fill("Ada Lovelace")
    page.get_by_label("Source").fill("newsletter")
    page.get_by_role("button", name="Show the link").click()
    link = page.get_by_label("Address").input_value()
    keep(page, "marketing-link")
    assert_accessible(page)
    page.get_by_role("button", name="Keep this link").click()
    expect(page.locator("h1")).to_have_text("Ada Lovelace")
    keep(page, "marketing-code")
    assert_accessible(page)

    visitor = open_page(360)
    visitor.goto(link)
    # They look around before they choose: the word stays with the tab, and in no cookie.
    visitor.goto("/about/")
    assert visitor.context.cookies() == []
    choose_reward(visitor, slug)
    save_card(visitor, email)
    visitor.wait_for_url("**/pledge-success/**")
    platform.mail(email, "Pledge confirmed | ")

    page.reload()
    expect(page.locator(".figure dd").first).to_have_text("1")
    expect(page.locator(".figures")).to_contain_text("100%")
    page.goto(f"/admin/analytics/{slug}/")
    expect(page.get_by_role("row", name=re.compile("ada-lovelace.*1.*50.00"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("newsletter"))).to_be_visible()


def test_an_announcement_is_looked_at_tried_and_sent_once(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug = platform.publish(a_slug("told"))
    people = [an_email(f"told-{n}") for n in range(2)]
    for each in people:
        platform.pledge(slug, email=each)
        platform.mail(each, "Pledge confirmed | ")
    page = open_page(1280)
    own = signed_in(platform, page, role="campaign", campaigns=[slug])

    page.goto(f"/admin/blast/{slug}/")
    page.get_by_role("button", name="Save and look at it").click()
    expect(page.locator("#subject-hint")).to_contain_text("Write something here.")
    page.get_by_label("Subject").fill("Last call")
    page.get_by_label("Text", exact=False).first.fill("## Friday\n\nis **the** day.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Nobody was written to")
    page.get_by_role("button", name="Save and look at it").click()
    mail = page.frame_locator("iframe.letter")
    expect(mail.get_by_role("heading", name="Friday")).to_be_visible()
    expect(page.get_by_role("button", name="Send to 2 people")).to_be_visible()
    keep(page, "blast-check")
    assert_accessible(page)

    page.get_by_role("button", name="Send it to me alone").click()
    assert "the day" in platform.mail(own, "Last call | ")["text"]
    assert [platform.mails(each, "Last call") for each in people] == [[], []]

    send = page.get_by_role("button", name="Send to 2 people")
    send.dblclick()
    expect(page.locator("[data-watched]")).to_contain_text(re.compile("Going out|All went out"))
    for each in people:
        assert "<strong" in platform.mail(each, "Last call | ")["html"]
    expect(page.locator("[data-watched]")).to_contain_text("All went out", timeout=30_000)
    keep(page, "blast-sent")
    assert_accessible(page)
    assert [len(platform.mails(each, "Last call")) for each in people] == [1, 1]
    page.goto(f"/admin/blast/{slug}/")
    expect(page.get_by_role("link", name="Last call")).to_be_visible()
    assert page.get_by_label("Subject").input_value() == ""


def test_the_dashboard_needs_no_mouse(platform: Platform, open_page: OpenPage) -> None:
    slug = platform.publish(a_slug("keys"))
    platform.pledge(slug, email=an_email("noor"))
    for width in (360, 1280):
        page = open_page(width)
        signed_in(platform, page)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        if width < 1000:
            page.locator(".side__menu summary").focus()
            page.keyboard.press("Enter")
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent.trim()")
            if focused == "Analytics":
                break
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Analytics")
        link = page.locator(f"a[href$='/analytics/{slug}/']")
        link.focus()
        page.keyboard.press("Enter")
        days = page.locator("details.more summary").first
        days.focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-days]")).to_be_visible()

"""A campaign is begun, every part of it written, looked at, published and seen; two who write."""

import re
import secrets
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_axe import assert_accessible
from tests.browser.test_dashboard import invited
from tests.support.platform import Platform

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]


def signed_in(platform: Platform, page: Page) -> Page:
    page.goto(invited(platform))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Summary")
    return page


def begun(page: Page, title: str) -> str:
    """Begin a campaign; return its name in addresses."""
    page.goto("/admin/campaigns/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status").first).to_contain_text("Begun.")
    found = re.search(r"/campaigns/([a-z0-9-]+)/edit", page.url)
    assert found
    return found[1]


def add(page: Page, path: str, kind: str = "", **fields: str) -> None:
    """Add a row by its button, fill its fields, and save."""
    value = f"add|{path}|{kind}" if kind else f"add|{path}"
    page.locator(f'button[value="{value}"]').click()
    for name, text in fields.items():
        page.locator(f'[name="{path}[0].{name}"]').fill(text)
    saved(page)


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".notice--good")).to_contain_text("Saved.")


PARTS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "content": [("long_content", "text", {"body": "The **last** crossing."})],
    "tiers": [("tiers", "", {"name": "A ticket", "price": "12.50"})],
    "support": [("support_items", "", {"label": "Diesel", "target": "300"})],
    "add-ons": [
        ("campaign_add_ons", "", {"name": "Deck cap", "price": "20"}),
        ("campaign_add_ons[0].variants", "", {"label": "Large", "inventory": "5"}),
    ],
    "goals": [("stretch_goals", "", {"title": "A second boat", "threshold": "9000"})],
    "ongoing": [("ongoing_items", "", {"label": "Moorage", "remaining": "90"})],
    "diary": [
        ("diary", "", {"title": "Fog", "date": "2026-01-02"}),
        ("diary[0].content", "text", {"body": "We waited."}),
    ],
    "decisions": [
        ("decisions", "", {"title": "Which horn?"}),
        ("decisions[0].options", "", {"label": "The low one"}),
    ],
}


def test_a_campaign_is_written_looked_at_published_and_seen(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    page = signed_in(platform, open_page(1280))
    slug = begun(page, f"Night Ferry {secrets.token_hex(3)}")
    page.locator('[name="goal_amount"]').fill("4200")
    saved(page)
    for part, rows in PARTS.items():
        page.goto(f"/admin/campaigns/{slug}/edit/{part}/")
        for path, kind, fields in rows:
            add(page, path, kind, **fields)
            if path == "campaign_add_ons":
                page.locator('[name="campaign_add_ons[0].category"]').select_option("digital")
                saved(page)
        keep(page, f"admin-edit-{part}")
        assert_accessible(page)
    page.get_by_role("link", name="Overview").click()
    keep(page, "admin-campaign")
    assert_accessible(page)

    page.get_by_label("Reviewers’ addresses").fill("mel@film.example\nnoor@film.example")
    page.get_by_role("button", name="Make a link to look at it").click()
    expect(page.locator(".notice--good")).to_contain_text("2 reviewers are mailed")
    keep(page, "admin-reviewers")
    assert_accessible(page)
    page.get_by_role("button", name="Take back mel@film.example").click()
    expect(page.locator(".notice--good")).to_contain_text("Taken back.")
    expect(page.get_by_role("rowheader", name="noor@film.example")).to_be_visible()
    expect(page.get_by_text("mel@film.example")).to_have_count(0)

    page.get_by_role("button", name="Make a link to look at it").click()
    link = page.locator(".notice--good a").get_attribute("href")
    assert link
    stranger = open_page(360)
    assert platform.http.get(f"/campaigns/{slug}/").status_code == 404
    shown = platform.http.get(link)
    assert "The <strong>last</strong> crossing." in shown.text
    assert "A preview: this is not public" in shown.text

    page.get_by_label("What changed, in a few words").fill("All of it")
    began = time.monotonic()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".notice--good")).to_contain_text("Published.")
    stranger.goto(f"/campaigns/{slug}/")
    expect(stranger.locator("h1")).to_contain_text("Night Ferry")
    assert time.monotonic() - began < 10
    # Add-ons are sold from the start on, and not shown before.
    for said in ("A ticket", "Diesel", "The last crossing."):
        expect(stranger.get_by_text(said).first).to_be_attached()


def test_of_two_who_write_the_second_sees_both_and_loses_nothing(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    first, second = (signed_in(platform, open_page(width)) for width in (1280, 360))
    slug = begun(first, f"Two Hands {secrets.token_hex(3)}")
    for page in (first, second):
        page.goto(f"/admin/campaigns/{slug}/edit/settings/")
    first.locator('[name="short_blurb"]').fill("Hers.")
    saved(first)

    second.locator('[name="short_blurb"]').fill("His.")
    second.get_by_role("button", name="Save", exact=True).click()

    expect(second.locator(".notice--bad").first).to_contain_text("Somebody else has saved")
    expect(second.locator(".compare")).to_contain_text("Hers.")
    expect(second.locator('[name="short_blurb"]')).to_have_value("His.")
    keep(second, "admin-edit-conflict")
    assert_accessible(second)
    saved(second)
    first.reload()
    expect(first.locator('[name="short_blurb"]')).to_have_value("His.")


def test_what_is_typed_saves_itself_and_what_is_pasted_keeps_its_structure(
    platform: Platform, open_page: OpenPage
) -> None:
    page = signed_in(platform, open_page(1280))
    slug = begun(page, f"Paste {secrets.token_hex(3)}")
    page.goto(f"/admin/campaigns/{slug}/edit/content/")
    page.locator('button[value="add|long_content|text"]').click()
    area = page.locator('[name="long_content[0].body"]')
    area.focus()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/html", "<h2>Rain</h2><p>It <b>fell</b>.</p><script>x</script>");
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
          );
        }"""
    )

    expect(area).to_have_value("## Rain\n\nIt **fell**.")
    expect(page.locator("[data-state]")).to_have_text("Saved by itself.", timeout=15_000)
    page.reload()
    expect(area).to_have_value("## Rain\n\nIt **fell**.")

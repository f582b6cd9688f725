"""Supporters vote, change their vote, are named, and are out as soon as they withdraw."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.films import ZONE
from tests.browser.test_axe import RULES
from tests.site.samples import PICTURE
from tests.support.platform import Platform, a_slug, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]

FILM = """---
layout: campaign
title: Low Tide Radio
slug: {slug}
start_date: "{start}"
goal_deadline: "{end}"
goal_amount: 250
creator_name: Ines Halloran
short_blurb: A pirate station at the end of a pier.
tiers:
  - id: frame
    name: A frame of the film
    price: 50
decisions:
  - id: poster
    type: vote
    title: Which poster goes to print?
    deadline: "{soon}"
    options:
      - label: The mast
        image: media/{slug}.webp
      - label: The harbour
        image: media/{slug}.webp
      - label: The last boat
        image: media/{slug}.webp
  - id: episode
    type: poll
    title: What should episode four be called?
    options: [Shipping forecast for one, Neap, Somebody is jamming us]
  - id: old
    type: poll
    title: Tea or coffee?
    status: closed
    options: [Tea, Coffee]
---
"""


def publish(platform: Platform) -> str:
    """Publish a film with things to decide; return its name."""
    slug = a_slug("radio")
    today = platform.now().astimezone(ZONE).date()
    media = platform.stack.campaigns_dir / "media"
    media.mkdir(exist_ok=True)
    shutil.copyfile(PICTURE, media / f"{slug}.webp")
    (platform.stack.campaigns_dir / f"{slug}.md").write_text(
        FILM.format(
            slug=slug,
            start=today - timedelta(days=3),
            end=today + timedelta(days=9),
            soon=today + timedelta(days=3),
        ),
        encoding="utf-8",
    )
    answer = platform.http.post("/admin/rebuild", json={}, headers=platform.admin)
    assert not answer.json()["mistakes"], answer.text
    eventually(lambda: platform.http.get(f"/inventory/{slug}").status_code == 200, what=slug)
    return slug


def supporter(platform: Platform, slug: str, name: str) -> str:
    """Pledge; return the token of the confirmation's link."""
    email = an_email(name)
    platform.pledge(slug, email=email)
    return platform.token(platform.mail(email, "Pledge confirmed"))


def vote(platform: Platform, token: str, option: str, decision: str = "poster") -> httpx.Response:
    """Vote as a program would."""
    body = {"token": token, "decisionId": decision, "option": option}
    return platform.http.post("/votes", json=body)


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options=RULES).response
    assert [rule["id"] for rule in found["violations"]] == []


def test_votes_names_and_the_way_out(platform: Platform, open_page: OpenPage, keep: Keep) -> None:
    slug = publish(platform)
    token, other = supporter(platform, slug, "ina"), supporter(platform, slug, "teo")
    assert vote(platform, other, "The mast").status_code == 200
    page = open_page(360)
    page.goto(f"/community/{slug}/?t={token}")

    assert "t=" not in page.url, "the key must leave the address bar at once"
    expect(page.get_by_role("heading", name="Which poster goes to print?")).to_be_visible()
    assert_accessible(page)
    keep(page, "community-open")
    ballot = page.locator("#decision-poster")
    ballot.get_by_label("The harbour").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Vote for The harbour").press("Enter")
    expect(ballot.get_by_text("The harbour · your vote")).to_be_visible()
    expect(page.get_by_text("Your vote for The harbour is counted.").first).to_be_visible()
    assert_accessible(page)
    keep(page, "community-voted")

    ballot.get_by_text("Change my vote").click()
    ballot.get_by_label("The mast").check()
    ballot.get_by_role("button", name="Vote for The mast").click()
    expect(ballot.get_by_text("100%")).to_be_visible()

    page.get_by_label("Name as credited").fill("Ina, with the boat")
    page.get_by_label("Show it here, too").check()
    page.get_by_role("button", name="Save my name").click()
    expect(page.locator(".wall")).to_have_text(re.compile("Ina, with the boat"))

    page.reload()
    expect(ballot.get_by_text("The mast · your vote")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator(".menu [data-language]").click()
    expect(page.get_by_text("tu voto").first).to_be_visible()
    assert_accessible(page)
    keep(page, "community-es")

    platform.http.post("/pledge/cancel", json={"token": token}).raise_for_status()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("aporte cancelado"))
    expect(page.locator(".ballot")).to_have_count(0)
    assert_accessible(page)
    left = platform.http.get("/votes", params={"token": other}).json()["decisions"]["poster"]
    assert (left["totalVotes"], left["results"]["The mast"]) == (1, 1)


def test_without_scripts(platform: Platform, open_plain_page: OpenPage, keep: Keep) -> None:
    slug = publish(platform)
    token = supporter(platform, slug, "eva")
    page = open_plain_page(1280)
    page.goto(f"/community/{slug}/?t={token}")

    ballot = page.locator("#decision-episode")
    ballot.get_by_label("Neap").check()
    ballot.get_by_role("button", name="Send my vote").click()

    expect(page.locator("#decision-episode").get_by_text("Neap · your vote")).to_be_visible()
    page.get_by_label("Name as credited").fill("Eva")
    page.get_by_role("button", name="Save my name").click()
    expect(page.get_by_text("Your name is saved.")).to_be_visible()
    keep(page, "community-plain")


def test_a_stranger_and_a_wrong_link_see_nothing(
    platform: Platform, open_page: OpenPage, keep: Keep
) -> None:
    slug = publish(platform)
    page = open_page(360)

    page.goto(f"/community/{slug}/")
    expect(page.get_by_role("heading", name="For supporters of Low Tide Radio")).to_be_visible()
    expect(page.get_by_role("link", name="See the film")).to_be_visible()
    assert_accessible(page)
    keep(page, "community-stranger")
    assert page.locator("form").count() == 0
    wrong = platform.http.get(f"/community/{slug}/", params={"t": "a.b"})
    assert wrong.status_code == 401
    assert "Which poster" not in wrong.text

"""Support after a funded end: the film's page, the cart that says now, the charge, the mails."""

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_a_bundle import settled
from tests.browser.test_a_person_pledges import fill_card
from tests.support.platform import GOOD_CARD, Platform, a_slug, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]
ZONE = ZoneInfo("America/Denver")

FILM = """---
layout: campaign
title: The Long Intermission
slug: {slug}
start_date: "{start}"
goal_deadline: "{end}"
goal_amount: 10
creator_name: Bridge Street
category: Documentary
short_blurb: One screen, one projectionist, forty years of Fridays.
custom_late_support: true
featured_tier_id: frame
tiers:
  - id: frame
    name: A frame of the trailer
    price: 50
    description: Cut from the last reel.
  - id: premiere
    name: Digital premiere
    price: 35
    description: Watch on opening night. Your name on the website.
    late_support: true
  - id: plaque
    name: A seat plaque
    price: 120
    description: Brass, on the back of a seat in row F.
    limit_total: 30
support_items:
  - id: grade
    label: Color grade
    target: 4500
    need: Four days with a colorist who remembers how the prints looked.
    late_support: true
  - id: sound
    label: Sound mix
    target: 2000
    need: Two days in a room that is quiet.
---
"""


@pytest.fixture
def film(platform: Platform) -> str:
    """A film that was funded, whose only supporter was charged; its author left some of it open."""
    slug = a_slug("intermission")
    today = platform.now().astimezone(ZONE).date()
    text = FILM.format(slug=slug, start=today - timedelta(days=3), end=today + timedelta(days=2))
    (platform.stack.campaigns_dir / f"{slug}.md").write_text(text, encoding="utf-8")
    platform.http.post("/admin/rebuild", json={}, headers=platform.admin).raise_for_status()
    eventually(lambda: platform.http.get(f"/inventory/{slug}").status_code == 200, what=slug)
    platform.pledge(slug, email=an_email("first"))
    platform.close_campaign(slug)
    platform.wait_settled(slug)
    # Pages are prepared: a moment after the fact, and without scripts nobody looks again.
    page = f"/es/campaigns/{slug}/"
    eventually(lambda: "Sigue abierto" in platform.http.get(page).text, what="the page")
    return slug


def late_charges(platform: Platform, slug: str) -> list[int]:
    """Return what was charged for support after the end, in cents."""
    return [
        each["amount"]
        for each in platform.charges(slug)
        if each["metadata"]["purpose"].startswith("late:") and each["status"] == "succeeded"
    ]


def last(page: Page) -> Locator:
    return page.locator(".totals__row--last").first


@pytest.mark.parametrize("width", [360, 1280])
def test_what_was_left_open_is_paid_at_once(
    platform: Platform, film: str, open_page: OpenPage, keep: Keep, width: int
) -> None:
    email = an_email("mara")
    page = open_page(width)

    page.goto(f"/campaigns/{film}/")
    expect(page.get_by_role("heading", name="Still open")).to_be_visible()
    expect(page.locator(".campaign__rewards")).to_contain_text("Your card is charged today.")
    expect(page.locator("#tier-frame").get_by_role("button")).to_be_disabled()
    keep(page, "late-campaign")
    page.locator("#budget").get_by_text("Pay towards this part").click()
    page.get_by_label("Amount, up to $4,500").fill("20")
    page.locator("#budget").get_by_role("button", name="Add").click()
    settled(page)
    page.keyboard.press("Escape")
    page.locator("#tier-premiere").get_by_role("button", name="Pay $35 now").click()
    settled(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".item")).to_have_count(2)
    expect(dialog).to_contain_text("You are charged now, as soon as your card is saved")
    expect(last(page)).to_contain_text("Total, charged now")
    keep(page, "late-cart")
    dialog.get_by_role("button", name="Continue to card").click()
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Email").press("Tab")
    fill_card(page, GOOD_CARD)
    expect(dialog.get_by_text("Charge this card $62.08 now.")).to_be_visible()
    dialog.get_by_role("checkbox").check()
    keep(page, "late-card")
    dialog.get_by_role("button", name="Pay $62.08 now").click()

    page.wait_for_url("**/pledge-success/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your card is charged now.")
    keep(page, "late-success")
    said = platform.mail(email, "Pledge confirmed | ")["text"]
    assert "we charge your card now" in said
    assert "You can cancel until" not in said
    platform.mail(email, "Payment confirmed | ")
    assert late_charges(platform, film) == [6_208]
    page.goto(f"/campaigns/{film}/")
    expect(page.get_by_text("Since the end $55 more went straight to the film.")).to_be_visible()
    keep(page, "late-campaign-after")
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    page.goto(f"/manage/?t={token}")
    expect(page.locator(".tag").get_by_text("Paid")).to_be_visible()
    keep(page, "late-manage")


def test_what_is_charged_now_does_not_go_with_what_is_charged_later(
    platform: Platform, film: str, open_page: OpenPage, keep: Keep
) -> None:
    live = platform.publish(a_slug("beside"))
    page = open_page(1280)

    page.goto(f"/campaigns/{live}/")
    page.get_by_role("button", name=re.compile(r"\$50")).first.click()
    settled(page)
    page.keyboard.press("Escape")
    page.goto(f"/campaigns/{film}/")
    page.locator("#tier-premiere").get_by_role("button").click()
    settled(page)

    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("This is charged now, and the rest of your cart later.")
    keep(page, "late-mixed")
    trouble.get_by_role("link").click()
    remove = page.get_by_role("button", name="Remove Digital premiere")
    expect(remove).to_be_focused()
    remove.press("Enter")
    settled(page)
    expect(trouble).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("Nothing is charged today.")


@pytest.mark.parametrize("width", [360, 1280])
def test_in_spanish_and_without_scripts(
    platform: Platform, film: str, open_plain_page: OpenPage, keep: Keep, width: int
) -> None:
    email = an_email("lucia")
    page = open_plain_page(width)

    page.goto(f"/es/campaigns/{film}/")
    expect(page.get_by_role("heading", name="Sigue abierto")).to_be_visible()
    expect(page.locator(".campaign__rewards")).to_contain_text("Tu tarjeta se cobra hoy.")
    keep(page, "es-late-plain-campaign")
    page.locator(".support input").fill("12.50")
    page.locator(".support").get_by_role("button").click()
    expect(page.locator(".cart")).to_contain_text("Pagas ahora, en cuanto se guarda tu tarjeta")
    page.locator("#pick").select_option(f"{film}__premiere")
    page.locator(".more").get_by_role("button").click()
    expect(page.locator(".item")).to_have_count(2)
    expect(last(page)).to_contain_text("Total, se cobra ahora")
    keep(page, "es-late-plain-cart")
    page.get_by_role("button", name="Seguir a la tarjeta").click()
    page.locator("#email").fill(email)
    expect(page.get_by_text("Cobrar $53.62 a esta tarjeta ahora.")).to_be_visible()
    page.get_by_role("checkbox").check()
    keep(page, "es-late-plain-card")
    page.locator("[name=do][value=pledge]").click()

    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Número de tarjeta").fill(GOOD_CARD)
    page.get_by_label("Fecha de vencimiento").fill("12 / 39")
    page.get_by_label("Código de seguridad").fill("123")
    for label, value in (("Nombre en la tarjeta", "Lucía Robles"), ("Código postal", "87104")):
        field = page.get_by_label(label, exact=True)
        if field.count():
            field.fill(value)
    page.get_by_role("button", name="Guardar tarjeta").click()

    page.wait_for_url("**/pledge-success/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Tu tarjeta se cobra ahora", timeout=30_000
    )
    keep(page, "es-late-plain-success")
    eventually(lambda: late_charges(platform, film) == [5_362], what="the charge")

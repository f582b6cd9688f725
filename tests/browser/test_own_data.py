"""Somebody reads what is kept about them, takes it along, and has it erased."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_managing import pledged
from tests.support.platform import Platform, RunningStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """Two films of their own."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def test_what_is_kept_is_read_and_taken_along(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    email, token = pledged(platform, films, "reader")
    eventually(
        lambda: platform.http.get("/pledge/mails", params={"token": token}).json()["mails"],
        what="the mail that was sent",
    )
    page = open_page(1280)
    page.goto(f"/manage/?t={token}")
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    expect(page.locator("html[data-managed]")).to_be_attached()

    with page.expect_download() as kept:
        page.get_by_role("button", name="Download my data").click()
    assert kept.value.suggested_filename == "my-data.json"
    told = json.loads(Path(kept.value.path()).read_text())
    assert told["email"] == email
    assert told["pledges"][0]["pledge"]["shippingAddress"]["city"] == "Albuquerque"
    assert told["mails"][0]["subject"].startswith("Pledge confirmed")

    page.get_by_role("button", name="Read my data").click()
    expect(page.locator("#own-title")).to_be_focused()
    expect(page.get_by_text("12 Harbor Street").first).to_be_visible()
    expect(page.get_by_text("Pledge confirmed | The Salt Line")).to_be_visible()
    keep(page, "own-data")
    assert_accessible(page)
    page.get_by_role("button", name="Back to your pledges").click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    keep(page, "own-data-list")


def test_a_person_is_erased_by_keyboard_in_spanish_on_a_phone(
    platform: Platform,
    films: Films,
    open_page: OpenPage,
    open_plain_page: OpenPage,
    keep: Keep,
) -> None:
    _, token = pledged(platform, films, "goes", preferredLang="es")
    page, other = open_page(360), open_plain_page(1280)
    page.goto(f"/es/manage/?t={token}")
    expect(page.locator("html[data-managed]")).to_be_attached()
    assert_accessible(page)
    page.get_by_role("button", name="Leer mis datos").click()
    expect(page.locator("#own-title")).to_be_focused()
    keep(page, "es-own-data")
    assert_accessible(page)
    page.get_by_role("button", name="Volver a tus aportes").click()

    page.get_by_role("button", name="Borrarme").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#erase-title")).to_be_focused()
    expect(page.get_by_text("se cancelan en el acto")).to_be_visible()
    keep(page, "es-erase-asked")
    assert_accessible(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Conservar todo")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Borrarme para siempre")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_be_focused()
    expect(page.locator("#notice")).to_contain_text("Tus datos están borrados.")
    keep(page, "es-erased")
    assert_accessible(page)
    assert page.evaluate("sessionStorage.getItem('pool:manage')") is None
    assert platform.http.get("/pledge", params={"token": token}).status_code == 404
    other.goto(f"/es/manage/?t={token}")
    expect(other.get_by_text("No hay ningún aporte detrás de este enlace")).to_be_visible()
    keep(other, "es-erased-link")


def test_without_scripts_a_double_press_erases_once_and_is_told_so(
    platform: Platform, films: Films, open_plain_page: OpenPage, keep: Keep
) -> None:
    email, token = pledged(platform, films, "plain")
    page = open_plain_page(360)
    page.goto(f"/manage/?t={token}")
    page.get_by_role("button", name="Erase me").click()
    expect(page.get_by_role("heading", name="Erase everything about you?")).to_be_visible()
    keep(page, "plain-erase-asked")

    page.get_by_role("button", name="Erase me for good").dblclick(no_wait_after=True)

    expect(page.locator("#notice")).to_contain_text("Your data is erased.")
    keep(page, "plain-erased")
    answer = platform.http.post("/manage/", data={"t": token, "do": "forget"})
    assert answer.status_code == 200
    assert "Your data is erased." in answer.text
    assert platform.http.post("/manage/", data={"t": token, "do": "show"}).status_code == 404
    mail = platform.mail(email, "Pledge cancelled")
    assert mail

"""A picture is sent from a phone and a desk, described and found; settings are saved and a design
is looked at. Each screen is looked at as people with poor eyes would.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_dashboard import invited
from tests.site.uploads import SVG, mp4, picture
from tests.support.platform import Platform, RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]
Look = tuple[int, str, Literal["light", "dark"]]
"""Width in pixels, language's prefix, scheme."""

SECTIONS = ("platform", "pricing", "shipping", "recovery", "file", "secrets", "diagnostics")


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """A film whose pictures are sent."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def signed_in(page: Page, platform: Platform, prefix: str = "") -> None:
    page.goto(prefix + invited(platform))
    page.locator("form button[type=submit]").first.click()
    expect(page.locator("h1")).to_have_text(re.compile("Summary|Resumen"))


def send(page: Page, name: str, content: bytes) -> None:
    payload = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    page.locator("#file").set_input_files(payload)
    page.locator("[data-upload] button").click()


@pytest.mark.parametrize("look", [(360, "", "light"), (1280, "/es", "dark")], ids=str)
def test_a_picture_is_sent_described_and_found(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep, look: Look
) -> None:
    width, prefix, scheme = look
    page = open_page(width)
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    signed_in(page, platform, prefix)
    page.goto(f"{prefix}/admin/media/")
    keep(page, f"media-choose-{scheme}")
    assert_accessible(page)
    page.goto(f"{prefix}/admin/media/{films.salt}/")
    if width == 360:
        expect(page.locator(".empty")).to_be_visible()
        keep(page, f"media-empty-{scheme}")
        assert_accessible(page)
    send(page, f"The bridge at night {width}.jpg", picture(size=(1400 + width, 900)))
    expect(page.locator(".tile")).not_to_have_count(0)
    send(page, "a film.mp4", mp4())
    send(page, "drawing.svg", SVG)
    expect(page.locator("#file-trouble")).to_be_visible()
    keep(page, f"media-refused-{scheme}")
    assert_accessible(page)
    page.goto(f"{prefix}/admin/media/{films.salt}/")
    # Scaled beside us; the page looks again by itself.
    expect(page.locator("[data-library]:not([data-processing])")).to_be_visible(timeout=20_000)
    keep(page, f"media-list-{scheme}")
    assert_accessible(page)
    page.get_by_text(f"The bridge at night {width}.jpg").click()
    page.locator("#alt").fill("A bridge, lit from below")
    keep(page, f"media-one-{scheme}")
    assert_accessible(page)
    page.locator("form[action$=describe] button").click()
    expect(page.locator("#alt")).to_have_value("A bridge, lit from below")


@pytest.mark.parametrize("look", [(360, "/es", "dark"), (1280, "", "light")], ids=str)
def test_settings_are_read_saved_and_looked_at(
    platform: Platform, open_page: OpenPage, keep: Keep, look: Look
) -> None:
    width, prefix, scheme = look
    page = open_page(width)
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    signed_in(page, platform, prefix)
    for section in SECTIONS:
        page.goto(f"{prefix}/admin/settings/{section}/")
        keep(page, f"settings-{section}-{scheme}")
        assert_accessible(page)
    page.goto(f"{prefix}/admin/settings/recovery/")
    page.locator("#recovery-window_days").fill("99")
    page.locator("form[action$=save] button[type=submit]").click()
    expect(page.locator(".field__trouble")).to_be_visible()
    expect(page.locator("#recovery-window_days")).to_have_value("99")
    keep(page, f"settings-wrong-{scheme}")
    assert_accessible(page)
    page.goto(f"{prefix}/admin/settings/design/")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_be_visible()
    page.locator("#branding-color_primary").fill("#9adfc0")
    expect(frame.locator(".notice--bad").first).to_be_visible()
    page.locator("#branding-color_primary").fill("#5b2a86")
    expect(frame.locator(".notice--bad")).to_have_count(0)
    if scheme == "light":
        expect(frame.locator(".button--main")).to_have_css("background-color", "rgb(91, 42, 134)")
    keep(page, f"settings-design-{scheme}")
    assert_accessible(page)


def test_an_editor_chooses_from_the_library(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    page = open_page(1280)
    signed_in(page, platform)
    page.goto(f"/admin/media/{films.salt}/")
    page.locator("#alt").fill("A ladder on the roof")
    send(page, "Ladder.png", picture("PNG", size=(900, 600)))
    expect(page.get_by_text("Ladder.png")).to_be_visible()
    page.goto(f"/admin/campaigns/{films.salt}/")
    page.locator("a[href*='/edit/']").first.click()
    asset = page.locator(".field--asset input").first
    asset.locator("xpath=following-sibling::button[1]").click()
    dialog = page.locator("dialog.picker")
    expect(dialog.locator("[data-path]").first).to_be_visible()
    keep(page, "media-picker")
    assert_accessible(page)
    dialog.locator("input[type=search]").fill("ladder")
    dialog.locator("form button").click()
    expect(dialog.locator("[data-path]")).to_have_count(1)
    page.keyboard.press("Tab")
    dialog.locator("[data-path]").press("Enter")
    expect(dialog).to_be_hidden()
    expect(asset).to_have_value(re.compile(r"media/uploads/[0-9a-f]{32}\.webp"))
    expect(asset).to_be_focused()

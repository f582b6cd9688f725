"""Every screen of the dashboard, found from its table: axe, one heading, nothing sideways."""

from collections.abc import Callable, Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.quality.dashboard import SESSION, screens, sign_in
from deploy.quality.furnish import furnish
from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_managing import pledged
from tests.support.platform import Platform, RunningStack, an_email

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Keep = Callable[[Page, str], None]
ColorScheme = Literal["light", "dark"]
# The gate looks in every combination; here each language, scheme and width is seen twice.
SEEN: tuple[tuple[ColorScheme, int], ...] = (("light", 360), ("dark", 1280))
LOOKS = [(prefix, scheme, width) for prefix in ("", "/es") for scheme, width in SEEN]


@pytest.fixture(scope="module")
def dashboard(stack: RunningStack) -> Iterator[tuple[str, dict[str, str]]]:
    """Somebody's session, and the address of every screen, with something to see on each."""
    platform = Platform(stack)
    try:
        films = Films(platform)
        pledged(platform, films, "seen", ref="ada", utmSource="newsletter")
        platform.pledge(films.harbour, email=an_email("seen"), tier="rope")
        with httpx.Client(base_url=stack.site, headers={"Origin": stack.site}, timeout=20) as http:
            cookie = sign_in(http, stack.admin_secret)
            furnish(http, films.salt)
            yield cookie, screens(http, films.salt)
    finally:
        platform.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)).strip("-/"))
def test_every_screen_is_for_everybody(
    browser: Browser,
    stack: RunningStack,
    dashboard: tuple[str, dict[str, str]],
    keep: Keep,
    look: tuple[str, ColorScheme, int],
) -> None:
    prefix, scheme, width = look
    cookie, addresses = dashboard
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        base_url=stack.site,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": SESSION, "value": cookie, "url": stack.site}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    for name, address in addresses.items():
        page.goto(prefix + address)
        expect(page.locator("h1")).to_have_count(1)
        keep(page, f"{name}{prefix.replace('/', '-')}-{scheme}")
        assert_accessible(page)
    context.close()
    assert complaints == []

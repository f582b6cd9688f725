"""axe finds nothing on any page, in either language and scheme, on a phone and on a desk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.films import Films
from tests.support.platform import Platform, RunningStack, an_email

pytestmark = [pytest.mark.stack, pytest.mark.browser]

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
LOOKS = [
    (language, scheme, width)
    for language in ("", "/es")
    for scheme, width in (("light", 360), ("dark", 1280))
]
TEXTS = (
    *("/", "/campaigns/", "/about/", "/terms/", "/privacy/", "/creator-campaign-checklist/"),
    *("/manage/", "/cart/", "/embed/", "/no-such-page/"),
)


@pytest.fixture(scope="module")
def shown(stack: RunningStack) -> Iterator[Films]:
    """Two films, one of them with a pledge."""
    visitor = Platform(stack)
    films = Films(visitor)
    yield films
    visitor.close()


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)).strip("-/"))
def look(
    request: pytest.FixtureRequest, browser: Browser, stack: RunningStack
) -> Iterator[tuple[Page, str]]:
    """A window in one language, scheme and width."""
    language, scheme, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        base_url=stack.site,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    yield context.new_page(), language
    context.close()


def assert_accessible(page: Page) -> None:
    """Assert that axe has nothing to say, contrast included."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    told = [
        f"{rule['id']}: {rule['help']}\n    "
        + "\n    ".join(node["html"] for node in rule["nodes"])
        for rule in found["violations"]
    ]
    assert found["passes"], "axe did not look"
    assert told == [], f"{page.url}\n" + "\n".join(told)


def test_the_pages_that_are_read(look: tuple[Page, str], shown: Films) -> None:
    page, language = look
    for path in (*TEXTS, f"/campaigns/{shown.salt}/", f"/campaigns/{shown.salt}/pledge-cancel/"):
        page.goto(language + path)
        assert_accessible(page)


def test_the_cart_in_both_steps_and_in_trouble(look: tuple[Page, str], shown: Films) -> None:
    page, language = look
    page.goto(f"{language}/campaigns/{shown.salt}/")
    page.locator("#tier-frame").get_by_role("button").click()
    expect(page.locator(".totals__row--last")).to_be_visible()
    page.locator(".totals summary").first.click()
    assert_accessible(page)

    page.get_by_role("button", name=re.compile("Continue to card|Seguir a la tarjeta")).click()
    expect(page.locator("#trouble")).to_be_focused()
    assert_accessible(page)
    page.locator(".item__asks input").first.fill("7")
    page.get_by_role("button", name=re.compile("Continue to card|Seguir a la tarjeta")).click()
    expect(page.locator("#email")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name=re.compile("Save card|Guardar tarjeta")).click()
    expect(page.locator("#trouble")).to_be_focused()
    page.locator("#adds-up summary").first.click()
    assert_accessible(page)


def test_the_receipt(look: tuple[Page, str], shown: Films, stack: RunningStack) -> None:
    page, language = look
    visitor = Platform(stack)
    order = visitor.pledge(shown.harbour, email=an_email("ada"), tier="rope")["orderId"]
    visitor.close()

    page.goto(f"{language}/campaigns/{shown.harbour}/pledge-success/?order={order}")
    expect(page.locator(".receipt")).to_be_visible()
    assert_accessible(page)

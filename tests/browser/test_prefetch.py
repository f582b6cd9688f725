"""A page is fetched ahead when somebody points at its link, if it is the same for everybody."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.films import Films
from tests.support.platform import Platform

pytestmark = [pytest.mark.stack, pytest.mark.browser]

# Chromium fetches ahead a fifth of a second after the pointer rests.
REST_MILLISECONDS = 700
OF_ONE_PERSON = (
    "/manage/?t=abc.def",
    "/community/{slug}/?t=abc.def",
    "/campaigns/{slug}/?t=abc.def",
    "/campaigns/{slug}/pledge-success/?order=pool-intent-1",
    "/cart/",
    "/es/cart/",
    "/admin/",
)


def test_only_pages_for_everybody_are_fetched_ahead(
    open_page: Callable[[int], Page], platform: Platform
) -> None:
    films = Films(platform)
    page = open_page(1280)
    ahead: list[str] = []

    def note(request: Request) -> None:
        if "prefetch" in request.headers.get("sec-purpose", ""):
            ahead.append(request.url.partition("127.0.0.1")[2].partition("/")[2])

    page.on("request", note)
    page.goto("/")
    page.evaluate(
        """(paths) => paths.forEach((href) =>
          document.querySelector("main").prepend(
            Object.assign(document.createElement("a"), { href, textContent: href }), " "))""",
        [each.format(slug=films.salt) for each in OF_ONE_PERSON],
    )
    for link in page.locator("main > a").all():
        link.hover()
        page.wait_for_timeout(REST_MILLISECONDS)
    assert ahead == []

    with page.expect_request(lambda request: "sec-purpose" in request.headers):
        page.locator(f'a[href="/campaigns/{films.salt}/"]').first.hover()

    assert ahead == [f"campaigns/{films.salt}/"]
    page.locator(f'a[href="/campaigns/{films.salt}/"]').first.click()
    expect(page.locator("[data-campaign]")).to_be_visible()

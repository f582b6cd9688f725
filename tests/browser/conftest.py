"""A real browser in front of the running platform."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from deploy.local.browser import find
from tests.support.invariants import assert_invariants
from tests.support.platform import Platform
from tests.support.stack import Stack

SHOTS = os.environ.get("POOL_SCREENSHOTS")


@pytest.fixture
def platform(stack: Stack) -> Iterator[Platform]:
    """The same platform, over HTTP: the calendar and the inbox. It ends with the checker."""
    visitor = Platform(stack)
    yield visitor
    visitor.close()
    assert_invariants(stack)


# Not for the whole session: while Playwright's own loop turns, no async test can run here.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    executable = find()
    assert executable is not None, "no Chromium: `./pool test` installs one"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> Iterator[Callable[[int], Page]]:
    """Open a window of a width in pixels; afterwards no page may have complained."""
    contexts = []
    complaints: list[str] = []

    def open_window(width: int) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            base_url=stack.site,
            locale="en-US",
            # A picture taken half-way through a movement shows nothing anybody sees.
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        return page

    yield open_window
    for context in contexts:
        context.close()
    # A test that takes the connection away, opens what is no link, or sends a form that is refused,
    # hears of it from the browser.
    refused = [f"status of {status}" for status in (400, 401, 409, 415)]
    expected = ("ERR_INTERNET_DISCONNECTED", *refused)
    assert [each for each in complaints if not any(said in each for said in expected)] == []


@pytest.fixture
def open_plain_page(browser: Browser, stack: Stack) -> Iterator[Callable[[int], Page]]:
    """Open a window without scripts, of a width in pixels."""
    contexts = []

    def open_window(width: int) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            base_url=stack.site,
            java_script_enabled=False,
            reduced_motion="reduce",
        )
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keep a picture of the page in the folder that POOL_SCREENSHOTS names."""

    def picture(page: Page, name: str) -> None:
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{name} scrolls sideways by {overflow} px"
        if SHOTS:
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            size = page.viewport_size or ViewportSize(width=0, height=0)
            # A dialog scrolls by itself: make room for all of it.
            tall = page.evaluate("document.querySelector('dialog[open]')?.scrollHeight ?? 0")
            if tall:
                page.set_viewport_size(
                    {"width": size["width"], "height": max(size["height"], tall)}
                )
            page.screenshot(path=folder / f"{name}-{size['width']}.png", full_page=not tall)
            if tall:
                page.set_viewport_size(size)

    return picture

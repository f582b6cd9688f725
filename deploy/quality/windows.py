"""A browser for the gates, and the way into the cart."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.bench.figures import Say
from deploy.local.browser import find_or_install
from deploy.quality.showcase import FILM

REWARD = "survey-map"
MOUNT_MILLISECONDS = 20_000


@contextmanager
def browser(say: Say) -> Iterator[Browser]:
    """Run a Chromium without a window for a while."""
    executable = find_or_install(say)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield launched
        launched.close()


def put_in_cart(page: Page, language: str = "") -> None:
    """Open the film's page and put a posted reward into the cart, in the drawer."""
    page.goto(f"{language}/campaigns/{FILM}/")
    page.locator(f"#tier-{REWARD} [name=add]").click()
    # A price is there: everything else was drawn before it.
    expect(page.locator(".totals__row--last")).to_be_visible()


def to_the_card(page: Page) -> None:
    """Answer what the reward asks, say who and where, and wait for the card's own form."""
    for question in page.locator(".item__asks input").all():
        question.fill("Noor")
    for question in page.locator(".item__asks select").all():
        question.select_option(index=1)
    page.locator("button[name=do][value=next]").click()
    address = {
        "#email": "noor@halfmoon.example",
        "#name": "Noor Valdecasas",
        "#address1": "14 Alder Court",
        "#city": "Albuquerque",
        "#postalCode": "87101",
    }
    for field, text in address.items():
        page.locator(field).fill(text)
    page.locator("#province").select_option("NM")
    page.locator("#province").press("Tab")
    expect(page.locator("[data-card-mount] iframe").first).to_be_visible(timeout=MOUNT_MILLISECONDS)

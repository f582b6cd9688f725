"""The form for a launch reminder in a browser, where a challenge stands before it.

Drawn by the site's own code; the vendor's script and what the form is answered with are played.
"""

from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, Route, expect

from services.site.cart.answers import Refused
from services.site.public import pages, render
from services.site.public.reminder import answered, page_of, reminder_form
from tests.browser.drawn import HOME, Drawn
from tests.site.stages import BEFORE, SITE, STATE

pytestmark = pytest.mark.browser

VENDOR = "https://challenges.cloudflare.com/turnstile/v0/api.js"
PLAYED = """
window.turnstile = {
  count: 0,
  render(place, { sitekey, callback }) {
    this.count += 1;
    const token = `${sitekey}-${this.count}`;
    place.insertAdjacentHTML("beforeend", '<input type="hidden" name="cf-turnstile-response">');
    place.querySelector("input").value = token;
    callback(token);
  },
};
"""
GUARDED = replace(SITE, challenge_key="a-site-key")
SOON = "/campaigns/the-long-take/"


class Answers:
    """Plays the site's answers to the form, in order, and the vendor; remembers what came."""

    def __init__(self, page: Page, *refusals: Refused | None) -> None:
        self.sent: list[dict[str, str]] = []
        self.vendor = 0
        self._left = list(refusals)
        page.route("**/remind/", self._answer)
        page.route(f"{VENDOR}*", self._play)

    def _answer(self, route: Route) -> None:
        self.sent.append(dict(parse_qsl(route.request.post_data or "")))
        form = reminder_form(STATE, "upcoming", "en")
        assert form
        told, _ = answered(form, self.sent[-1]["email"], self._left.pop(0), "en")
        body = render.render_reminder(page_of(STATE, told, "en"), GUARDED)
        route.fulfill(body=body, content_type="text/html; charset=utf-8")

    def _play(self, route: Route) -> None:
        self.vendor += 1
        route.fulfill(body=PLAYED, content_type="text/javascript")


def open_page(browser: Browser) -> Page:
    soon = pages.campaign_page(STATE, now=BEFORE, language="en")
    context = browser.new_context(base_url=HOME)
    Drawn(context, {SOON: render.render_campaign(soon, GUARDED)})
    return context.new_page()


def test_the_challenge_is_asked_for_when_somebody_begins_and_its_answer_goes_along(
    browser: Browser,
) -> None:
    page = open_page(browser)
    refused = Refused(status=400, error="challenge_needed")
    site = Answers(page, refused, None)
    page.goto(SOON)
    page.wait_for_load_state("networkidle")
    assert site.vendor == 0, "a visitor who only reads is told on to nobody"

    page.get_by_label("Remind me once").fill("noor@halfmoon.example")
    expect(page.locator("[name=cf-turnstile-response]")).to_have_value("a-site-key-1")
    page.get_by_role("button", name="Remind me").click()

    # Refused: in words, with what was typed, and with a challenge that was not used yet.
    expect(page.get_by_text("We could not see that you are a person.").first).to_be_visible()
    expect(page.get_by_label("Remind me once")).to_have_value("noor@halfmoon.example")
    expect(page.locator("[name=cf-turnstile-response]")).to_have_value("a-site-key-2")
    page.get_by_role("button", name="Remind me").click()

    expect(page.get_by_text("Noted. We write to you once").first).to_be_visible()
    answers = [each["cf-turnstile-response"] for each in site.sent]
    assert answers == ["a-site-key-1", "a-site-key-2"]
    assert site.vendor == 1
    page.context.close()


def test_without_the_vendors_script_the_form_still_asks_and_says_why_not(browser: Browser) -> None:
    page = open_page(browser)
    site = Answers(page, Refused(status=400, error="challenge_needed"))
    page.route(f"{VENDOR}*", lambda route: route.abort())
    page.goto(SOON)

    page.get_by_label("Remind me once").fill("noor@halfmoon.example")
    page.get_by_role("button", name="Remind me").click()

    expect(page.get_by_text("If there is no check, reload the page.").first).to_be_visible()
    assert "cf-turnstile-response" not in site.sent[0]
    page.context.close()

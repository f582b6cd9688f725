"""The campaign page in a visitor's hands: tabs, players, permalinks, small screens, no scripts.

Drawn by the site's own code and served to the browser directly: no platform is needed for it.
"""

import json
import re
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from services.site.domain import Figures, snapshot
from services.site.public import pages, render
from services.site.public.state import Block, DiaryEntry, PhaseContent, Picture
from tests.browser.drawn import HOME, Drawn
from tests.site.stages import AFTER, BEFORE, CONTENT, DEFINITION, LIVE, NOT_FUNDED, SITE, STATE

pytestmark = pytest.mark.browser

PLAYER = "https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ?autoplay=1&rel=0"
PATH = "/campaigns/the-long-take/"
LAB = DEFINITION.support_items[0]
VIDEO = Block(
    kind="video",
    provider="youtube",
    source_url="https://www.youtube.com/watch?v=aqz-KE-bpKQ",
    player_url=PLAYER,
)
PICTURES = tuple(
    Picture(url=f"/media/{place}.webp", alt=f"Picture {place}", width=1600, height=900)
    for place in range(5)
)
FILM = replace(
    STATE,
    definition=replace(
        DEFINITION, support_items=(LAB, replace(LAB, item_id="crew", label="The crew"))
    ),
    content=replace(
        CONTENT,
        video=VIDEO,
        blocks=(*CONTENT.blocks, Block(kind="gallery", layout="carousel", pictures=PICTURES)),
        phases=(
            PhaseContent(name="Before", item_ids=("lab",)),
            PhaseContent(name="The shoot", item_ids=("crew",)),
        ),
        diary=(
            DiaryEntry(entry_id="horn", title="We found the horn", at=LIVE - timedelta(days=2)),
            DiaryEntry(
                entry_id="permit",
                title="The permit",
                at=LIVE - timedelta(days=9),
                phase="pre-production",
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def drawn_pages() -> dict[str, bytes]:
    live = pages.campaign_page(FILM, now=LIVE, language="en")
    soon = pages.campaign_page(FILM, now=BEFORE, language="en")
    missed = pages.campaign_page(NOT_FUNDED, now=AFTER, language="en")
    return {
        PATH: render.render_campaign(live, SITE),
        "/soon/": render.render_campaign(soon, SITE),
        "/missed/": render.render_campaign(missed, SITE),
    }


@pytest.mark.parametrize(
    ("path", "pledged", "rest"),
    [
        pytest.param(PATH, 2_000_000, "$5,000 to go", id="on the way"),
        pytest.param(PATH, 2_600_000, "", id="at the goal"),
        pytest.param("/missed/", 2_000_000, "", id="after the end"),
    ],
)
def test_live_figures_say_what_is_to_go_only_while_something_is(
    browser: Browser, drawn_pages: dict[str, bytes], path: str, pledged: int, rest: str
) -> None:
    context = browser.new_context(base_url=HOME)
    Drawn(context, drawn_pages)
    state = "post" if path == "/missed/" else "live"
    context.route("**/live/*/events", lambda route: route.fulfill(**_stream(state, pledged)))
    page = context.new_page()
    page.goto(path)

    expect(page.locator("[data-figure=pledged]").first).to_have_text(f"${pledged // 100:,}")
    for place in page.locator("[data-figure=rest]").all():
        expect(place).to_have_text(rest)
    context.close()


def _stream(state: str, pledged: int) -> dict[str, str]:
    """Return a stream of live figures with one snapshot."""
    figures = Figures(slug=DEFINITION.slug, version=9)
    document = msgspec.to_builtins(snapshot(DEFINITION, figures, LIVE))
    document["campaign"]["effectiveState"] = state
    document["stats"]["pledgedAmount"] = pledged
    body = f"event: snapshot\ndata: {json.dumps(document)}\n\n"
    return {"body": body, "content_type": "text/event-stream"}


def test_tabs_players_and_galleries_with_the_keyboard(
    browser: Browser, drawn_pages: dict[str, bytes]
) -> None:
    context = browser.new_context(base_url=HOME, viewport={"width": 1280, "height": 900})
    drawn = Drawn(context, drawn_pages)
    page = context.new_page()
    page.goto(PATH)
    phases = page.locator("#budget").get_by_role("tab")
    diary = page.locator("#diary").get_by_role("tab")

    expect(diary).to_have_count(5)
    expect(diary.nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("We found the horn")).to_be_visible()
    expect(page.get_by_text("The permit")).to_be_hidden()
    phases.first.focus()
    page.keyboard.press("ArrowRight")
    expect(phases.nth(1)).to_be_focused()
    expect(page.locator("#phase-2")).to_be_visible()
    expect(page.locator("#phase-1")).to_be_hidden()
    page.keyboard.press("Home")
    expect(page.locator("#phase-1")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#phase-1")).to_be_focused()

    page.evaluate("location.hash = 'diary-permit'")
    expect(page.get_by_text("The permit")).to_be_visible()
    expect(page.locator("#diary-permit")).to_be_focused()

    strip = page.locator(".carousel__strip")
    page.get_by_role("button", name="Later pictures").click()
    page.wait_for_function("document.querySelector('.carousel__strip').scrollLeft > 100")
    strip.focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('.carousel__strip').scrollLeft === 0")

    assert drawn.asked_elsewhere == []
    page.locator(".hero [data-player]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hero iframe")).to_be_focused()
    assert drawn.asked_elsewhere == [PLAYER]
    context.close()


def test_a_permalink_opens_the_part_it_leads_into(
    browser: Browser, drawn_pages: dict[str, bytes]
) -> None:
    context = browser.new_context(base_url=HOME)
    Drawn(context, drawn_pages)
    page = context.new_page()

    page.goto(f"{PATH}?ref=ada#diary-permit")

    expect(page.get_by_text("The permit")).to_be_in_viewport()
    page.locator("[data-share] summary").click()
    bluesky = page.get_by_role("link", name="Bluesky").get_attribute("href") or ""
    assert "ref%3Dada" in bluesky
    page.context.add_cookies([{"name": "supporter_the-long-take", "value": "1", "url": HOME}])
    page.reload()
    expect(page.get_by_role("link", name="Open the supporters' page")).to_be_visible()
    context.close()


@pytest.mark.parametrize("path", [PATH, "/soon/"])
def test_small_screens_no_scripts_no_motion(
    browser: Browser, drawn_pages: dict[str, bytes], path: str
) -> None:
    context = browser.new_context(
        base_url=HOME, viewport={"width": 320, "height": 700}, java_script_enabled=False
    )
    Drawn(context, drawn_pages)
    page = context.new_page()
    page.goto(path)

    # Nothing is hidden from those without scripts, and nothing is wider than the screen.
    expect(page.get_by_text("The permit")).to_be_visible()
    expect(page.get_by_text("The crew")).to_be_visible()
    expect(page.locator(".hero [data-player]")).to_have_attribute("href", re.compile("watch"))
    expect(page.locator("[data-reminder] form")).to_have_count(1 if path == "/soon/" else 0)
    context.close()

    still = browser.new_context(
        base_url=HOME, reduced_motion="reduce", viewport={"width": 320, "height": 700}
    )
    Drawn(still, drawn_pages)
    page = still.new_page()
    page.goto(path)
    moving = page.evaluate(
        "document.getAnimations()"
        ".filter((each) => each.effect.getComputedTiming().duration > 0).length"
    )
    assert moving == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    still.close()

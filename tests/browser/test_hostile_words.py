"""A hundred scripts, each in every place where a maker may write: none of them runs.

The page is rendered by the site's own code and shown without its content security policy, which
would hide a hole: what is held here is held by escaping and sanitising alone.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Request, Route

from services.site.public import pages, render
from services.site.public.state import Block, CampaignState, DiaryEntry, Picture, TierContent
from services.site.publishing import blocks
from services.site.publishing.markdown import to_inline_html, to_text
from services.site.publishing.present_blocks import present_blocks
from services.site.publishing.shown_media import Media
from tests.site.payloads import PAYLOADS
from tests.site.stages import CONTENT, DEFINITION, LIVE, SITE, STATE

pytestmark = pytest.mark.browser

ADDRESS = "http://words.test/"
TRAP = (
    "window.ran = []; window.trap = () => window.ran.push(document.currentScript?.outerHTML ?? 1);"
)
# Whatever waits for a hand, an eye or a mistake gets it.
POKE = """() => {
  const kinds = ["mouseover", "pointerover", "focus", "click", "error", "toggle", "load"];
  for (const element of document.querySelectorAll("main *")) {
    for (const kind of kinds) if (kind !== "click" || !element.closest("a, button")) {
      element.dispatchEvent(new Event(kind));
    }
  }
  return window.ran;
}"""


def film(payloads: tuple[str, ...]) -> CampaignState:
    """Return a film whose every word is a script."""
    media = Media(Path("/nonexistent"))
    written = [
        block
        for each in payloads
        for block in (
            blocks.TextBlock(body=each),
            blocks.QuoteBlock(text=each, author=each),
            blocks.AudioBlock(src="https://sound.test/a.mp3", title=each, caption=each),
            blocks.EmbedBlock(
                provider="vimeo", src="https://player.vimeo.com/video/1", title=each, caption=each
            ),
        )
    ]
    story = present_blocks(tuple(written), media)
    pictures = tuple(
        Picture(url="data:image/gif;base64,R0lGODlhAQABAAAAACw=", alt=each, caption=each)
        for each in payloads
    )
    tiers = tuple(
        replace(DEFINITION.tiers[0], tier_id=f"t{place}", name=each)
        for place, each in enumerate(payloads)
    )
    items = tuple(
        replace(DEFINITION.support_items[0], item_id=f"i{place}", label=each)
        for place, each in enumerate(payloads)
    )
    diary = tuple(
        DiaryEntry(entry_id=f"d{place}", title=each, at=LIVE - timedelta(days=1), blocks=story[:1])
        for place, each in enumerate(payloads)
    )
    gallery = Block(kind="gallery", layout="carousel", pictures=pictures, caption=payloads[0])
    return replace(
        STATE,
        definition=replace(
            DEFINITION,
            title=payloads[0],
            creator_name=payloads[1],
            category=payloads[2],
            tiers=tiers,
            support_items=items,
        ),
        content=replace(
            CONTENT,
            blurb=to_inline_html(payloads[3]),
            blurb_text=to_text(payloads[4]),
            blocks=(*story, gallery),
            tiers={
                f"t{place}": TierContent(description=to_inline_html(each))
                for place, each in enumerate(payloads)
            },
            support_needs={
                f"i{place}": to_inline_html(each) for place, each in enumerate(payloads)
            },
            diary=diary,
        ),
    )


def test_a_hundred_scripts_in_every_field_and_none_runs(browser: Browser) -> None:
    assert len(set(PAYLOADS)) >= 100
    page = pages.campaign_page(film(PAYLOADS), now=LIVE, language="en")
    body = render.render_campaign(page, SITE)
    context = browser.new_context()
    context.add_init_script(TRAP)
    window = context.new_page()
    asked: list[str] = []
    dialogs: list[str] = []

    def serve(route: Route, request: Request) -> None:
        if request.url == ADDRESS:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        else:
            asked.append(request.url)
            route.abort()

    context.route("**/*", serve)
    window.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    window.goto(ADDRESS)

    assert window.evaluate(POKE) == []
    assert window.locator("main p").count() > len(PAYLOADS)
    targets = window.evaluate("[...document.links].map((link) => link.protocol)")
    assert set(targets) <= {"http:", "https:", "mailto:", "sms:"}
    handlers = window.evaluate(
        "[...document.querySelectorAll('*')].flatMap((each) => each.getAttributeNames())"
        ".filter((name) => name.startsWith('on') || name === 'style' || name === 'srcdoc')"
    )
    assert handlers == []
    assert window.locator("main script, main iframe, main object, main embed, base").count() == 0
    assert [url for url in asked if "evil.example" in url] == []
    assert (window.url, dialogs) == (ADDRESS, [])

    # The trap itself works: a script that does get in is seen.
    window.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'trap()'}))"
    )
    assert len(window.evaluate("window.ran")) == 1
    context.close()

"""The archive, its filters, and the feed: the same campaigns, narrowed or told in time."""

from xml.etree import ElementTree as ET

import msgspec
import pytest

from contracts.ids import CampaignSlug
from services.site.public import render
from services.site.public.feed import feed
from services.site.public.lists import Filter, archive_page, home_page, read_filter
from services.site.public.state import CampaignState
from tests.site.stages import AFTER, BEFORE, LIVE, NOT_FUNDED, SITE, STATE, defined

ATOM = "{http://www.w3.org/2005/Atom}"
SHORT = msgspec.structs.replace(
    STATE,
    definition=msgspec.structs.replace(
        STATE.definition, slug=CampaignSlug("a-short"), category="Short Film", title="A Short"
    ),
)
ENDED = msgspec.structs.replace(
    NOT_FUNDED,
    definition=msgspec.structs.replace(
        STATE.definition, slug=CampaignSlug("ended"), category="Zine", deadline_at=BEFORE
    ),
)
ALL = [STATE, SHORT, ENDED]


def slugs(chosen: Filter) -> list[str]:
    page = archive_page(ALL, chosen, now=LIVE, language="en")
    return [card.slug for group in (page.live, page.upcoming, page.closed) for card in group]


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (Filter(), ["the-long-take", "a-short", "ended"]),
        (Filter(state="live"), ["the-long-take", "a-short"]),
        (Filter(state="closed"), ["ended"]),
        (Filter(kind="short-film"), ["a-short"]),
        (Filter(kind="other"), ["ended"]),
        (Filter(state="live", kind="other"), []),
        (Filter(state="upcoming"), []),
    ],
)
def test_a_filter_leaves_what_it_says(chosen: Filter, left: list[str]) -> None:
    assert slugs(chosen) == left


def test_every_choice_says_how_many_it_leaves() -> None:
    page = archive_page(ALL, Filter(kind="short-film"), now=LIVE, language="en")

    assert [(choice.label, choice.count) for choice in page.states] == [
        ("All", 1),
        ("Live now", 1),
        ("Opening soon", 0),
        ("Closed", 0),
    ]
    assert [choice.url for choice in page.kinds if choice.is_chosen] == [
        "/campaigns/?kind=short-film"
    ]
    assert page.states[1].url == "/campaigns/?state=live&kind=short-film"
    for choice in (*page.states, *page.kinds):
        asked = dict(pair.split("=") for pair in choice.url.partition("?")[2].split("&") if pair)
        assert (
            len(slugs(read_filter(asked.get("state", ""), asked.get("kind", "")))) == choice.count
        )


def test_an_address_with_odd_words_narrows_nothing() -> None:
    assert read_filter("dead", "<script>") == Filter()


def test_one_kind_alone_leaves_nothing_to_choose() -> None:
    assert home_page([STATE], now=LIVE, language="en").kinds == ()
    assert len(home_page([STATE, SHORT], now=LIVE, language="es").kinds) == 3


@pytest.mark.parametrize("campaigns", [[], ALL], ids=["none", "narrowed to none"])
def test_an_empty_archive_says_so(campaigns: list[CampaignState]) -> None:
    chosen = Filter(kind="album") if campaigns else Filter()
    page = archive_page(campaigns, chosen, now=LIVE, language="en")

    html = render.render_archive(page, SITE).decode()

    assert page.is_empty
    assert ("No film is like that today" in html) is bool(campaigns)
    assert ("No films yet" in html) is not bool(campaigns)
    assert ('content="noindex' in html) is bool(campaigns)


def test_the_feed_tells_what_happened_newest_first_and_nothing_of_the_future() -> None:
    state = defined(title="Take <1> & more")
    xml = feed([state], SITE.platform, site_base=SITE.site_base, now=LIVE, language="en")

    root = ET.fromstring(xml)  # noqa: S314
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        "Take <1> & more: We found the horn",
        "Take <1> & more: The permit",
        "Take <1> & more is open",
    ]
    assert entries[0].findtext(f"{ATOM}id") == (
        "http://127.0.0.1:8000/campaigns/the-long-take/#diary-horn"
    )
    assert root.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    before = feed([state], SITE.platform, site_base=SITE.site_base, now=BEFORE, language="es")
    assert ET.fromstring(before).findall(f"{ATOM}entry") == []  # noqa: S314
    assert "<entry>" in feed([state], SITE.platform, site_base="", now=AFTER, language="es")

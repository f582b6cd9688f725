"""What leaves the site: the widget, its snippet, share cards, and what machines read of a page."""

import io
import json
import re

import pytest
from PIL import Image

from services.site.public import pages, render
from services.site.public.embed import Options, builder, read_options
from services.site.public.language import LANGUAGES, Language
from services.site.public.share_card import Card, draw_card, our_colours
from services.site.public.sharing import share_links, share_sentence
from tests.site.running import RunningSite
from tests.site.samples import campaign
from tests.site.stages import AFTER, BEFORE, FUNDED, LIVE, NOT_FUNDED, SITE, STATE

LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def html(language: Language = "en") -> str:
    page = pages.campaign_page(STATE, now=LIVE, language=language)
    return render.render_campaign(page, SITE).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_search_engines_read_a_work_and_its_place_and_no_offer(language: Language) -> None:
    work, crumbs = (json.loads(found) for found in LD.findall(html(language)))

    assert work["@type"] == "CreativeWork"
    assert work["creator"]["name"] == "Noor Valdecasas"
    assert work["image"] == "http://127.0.0.1:8000/media/take-wide.webp"
    assert [step["position"] for step in crumbs["itemListElement"]] == [1, 2, 3]
    assert "Offer" not in html(language)


def test_what_a_maker_wrote_cannot_end_the_data() -> None:
    page = pages.campaign_page(STATE, now=LIVE, language="en")
    evil = type(page)(
        **{**{n: getattr(page, n) for n in page.__struct_fields__}, "title": "</script>"}
    )

    found = render.render_campaign(evil, SITE).decode()

    assert next(json.loads(each) for each in LD.findall(found))["name"] == "</script>"


@pytest.mark.parametrize(
    ("state", "now", "sentence"),
    [
        (STATE, BEFORE, "The Long Take opens on November 3."),
        (STATE, LIVE, "The Long Take is being funded, until December 13."),
        (FUNDED, AFTER, "The Long Take is funded."),
        (NOT_FUNDED, AFTER, "The Long Take has ended."),
    ],
)
def test_a_shared_link_says_how_the_film_stands(state: object, now: object, sentence: str) -> None:
    stage = state.stage_at(now)  # type: ignore[attr-defined]

    assert share_sentence(state, stage, "en") == sentence  # type: ignore[arg-type]


def test_share_links_carry_the_sentence_and_no_script() -> None:
    links = {link.name: link.url for link in share_links("A & B.", "https://x.example/c/", "en")}

    assert links["X"] == (
        "https://x.com/intent/post?text=A%20%26%20B.&url=https%3A%2F%2Fx.example%2Fc%2F"
    )
    assert links["Email"].startswith("mailto:?subject=A%20%26%20B.&body=")
    assert len(links) == 6


@pytest.mark.parametrize("title", ["One", "A title of many words that has to be broken", "W" * 80])
def test_a_card_is_a_picture_of_the_agreed_size_whatever_the_title(title: str) -> None:
    card = Card(
        platform="The Pool",
        kind="Feature film",
        title=title,
        state="Until December 13",
        figures="$1 of $2",
        filled_permille=500,
        art=None,
        colours=our_colours(),
    )

    with Image.open(io.BytesIO(draw_card(card))) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        right = picture.crop((616, 150, 680, 450)).getcolors()
        assert right is not None
        assert len(right) == 1, "the title runs into the art"


def test_odd_options_are_the_defaults() -> None:
    asked = {"layout": "huge", "theme": "../x", "media": "hide", "cta": "1"}

    assert read_options(asked) == Options(media="hide")


def test_the_snippet_listens_to_this_site_alone() -> None:
    made = builder(
        (("take", 'A "Take" <1>'),), "take", Options(), site_base="https://p.example", language="es"
    )

    assert 'title="A &quot;Take&quot; &lt;1>"' in made.snippet
    assert 'e.origin==="https://p.example"' in made.snippet
    assert "https://p.example/es/embed/campaign/?slug=take&amp;layout=full" in made.snippet
    assert builder((), "take", Options(), site_base="", language="en").slug == ""


async def test_the_builder_begins_with_the_film_that_closes_first(one_film: RunningSite) -> None:
    (one_film.content / "a-later.md").write_text(campaign("a-later", ends=30))
    await one_film.publish()

    first = (await one_film.http.get("/embed/")).text
    asked = (await one_film.http.get("/embed/?slug=a-later")).text

    assert 'src="/embed/campaign/?slug=long-take&amp;' in first
    assert 'src="/embed/campaign/?slug=a-later&amp;' in asked


async def test_only_the_widget_may_be_framed_by_others(one_film: RunningSite) -> None:
    widget = await one_film.http.get("/embed/campaign/?slug=long-take&layout=compact&theme=warm")
    made = await one_film.http.get("/es/embed/?slug=long-take")
    missing = await one_film.http.get("/embed/campaign/?slug=nobody")

    assert "frame-ancestors *" in widget.headers["content-security-policy"]
    assert "form-action 'none'" in widget.headers["content-security-policy"]
    assert 'data-theme="warm"' in widget.text
    assert "set-cookie" not in widget.headers
    assert "frame-ancestors 'none'" in made.headers["content-security-policy"]
    assert "frame-src 'self'" in made.headers["content-security-policy"]
    assert missing.status_code == 404


async def test_a_card_is_drawn_for_scrapers_in_each_language(one_film: RunningSite) -> None:
    page = (await one_film.http.get("/es/campaigns/long-take/")).text
    address = re.search(r'property="og:image" content="([^"]+)"', page)
    assert address
    assert address[1] == f"{one_film.url}/share/campaign/long-take.png?lang=es"

    answers = [
        await one_film.http.get(path)
        for path in (address[1], "/share/campaign/long-take.png", "/share/site.png")
    ]

    assert [answer.headers["content-type"] for answer in answers] == ["image/png"] * 3
    assert len({answer.content for answer in answers}) == 3
    again = await one_film.http.get(
        address[1], headers={"if-none-match": answers[0].headers["etag"]}
    )
    assert again.status_code == 304
    assert (await one_film.http.get("/share/campaign/nobody.png")).status_code == 404


async def test_the_feed_and_the_archive_are_there_in_each_language(one_film: RunningSite) -> None:
    for prefix in ("", "/es"):
        feed = await one_film.http.get(f"{prefix}/feed.xml")
        archive = await one_film.http.get(f"{prefix}/campaigns/?state=live&kind=short-film")
        none = await one_film.http.get(f"{prefix}/campaigns/?state=closed")

        assert feed.headers["content-type"].startswith("application/atom+xml")
        assert f"{one_film.url}{prefix}/campaigns/long-take/" in feed.text
        assert f'href="{prefix}/campaigns/long-take/"' in archive.text
        assert f'href="{prefix}/campaigns/long-take/"' not in none.text
        assert archive.headers["etag"]


@pytest.mark.parametrize("path", ["/pledge-success/", "/es/pledge-cancelled/"])
async def test_addresses_without_a_campaign_lead_home_when_they_name_no_order(
    one_film: RunningSite, path: str
) -> None:
    answer = await one_film.http.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == ("/es/" if "es" in path.split("/") else "/")

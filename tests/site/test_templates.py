"""Every page in every stage and language: strict markup, nothing inline, within its budget."""

import gzip
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.site.cart.receipt import resume_pairs, success_page
from services.site.cart.shown import CartPage
from services.site.cart.troubles import Change, Trouble, WayOut
from services.site.manage.page import shell
from services.site.public import lists, pages, render
from services.site.public.language import LANGUAGES, Language
from tests.site import carts, manage_pages
from tests.site.stages import AFTER, BEFORE, FUNDED, LIVE, NOT_FUNDED, SITE, STATE, campaign

SITE_ROOT = Path(render.__file__).parents[1]
TEMPLATES = sorted((SITE_ROOT / "templates").rglob("*.j2"))
HTML_BUDGET = 15_000
# What no browser runs.
DATA = ("application/json", "application/ld+json")
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "rect", "path", "use"}
VOID |= {"circle", "source", "track", "wbr"}

Make = Callable[[Language], bytes]


def shown(state: object, now: object) -> Make:
    return lambda language: render.render_campaign(
        pages.campaign_page(state, now=now, language=language),  # type: ignore[arg-type]
        SITE,
    )


TROUBLE = Trouble(
    title="It is sold out.",
    text="Take another.",
    way_out=WayOut(button=("remove", carts.PRINT), label="Take it out"),
    changes=(Change(label="Shipping", before="$3.00", after="$6.95"),),
)
CHOSEN = ((carts.PRINT, "1"), (carts.CREDIT, "3"), (carts.CUSTOM, "12.50"), (carts.CHAIR, "1"))


def carted(is_scripted: bool, step: str, **view: object) -> Make:
    """Return a cart of two films with an add-on in a step, with scripts or without."""
    fields = {"step": step, "email": "noor@halfmoon.example", "country": "US"}
    given = carts.form(
        *CHOSEN, (carts.PIN, "1"), **fields, **({"script": "1"} if is_scripted else {})
    )
    return lambda language: render.render_cart(
        carts.page(given, language, **{"quote": carts.BUNDLE, **view}), SITE
    )


def came_back(status: str, **more: bool) -> Make:
    found = None if status in ("unknown", "away") else carts.receipt(status)
    return lambda language: render.render_success(
        success_page(found, carts.shop(), carts.TAKE, language, order_id="pool-intent-0", **more),
        SITE,
    )


PAGES: dict[str, Make] = {
    "home": lambda language: render.render_home(
        lists.home_page([STATE, FUNDED, NOT_FUNDED], now=LIVE, language=language), SITE
    ),
    "home, empty": lambda language: render.render_home(
        lists.home_page([], now=LIVE, language=language), SITE
    ),
    "upcoming": shown(STATE, BEFORE),
    "live": shown(STATE, LIVE),
    "goal reached": shown(campaign(pledged_cents=3_300_000), LIVE),
    "closing": shown(STATE, AFTER),
    "funded": shown(FUNDED, AFTER),
    "not funded": shown(NOT_FUNDED, AFTER),
    "cancelled": shown(campaign(is_cancelled=True), LIVE),
    **{
        f"success, {status}": came_back(status)
        for status in ("persisted", "completed", "open", "expired", "too_late", "unknown")
    },
    "success, away": came_back("away", is_away=True),
    "cancel": lambda language: render.render_cancelled(
        pages.result_page(STATE, now=AFTER, language=language), SITE
    ),
    "cancel, open": lambda language: render.render_cancelled(
        pages.result_page(
            STATE,
            now=LIVE,
            language=language,
            resumes=resume_pairs(carts.receipt("open")),
            order_id="pool-intent-0",
        ),
        SITE,
    ),
    "cart, shell": lambda language: render.render_cart(
        CartPage(language=language, is_shell=True), SITE
    ),
    "cart, empty": lambda language: render.render_cart(carts.page(carts.form(), language), SITE),
    "cart": carted(True, "cart"),
    "cart, without scripts": carted(False, "cart"),
    "cart, in trouble": carted(True, "cart", trouble=TROUBLE),
    "cart, not priced": carted(False, "cart", quote=None, trouble=TROUBLE),
    "card": carted(True, "card"),
    "card, without scripts": carted(False, "card"),
    "card, in trouble": carted(True, "card", trouble=TROUBLE),
    "manage": lambda language: render.render_manage(shell(language), SITE),
    **{f"manage, {name}": manage_pages.drawn(name) for name in manage_pages.NAMES},
    "about": lambda language: render.render_text("about", language, SITE),
    "terms": lambda language: render.render_text("terms", language, SITE),
    "privacy": lambda language: render.render_text("privacy", language, SITE),
    "404": lambda language: render.render_error(404, language, SITE),
    "500": lambda language: render.render_error(418, language, SITE),
    "503": lambda language: render.render_error(503, language, SITE),
}

every_page = pytest.mark.parametrize(
    ("name", "language"), [(name, language) for name in PAGES for language in LANGUAGES]
)


class Markup(HTMLParser):
    """Notes what a strict reader of a page would complain about."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.complaints: list[str] = []
        self.headings: list[str] = []
        self.targets: list[str] = []
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.note(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.note(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"</{tag}> closes nothing")

    def note(self, tag: str, given: dict[str, str | None]) -> None:
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if "style" in given or any(name.startswith("on") for name in given):
            self.complaints.append(f"<{tag}> carries a style or handler")
        if tag == "script" and "src" not in given and given.get("type") not in DATA:
            self.complaints.append("an inline script")
        if tag in ("style", "iframe", "object"):
            self.complaints.append(f"<{tag}>")
        if tag == "img" and "alt" not in given:
            self.complaints.append("an image without alt")
        if tag == "label" and given.get("for"):
            self.labels.add(given["for"] or "")
        for name in ("aria-labelledby", "aria-describedby", "for", "popovertarget"):
            self.targets += (given.get(name) or "").split()


def read(page: bytes) -> Markup:
    parser = Markup()
    parser.feed(page.decode())
    return parser


@every_page
def test_a_page_is_sound(name: str, language: Language) -> None:
    page = read(PAGES[name](language))

    assert page.complaints == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids)), "an id is there twice"
    assert set(page.targets) <= set(page.ids), "something points at nothing"
    assert page.headings.count("h1") == 1


@every_page
def test_a_page_keeps_to_its_budget_and_to_this_site(name: str, language: Language) -> None:
    page = PAGES[name](language)

    assert len(gzip.compress(page)) < HTML_BUDGET
    loaded = re.findall(rb'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page)
    foreign = [each for each in loaded if b"://" in each and b"127.0.0.1:8000" not in each]
    assert foreign == []


@every_page
def test_a_page_names_its_language_and_offers_the_other(name: str, language: Language) -> None:
    page = PAGES[name](language).decode()

    assert f'<html lang="{language}"' in page
    other = {"en": 'hreflang="es"', "es": 'hreflang="en"'}[language]
    assert other in page


def test_private_pages_are_not_indexed_and_tell_nobody_where_people_come_from() -> None:
    for name in ("manage", "success, persisted"):
        page = PAGES[name]("en")
        assert b'name="robots" content="noindex' in page
        assert b'name="referrer" content="no-referrer"' in page
    # A form on a page that tells nobody where it is has no origin, and would be refused.
    assert b'name="referrer" content="same-origin"' in PAGES["cancel, open"]("en")


def test_the_manage_page_hides_the_token_before_anything_else_is_loaded() -> None:
    page = PAGES["manage"]("en").decode()

    assert page.index("token.js") < page.index("<title>")
    assert "stripe" not in page.split("</head>")[0]


def test_what_creators_write_is_escaped() -> None:
    evil = '<script>alert("x")</script>'
    definition = STATE.definition
    state = campaign(definition=type(definition)(**{**_fields(definition), "title": evil}))

    page = shown(state, LIVE)("en").decode()

    assert evil not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_style_attribute_and_trusts_nothing(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r'\sstyle="|\son[a-z]+="|\|\s*safe\b|<style', source)


def test_the_long_texts_have_the_same_parts_in_both_languages() -> None:
    for name in ("about", "terms", "privacy"):
        anchors = [
            re.findall(r'<h2 id="(\w[\w-]*)"', PAGES[name](language).decode())
            for language in LANGUAGES
        ]
        assert anchors[0]
        assert anchors[0] == anchors[1]


def _fields(definition: object) -> dict[str, object]:
    return {name: getattr(definition, name) for name in definition.__struct_fields__}  # type: ignore[attr-defined]

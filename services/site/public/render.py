"""View models to bytes: one Jinja environment per language, strict and escaping."""

import functools
from pathlib import Path

import jinja2
import msgspec

from contracts.campaign import PlatformDefinition
from services.chassis.templates import compiled_beside
from services.site.cart.receipt import SuccessPage
from services.site.cart.shown import CartPage
from services.site.community.shown import CommunityPage
from services.site.manage.shown import ManagePage
from services.site.public import formatting
from services.site.public.assets import static_base
from services.site.public.language import LANGUAGES, NAMES, Language, catalogue, prefix
from services.site.public.strings import manage_strings, script_strings
from services.site.public.views import CampaignPage, HomePage, ResultPage

TEMPLATES = Path(__file__).parents[1] / "templates"
DARK_PAPER, LIGHT_PAPER = "#0b1416", "#f4f7f6"


class SiteFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What is around every page: names, address, and where Stripe's script comes from."""

    site_base: str
    platform: PlatformDefinition
    stripe_js_url: str = "https://js.stripe.com/endive/stripe.js"
    source_url: str = ""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The head and chrome of one page. `path` is the address without a language."""

    language: Language
    path: str
    title: str
    description: str = ""
    image_url: str = ""
    is_indexed: bool = True
    has_cart: bool = True
    takes_cards: bool = False
    is_private: bool = False
    referrer: str = "no-referrer"


def render_home(page: HomePage, site: SiteFrame) -> bytes:
    """Return the home page."""
    texts = catalogue(page.language)
    frame = Frame(
        language=page.language,
        path="/",
        title=site.platform.platform_name,
        description=texts.gettext(
            "Independent films, paid for only if they happen. Save a card, pay nothing today."
        ),
        takes_cards=True,
    )
    return _render("home.html.j2", frame, site, page=page)


def render_campaign(page: CampaignPage, site: SiteFrame) -> bytes:
    """Return a campaign's page."""
    frame = Frame(
        language=page.language,
        path=f"/campaigns/{page.slug}/",
        title=_titled(page.title, site),
        description=page.description,
        image_url=page.wide.url if page.wide else "",
        takes_cards=True,
    )
    return _render("campaign.html.j2", frame, site, page=page)


def render_success(page: SuccessPage, site: SiteFrame) -> bytes:
    """Return the page after the card: a receipt, or honestly how far it is."""
    return _render_result("success.html.j2", "pledge-success", page.heading, page, site)


def render_cancelled(page: ResultPage, site: SiteFrame) -> bytes:
    """Return the page after the card step was left."""
    title = catalogue(page.language).gettext("Nothing was saved")
    return _render_result("pledge_cancel.html.j2", "pledge-cancel", title, page, site)


def render_cart(page: CartPage, site: SiteFrame) -> bytes:
    """Return the cart as a page of its own; the drawer takes its inside."""
    texts = catalogue(page.language)
    title = texts.gettext("Save your card") if page.step == "card" else texts.gettext("Your cart")
    frame = Frame(
        language=page.language,
        path="/cart/",
        title=_titled(title, site),
        is_indexed=False,
        takes_cards=True,
    )
    return _render("cart.html.j2", frame, site, cart=page)


def render_manage(page: ManagePage, site: SiteFrame) -> bytes:
    """Return the manage page, with what its link opens or without a link."""
    frame = Frame(
        language=page.language,
        path="/manage/",
        title=_titled(catalogue(page.language).gettext("Your pledges"), site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
        takes_cards=True,
    )
    return _render(
        "manage.html.j2", frame, site, page=page, manage_strings=manage_strings(page.language)
    )


def render_community(page: CommunityPage, site: SiteFrame) -> bytes:
    """Return the supporters' page of a campaign, for one person or for nobody."""
    texts = catalogue(page.language)
    frame = Frame(
        language=page.language,
        path=f"/community/{page.slug}/",
        title=_titled(f"{texts.gettext('For supporters')}: {page.title}", site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
    )
    return _render("community.html.j2", frame, site, page=page)


def render_text(name: str, language: Language, site: SiteFrame) -> bytes:
    """Return one of the long texts: about, terms or privacy."""
    texts = catalogue(language)
    titles = {
        "about": texts.gettext("How it works"),
        "terms": texts.gettext("Terms"),
        "privacy": texts.gettext("Privacy"),
    }
    frame = Frame(
        language=language,
        path=f"/{name}/",
        title=_titled(titles[name], site),
        has_cart=False,
    )
    return _render(
        f"texts/{name}.{language}.html.j2",
        frame,
        site,
        operator=site.platform.company_name or site.platform.platform_name,
    )


def render_error(status: int, language: Language, site: SiteFrame) -> bytes:
    """Return an error page in words: 400, 404, 503, and 500 for everything else."""
    known = status if status in (400, 404, 503) else 500
    texts = catalogue(language)
    titles = {
        400: texts.gettext("We could not take that"),
        404: texts.gettext("There is nothing here"),
        500: texts.gettext("That went wrong on our side"),
        503: texts.gettext("We are busy for a moment"),
    }
    frame = Frame(
        language=language,
        path="/",
        title=_titled(titles[known], site),
        is_indexed=False,
        has_cart=False,
    )
    return _render("error.html.j2", frame, site, status=known)


@functools.cache
def environment(language: Language) -> jinja2.Environment:
    """Return the templates of a language; a name that is not there is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        bytecode_cache=compiled_beside(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters["percent"] = functools.partial(formatting.percent, language=language)
    return made


def referrer_of(page: ResultPage | SuccessPage) -> str:
    """Return what a page after the card tells others: nothing, or us alone where it has a form.

    A form on a page without a referrer has no origin either, and would be nobody's.
    """
    has_form = isinstance(page, ResultPage) and page.resumes
    return "same-origin" if has_form else "no-referrer"


def _render_result(
    template: str, last: str, title: str, page: ResultPage | SuccessPage, site: SiteFrame
) -> bytes:
    frame = Frame(
        language=page.language,
        path=f"/campaigns/{page.slug}/{last}/",
        title=_titled(title, site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
        referrer=referrer_of(page),
    )
    return _render(template, frame, site, page=page)


def _titled(title: str, site: SiteFrame) -> str:
    return f"{title} · {site.platform.platform_name}"


def _render(template: str, frame: Frame, site: SiteFrame, **more: object) -> bytes:
    language = frame.language
    others = [other for other in LANGUAGES if other != language]
    page = environment(language).get_template(template)
    return page.render(
        frame=frame,
        site=site,
        static=static_base(),
        prefix=prefix(language),
        others=[(other, NAMES[other], f"{prefix(other)}{frame.path}") for other in others],
        alternates=[(other, f"{site.site_base}{prefix(other)}{frame.path}") for other in LANGUAGES],
        canonical=f"{site.site_base}{prefix(language)}{frame.path}",
        papers=(LIGHT_PAPER, DARK_PAPER),
        tax_rate=formatting.rate(site.platform.sales_tax_rate, language),
        zone=formatting.zone_name(site.platform.timezone, language),
        strings=script_strings(language),
        **more,
    ).encode()

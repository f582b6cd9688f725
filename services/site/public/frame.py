"""What is around every page, and the templates: one Jinja environment per language, strict."""

import functools
from pathlib import Path

import jinja2
import msgspec

from contracts.campaign import PlatformDefinition
from services.chassis.process.templates import compiled_beside
from services.site.public import formatting
from services.site.public.assets import static_base
from services.site.public.language import LANGUAGES, NAMES, Language, catalogue, prefix
from services.site.public.strings import script_strings
from services.site.public.theme import Theme, theme_of

TEMPLATES = Path(__file__).parents[1] / "templates"


class SiteFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What is around every page: names, address, and where Stripe's script comes from."""

    site_base: str
    platform: PlatformDefinition
    stripe_js_url: str = "https://js.stripe.com/endive/stripe.js"
    source_url: str = ""
    # The challenge's public key, where forms for strangers ask for one.
    challenge_key: str = ""
    theme: Theme = theme_of(())
    # What is said above the page; empty on every page that is public.
    notice: str = ""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The head and chrome of one page. `path` is the address without a language."""

    language: Language
    path: str
    title: str
    # What a shared link is called, where that is more than the page's title.
    social_title: str = ""
    description: str = ""
    image_url: str = ""
    # What a share card says, for those who don't see it; empty where the picture is no card.
    image_alt: str = ""
    is_indexed: bool = True
    has_cart: bool = True
    takes_cards: bool = False
    og_type: str = "website"
    published_at: str = ""
    # What search engines read of the page, as schema.org says it.
    data: tuple[dict[str, object], ...] = ()
    is_private: bool = False
    referrer: str = "no-referrer"


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


def in_language(language: Language) -> str:
    """Return the query that asks for a picture in a language."""
    return "" if language == "en" else f"?lang={language}"


def titled(title: str, site: SiteFrame) -> str:
    """Return a page's title with the site's name."""
    return f"{title} · {site.platform.platform_name}"


def draw(template: str, frame: Frame, site: SiteFrame, **more: object) -> bytes:
    """Return a page as bytes."""
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
        papers=(site.theme.light_paper, site.theme.dark_paper),
        tax_rate=formatting.rate(site.platform.sales_tax_rate, language),
        zone=formatting.zone_name(site.platform.timezone, language),
        strings=script_strings(language),
        **more,
    ).encode()

"""A campaign on other people's pages: what the widget shows, and the builder of its snippet. Pure.

Source: pages 7.3.
"""

from typing import Literal, get_args
from urllib.parse import urlencode

import msgspec

from services.site.public.language import Language, prefix
from services.site.public.list_views import CampaignCard

Layout = Literal["full", "compact"]
Look = Literal["default", "warm", "ocean"]
Shown = Literal["show", "hide"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
LOOKS: tuple[Look, ...] = get_args(Look)
SHOWN: tuple[Shown, ...] = get_args(Shown)
HEIGHTS: dict[Layout, int] = {"full": 620, "compact": 210}
"""Pixels before the widget has said how tall it is."""

RESIZE = "pool-campaign-embed:resize"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the widget looks."""

    layout: Layout = "full"
    theme: Look = "default"
    media: Shown = "show"
    cta: Shown = "show"


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in the widget. Its link names where it was clicked."""

    language: Language
    card: CampaignCard
    options: Options
    url: str
    is_open: bool


class Builder(msgspec.Struct, frozen=True, kw_only=True):
    """The page that makes the snippet: what can be chosen, and what was."""

    language: Language
    campaigns: tuple[tuple[str, str], ...]
    slug: str
    title: str
    options: Options
    source: str
    height: int
    snippet: str


def read_options(asked: dict[str, str]) -> Options:
    """Return what an address asks for; what it does not say, or says wrongly, is the default."""
    return Options(
        layout=next((each for each in LAYOUTS if each == asked.get("layout")), "full"),
        theme=next((each for each in LOOKS if each == asked.get("theme")), "default"),
        media=next((each for each in SHOWN if each == asked.get("media")), "show"),
        cta=next((each for each in SHOWN if each == asked.get("cta")), "show"),
    )


def widget(card: CampaignCard, options: Options, *, site_base: str, language: Language) -> Widget:
    """Return a campaign's widget."""
    return Widget(
        language=language,
        card=card,
        options=options,
        url=f"{site_base}{card.url}?utm_source=embed&utm_medium=widget",
        is_open=card.stage in ("upcoming", "live"),
    )


def builder(
    campaigns: tuple[tuple[str, str], ...],
    slug: str,
    options: Options,
    *,
    site_base: str,
    language: Language,
) -> Builder:
    """Return the builder for a campaign, with an unknown one for the first there is."""
    titles = dict(campaigns)
    chosen = slug if slug in titles else next(iter(titles), "")
    query = urlencode({"slug": chosen, **msgspec.structs.asdict(options)})
    source = f"{prefix(language)}/embed/campaign/?{query}"
    height = HEIGHTS[options.layout] if options.media == "show" else 300
    return Builder(
        language=language,
        campaigns=campaigns,
        slug=chosen,
        title=titles.get(chosen, ""),
        options=options,
        source=source,
        height=height,
        snippet=_snippet(site_base + source, site_base, chosen, titles.get(chosen, ""), height),
    )


def _snippet(source: str, origin: str, slug: str, title: str, height: int) -> str:
    """Return what is pasted: the frame, and a listener that lets it be as tall as it is.

    It listens to this site alone, and takes nothing but a number.
    """
    frame = f"pool-{slug}"
    words = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    address = source.replace("&", "&amp;")
    return (
        f'<iframe id="{frame}" src="{address}" title="{words}" height="{height}"'
        ' style="border:0;width:100%;max-width:560px" loading="lazy"></iframe>\n'
        f'<script>addEventListener("message",e=>{{if(e.origin==="{origin}"&&'
        f'e.data?.type==="{RESIZE}"&&e.data.slug==="{slug}")'
        f'document.getElementById("{frame}").height=Number(e.data.height)||{height}}})</script>'
    )

"""The Atom feed: films that opened, and what their makers wrote in the diary. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from markupsafe import Markup, escape

from contracts.campaign import PlatformDefinition
from services.site.public import formatting
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import CampaignState

PATH = "/feed.xml"
ENTRIES_MAX = 40
NEVER = "2026-01-01T00:00:00+00:00"
"""When a feed without entries was changed."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `url` is also what names it for ever."""

    title: str
    url: str
    at: datetime
    author: str
    html: Markup = Markup("")


def feed(
    campaigns: Iterable[CampaignState],
    platform: PlatformDefinition,
    *,
    site_base: str,
    now: datetime,
    language: Language,
) -> str:
    """Return the feed as XML: what has happened, newest first."""
    base = f"{site_base}{prefix(language)}"
    found = [entry for state in campaigns for entry in _entries(base, state, language)]
    past = [entry for entry in found if entry.at <= now]
    newest = sorted(past, key=lambda entry: (-entry.at.timestamp(), entry.url))[:ENTRIES_MAX]
    items = "".join(_entry(each) for each in newest)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">\n'
        f"<title>{escape(platform.platform_name)}</title>\n"
        f"<id>{escape(base)}/</id>\n"
        f'<link rel="self" href="{escape(base)}{PATH}"/>\n'
        f'<link href="{escape(base)}/"/>\n'
        f"<updated>{newest[0].at.isoformat() if newest else NEVER}</updated>\n"
        f"{items}</feed>\n"
    )


def _entries(base: str, state: CampaignState, language: Language) -> Iterator[Entry]:
    texts = catalogue(language)
    definition = state.definition
    url = f"{base}/campaigns/{state.slug}/"
    goal = texts.gettext("Goal: %(goal)s") % {"goal": formatting.money(definition.goal_cents)}
    yield Entry(
        title=texts.gettext("%(title)s is open") % {"title": definition.title},
        url=url,
        at=definition.starts_at,
        author=definition.creator_name,
        html=Markup("<p>{}</p><p>{}</p>").format(state.content.blurb, goal),
    )
    for entry in state.content.diary:
        yield Entry(
            title=f"{definition.title}: {entry.title}",
            url=f"{url}#diary-{entry.entry_id}",
            at=entry.at,
            author=definition.creator_name,
            html=Markup("").join(block.html for block in entry.blocks),
        )


def _entry(entry: Entry) -> str:
    at = entry.at.isoformat()
    return (
        f"<entry>\n<title>{escape(entry.title)}</title>\n"
        f"<id>{escape(entry.url)}</id>\n"
        f'<link href="{escape(entry.url)}"/>\n'
        f"<published>{at}</published>\n<updated>{at}</updated>\n"
        f"<author><name>{escape(entry.author)}</name></author>\n"
        f'<content type="html">{escape(str(entry.html))}</content>\n</entry>\n'
    )

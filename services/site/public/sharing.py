"""What leaves the site with a campaign: sentences to share, and what search engines read. Pure.

Source: pages 2.10 and 11.
"""

from urllib.parse import quote, urlencode

import msgspec

from contracts.campaign import PlatformDefinition
from services.site.public import formatting
from services.site.public.language import Language, catalogue, prefix
from services.site.public.outcome import deadline_day
from services.site.public.state import CampaignState, Stage
from services.site.public.views import CampaignPage


class ShareLink(msgspec.Struct, frozen=True, kw_only=True):
    """A place a campaign can be told about. `url` opens it with the sentence filled in."""

    name: str
    url: str


def share_sentence(state: CampaignState, stage: Stage, language: Language) -> str:
    """Return what is said of a campaign in one sentence, by how it stands."""
    texts = catalogue(language)
    definition = state.definition
    opens = formatting.day(definition.starts_at, definition.timezone, language)
    named = {"title": definition.title, "opens": opens, "day": deadline_day(state, language)}
    sentences: dict[Stage, str] = {
        "upcoming": texts.gettext("%(title)s opens on %(opens)s."),
        "live": texts.gettext("%(title)s is being funded, until %(day)s."),
        "closing": texts.gettext("%(title)s has closed and is being counted."),
        "funded": texts.gettext("%(title)s is funded."),
        "not_funded": texts.gettext("%(title)s has ended."),
        "cancelled": texts.gettext("%(title)s has ended."),
    }
    return sentences[stage] % named


def share_links(sentence: str, url: str, language: Language) -> tuple[ShareLink, ...]:
    """Return where a campaign can be told about; no script of any of them is on our pages."""
    texts = catalogue(language)
    both = f"{sentence} {url}"
    mail = texts.gettext("Email")
    message = texts.gettext("Text message")
    places = [
        ("Bluesky", "https://bsky.app/intent/compose?", {"text": both}),
        ("X", "https://x.com/intent/post?", {"text": sentence, "url": url}),
        ("Threads", "https://www.threads.net/intent/post?", {"text": both}),
        ("Facebook", "https://www.facebook.com/sharer/sharer.php?", {"u": url}),
        (mail, "mailto:?", {"subject": sentence, "body": both}),
        (message, "sms:?", {"body": both}),
    ]
    return tuple(
        ShareLink(name=name, url=base + urlencode(pairs, quote_via=quote))
        for name, base, pairs in places
    )


def platform_data(
    platform: PlatformDefinition, site_base: str, logo: str
) -> list[dict[str, object]]:
    """Return who runs the site, as schema.org says it."""
    organisation: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Organization",
        "@id": f"{site_base}/#organization",
        "name": platform.company_name or platform.platform_name,
        "url": f"{site_base}/",
        "logo": f"{site_base}{logo}",
    }
    if platform.support_email:
        organisation["email"] = platform.support_email
    website: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "@id": f"{site_base}/#website",
        "name": platform.platform_name,
        "url": f"{site_base}/",
        "inLanguage": list(platform.languages),
        "publisher": {"@id": organisation["@id"]},
    }
    return [organisation, website]


def campaign_data(
    page: CampaignPage, *, site_base: str, image: str, above: tuple[str, str]
) -> list[dict[str, object]]:
    """Return a campaign as schema.org says it: a work and where it stands on the site.

    `above` are the words for home and for the list of films. A reward is no offer: nothing is
    sold before a film is funded.
    """
    base = f"{site_base}{prefix(page.language)}"
    url = f"{base}/campaigns/{page.slug}/"
    work: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": f"{url}#work",
        "name": page.title,
        "headline": page.title,
        "url": url,
        "mainEntityOfPage": url,
        "isPartOf": {"@id": f"{site_base}/#website"},
        "description": page.description,
        "genre": page.makers.category,
        "inLanguage": page.language,
        "datePublished": page.live_island["startsAt"],
        "expires": page.live_island["deadline"],
        "creator": {"@type": "Person", "name": page.makers.name},
    }
    if image:
        work["image"] = image
    home, films = above
    steps = ((home, f"{base}/"), (films, f"{base}/campaigns/"), (page.title, url))
    crumbs = [
        {"@type": "ListItem", "position": place, "name": name, "item": address}
        for place, (name, address) in enumerate(steps, start=1)
    ]
    return [
        work,
        {
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": crumbs,
        },
    ]

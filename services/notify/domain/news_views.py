"""What the templates of news see beside what every mail's do."""

from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from services.notify.domain import formatting
from services.notify.domain.language import N_, Language, catalogue
from services.notify.domain.links import Links, one_line
from services.notify.domain.mails import Campaign, Mail, MailKind
from services.notify.domain.markdown import opening, to_mail_html, to_mail_text
from services.notify.domain.news import Milestone, News

SUBJECT_LENGTH_MAX = 200
OPENING_LENGTH = 120

MILESTONES: dict[Milestone, tuple[str, str]] = {
    "one-third": (N_("A third is pledged"), N_("A third of the goal is pledged.")),
    "two-thirds": (N_("Two thirds are pledged"), N_("Two thirds of the goal are pledged.")),
    "goal": (N_("The goal is reached"), N_("The goal is reached.")),
    "stretch": (N_("Stretch goal reached"), N_("A stretch goal is reached.")),
}


class NewsView(msgspec.Struct, frozen=True, kw_only=True):
    """News in words and links."""

    heading: str
    # Each paragraph as its lines.
    paragraphs: tuple[tuple[str, ...], ...]
    # The same as HTML and as text where the author wrote Markdown, else empty; how it begins.
    prose: Markup
    prose_text: str
    opening: str
    cta_label: str
    cta_url: str
    entry_url: str
    unsubscribe_url: str
    milestone: str
    stretch_title: str
    pledged: str
    supporters: str
    # How far the bar is filled, in whole percent of its width and never rounded up.
    filled_percent: int


def news_view_of(
    mail: Mail, news: News, campaign: Campaign, links: Links, language: Language
) -> NewsView:
    """Return what the templates of `mail` show of the news in it."""
    pledged = news.pledged_cents or 0
    return NewsView(
        heading=one_line(news.heading) or _heading(news, language),
        paragraphs=paragraphs(news.body),
        prose=to_mail_html(news.body) if news.is_markdown else Markup(),
        prose_text=to_mail_text(news.body) if news.is_markdown else "",
        opening=opening(news.body, OPENING_LENGTH) if news.is_markdown else "",
        cta_label=one_line(news.cta_label),
        cta_url=_safe(news.cta_url),
        entry_url=links.entry(campaign, news.entry_id, language),
        unsubscribe_url=links.unsubscribe(mail, language),
        milestone=news.milestone or "",
        stretch_title=one_line(news.stretch_title),
        pledged=formatting.goal(pledged, language) if news.pledged_cents is not None else "",
        supporters=str(news.supporter_count) if news.supporter_count else "",
        filled_percent=min(100, pledged * 100 // campaign.goal_cents) if campaign.goal_cents else 0,
    )


def news_subject(kind: MailKind, news: News, title: str, language: Language) -> str:
    """Return the author's subject, or our own for what becomes news by itself."""
    if news.milestone is not None:
        own = catalogue(language).gettext(MILESTONES[news.milestone][0])
    elif kind == "launch_reminder":
        own = catalogue(language).gettext(N_("Now live"))
    else:
        own = one_line(news.subject)
    # What it is about stays readable, however much the author had to say.
    room = max(20, SUBJECT_LENGTH_MAX - len(title) - 3)
    if len(own) > room:
        own = own[: room - 1].rstrip() + "…"
    subject = f"{own} | {title}"
    if len(subject) <= SUBJECT_LENGTH_MAX:
        return subject
    return subject[: SUBJECT_LENGTH_MAX - 1].rstrip() + "…"


def paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """Return a text as paragraphs of lines: an empty line is between two of them."""
    found: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        clean = one_line(line)
        if clean:
            found[-1].append(clean)
        elif found[-1]:
            found.append([])
    return tuple(tuple(each) for each in found if each)


def is_safe_link(url: str) -> bool:
    """Tell whether an address may stand behind a button: https, and a host to be read."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    is_plain = url == one_line(url) and " " not in url and "@" not in parts.netloc
    return parts.scheme == "https" and bool(host) and is_plain


def _safe(url: str) -> str:
    return url if is_safe_link(url) else ""


def _heading(news: News, language: Language) -> str:
    if news.milestone is None:
        return one_line(news.subject)
    return catalogue(language).gettext(MILESTONES[news.milestone][1])

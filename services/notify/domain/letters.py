"""A mail as it leaves us: subject, HTML and plain text."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import css_inline
import jinja2
import msgspec
from markupsafe import Markup

from contracts.ids import CampaignSlug
from services.chassis.process.templates import compiled_beside
from services.notify.domain.language import LANGUAGES, Language, catalogue
from services.notify.domain.links import Links, one_line
from services.notify.domain.look import painted
from services.notify.domain.mails import Campaign, Mail, MailKind, PlatformNames
from services.notify.domain.news_views import news_view_of
from services.notify.domain.refused import refused_parts
from services.notify.domain.views import view_of

TEMPLATES = Path(__file__).parents[1] / "templates"
NONE: Mapping[CampaignSlug, Campaign] = MappingProxyType({})
BLANK_LINES = re.compile(r"\n{3,}")


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a mail."""

    name: str
    content: bytes
    media_type: str = "text/csv"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a mail service is told about one mail."""

    kind: MailKind
    sender: str
    to: str
    reply_to: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    attachments: tuple[Attachment, ...] = ()


class Letters:
    """Writes letters. The same mail gives the same letter, so a repeat is the same request."""

    def __init__(self, *, email_from: str, links: Links) -> None:
        self._sender = one_line(email_from)
        self._links = links
        self._templates = {language: _environment(language) for language in LANGUAGES}
        # Keeps the @media blocks: dark mode and narrow screens cannot be written inline.
        self._inliner = css_inline.CSSInliner(
            keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
        )

    def write(
        self,
        mail: Mail,
        campaign: Campaign,
        platform: PlatformNames,
        *,
        others: Mapping[CampaignSlug, Campaign] = NONE,
        attachments: tuple[Attachment, ...] = (),
    ) -> Letter:
        """Return `mail` as a letter; `others` has every other campaign that it speaks of."""
        view = view_of(mail, campaign, platform, self._links)
        shown = msgspec.structs.asdict(view)
        # Mail clients fold letters with one subject into one; two pledges are two.
        headers = {"X-Entity-Ref-ID": mail.mail_id}
        if mail.news is not None:
            told = news_view_of(mail, mail.news, campaign, self._links, view.language)
            shown |= msgspec.structs.asdict(told)
            # One click, without a page in between. Source: RFC 8058.
            headers["List-Unsubscribe"] = f"<{told.unsubscribe_url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        refused = refused_parts(mail, others, view.language)
        templates = self._templates[view.language]
        html = templates.get_template(f"{mail.kind}.html.j2").render(
            shown,
            film=_strong(view.title),
            refused=[(_strong(each.title), each) for each in refused],
        )
        text = templates.get_template(f"{mail.kind}.txt.j2").render(
            shown, film=view.title, refused=[(each.title, each) for each in refused]
        )
        return Letter(
            kind=mail.kind,
            sender=self._sender,
            to=one_line(mail.address),
            reply_to=one_line(platform.support_email),
            subject=view.subject,
            html=self._inliner.inline(painted(html, platform.mail_look)),
            text=BLANK_LINES.sub("\n\n", text).strip() + "\n",
            headers=headers,
            attachments=attachments,
        )


def _strong(title: str) -> Markup:
    return Markup("<strong>{}</strong>").format(title)


def _environment(language: Language) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        bytecode_cache=compiled_beside(TEMPLATES),
    )
    i18n: Any = environment
    i18n.install_gettext_translations(catalogue(language), newstyle=True)
    return environment

"""Where a mail's links lead, and the key that makes one a link of one pledge alone."""

import unicodedata
from urllib.parse import quote

import msgspec

from contracts import magic_link
from contracts.events.pledges import LinkedPledge
from contracts.ids import PledgeId
from services.notify.domain.facts import PreviewFacts
from services.notify.domain.language import Language, prefix
from services.notify.domain.mails import Campaign, Mail
from services.notify.domain.news import SCOPES, UNSUBSCRIBE_LIVES, Topic, topic_of

UNSUBSCRIBE_PATHS: dict[Topic, str] = {
    "news": "/campaign-email/unsubscribe",
    "launch": "/launch-reminders/unsubscribe",
}


class Opener(msgspec.Struct, frozen=True, kw_only=True):
    """A film and the link to somebody's pledge to it."""

    title: str
    url: str


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where links lead: the site, and the secret that makes one a key."""

    site_base: str
    magic_link_secret: bytes

    def campaign(self, campaign: Campaign, language: Language) -> str:
        """Return the campaign's page."""
        return f"{self._site(language)}/campaigns/{quote(campaign.slug)}/"

    def manage(self, mail: Mail, campaign: Campaign, language: Language) -> str:
        """Return a link of this mail's own to the pledge it is about, if it is about one.

        It depends on nothing but the mail and its campaign, so that a second attempt to
        send the mail is the same request.
        """
        token = self._token(mail, campaign)
        return f"{self._site(language)}/manage/?t={token}" if token else ""

    def community(self, mail: Mail, campaign: Campaign, language: Language) -> str:
        """Return the same key to the supporters' page, while there is something to decide."""
        token = self._token(mail, campaign) if campaign.decides_at(mail.created_at) else ""
        slug = quote(campaign.slug)
        return f"{self._site(language)}/community/{slug}/?t={token}" if token else ""

    def entry(self, campaign: Campaign, entry_id: str, language: Language) -> str:
        """Return where a diary entry stands on its campaign's page, or the diary as a whole."""
        anchor = f"diary-{quote(entry_id)}" if entry_id else "diary"
        return f"{self.campaign(campaign, language)}#{anchor}"

    def unsubscribe(self, mail: Mail, language: Language) -> str:
        """Return a link that ends news of one campaign to one address, and opens nothing else."""
        topic = topic_of(mail.kind)  # type: ignore[arg-type]
        link = magic_link.MagicLink(
            pledge_id=PledgeId(""),
            email=mail.address,
            campaign_slug=mail.campaign,
            exp=int((mail.created_at + UNSUBSCRIBE_LIVES).timestamp()),
            scope=SCOPES[topic],
        )
        token = magic_link.sign(link, self.magic_link_secret)
        # One address in every language: a mail client asks it too.
        shown_in = "" if language == "en" else f"&l={language}"
        return f"{self.site_base.rstrip('/')}{UNSUBSCRIBE_PATHS[topic]}?t={token}{shown_in}"

    def sign_in(self, token: str, language: Language) -> str:
        """Return where an operator's mail leads: a page with one button."""
        return f"{self._site(language)}/admin/sign-in?t={quote(token)}"

    def preview(self, preview: PreviewFacts | None, language: Language) -> str:
        """Return where a reviewer's mail leads: the working copy, or nowhere."""
        if preview is None:
            return ""
        address = f"{self._site(language)}/campaigns/{quote(preview.campaign)}/preview/"
        return f"{address}?t={quote(preview.token)}"

    def pay(self, mail: Mail, campaign: Campaign, language: Language) -> str:
        """Return the same key to the page where a payment is confirmed at the bank."""
        token = self._token(mail, campaign)
        return f"{self._site(language)}/pay/{token}" if token else ""

    def openers(self, mail: Mail, language: Language) -> tuple[Opener, ...]:
        """Return a fresh link to each pledge of a supporter who had lost them."""
        return tuple(
            Opener(title=one_line(each.title), url=self._opened(mail, each, language))
            for each in mail.facts.opened
        )

    def _opened(self, mail: Mail, pledge: LinkedPledge, language: Language) -> str:
        link = magic_link.MagicLink(
            pledge_id=pledge.pledge_id,
            email=mail.address,
            campaign_slug=pledge.campaign,
            exp=magic_link.expires_at(now=mail.created_at, deadline=pledge.deadline_at),
            gen=mail.facts.link_generation,
        )
        token = magic_link.sign(link, self.magic_link_secret)
        return f"{self._site(language)}/manage/?t={token}"

    def _token(self, mail: Mail, campaign: Campaign) -> str:
        if mail.facts.pledge_id is None:
            return ""
        link = magic_link.MagicLink(
            pledge_id=mail.facts.pledge_id,
            email=mail.address,
            campaign_slug=campaign.slug,
            exp=magic_link.expires_at(now=mail.created_at, deadline=campaign.deadline_at),
            gen=mail.facts.link_generation,
        )
        return magic_link.sign(link, self.magic_link_secret)

    def _site(self, language: Language) -> str:
        return self.site_base.rstrip("/") + prefix(language)


def one_line(text: str) -> str:
    """Return `text` on one line, without what could end a header or hide in one."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()

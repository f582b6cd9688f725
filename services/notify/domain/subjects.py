"""A mail's subject: its news, and what it is about."""

from services.notify.domain.facts import ReportFacts
from services.notify.domain.language import N_, Language, catalogue
from services.notify.domain.links import one_line
from services.notify.domain.mails import Mail, MailKind
from services.notify.domain.news_views import SUBJECT_LENGTH_MAX, news_subject

ABOUT_THE_PLATFORM = ("your_links", "sign_in")


NEWS: dict[MailKind, str] = {
    "pledge_confirmed": N_("Pledge confirmed"),
    "pledge_cancelled": N_("Pledge cancelled"),
    "payment_confirmed": N_("Payment confirmed"),
    "payment_failed": N_("Update payment method"),
    "payment_unconfirmed": N_("Confirm your payment"),
    "payment_lost": N_("Not paid"),
    "not_funded": N_("Not funded"),
    "not_counted": N_("Not counted"),
    "card_expires": N_("Your card will expire"),
    "card_unusable": N_("Your card can’t be charged"),
    "charge_notice": N_("Your card is charged soon"),
    "refunded": N_("Refund"),
    "refund_failed": N_("Refund"),
    "campaign_ended": N_("Campaign ended"),
    "pledge_modified": N_("Pledge updated"),
    "your_links": N_("Your links"),
    # Their own subjects are their authors', or the milestone's.
    "announcement": N_("News"),
    "diary_update": N_("Diary"),
    "milestone": N_("Milestone"),
    "launch_reminder": N_("Now live"),
    "dispute_notice": N_("A payment is disputed"),
    "sign_in": N_("Sign in"),
    "campaign_report": N_("Daily report"),
    "preview_link": N_("Preview"),
}
FULFILLMENT = N_("Fulfillment report")


def subject_of(kind: MailKind, title: str, language: Language) -> str:
    """Return the subject of a kind of mail: its news, and what it is about."""
    return _joined(catalogue(language).gettext(NEWS[kind]), title)


def subject_in(mail: Mail, platform: str, title: str, language: Language) -> str:
    """Return the subject of a mail; news has its author's, or its milestone's."""
    about = platform if mail.kind in ABOUT_THE_PLATFORM else title
    if mail.news is not None:
        return news_subject(mail.kind, mail.news, about, language)
    if mail.facts.report is not None:
        return _report_subject(mail.facts.report, about, language)
    return subject_of(mail.kind, about, language)


def _report_subject(report: ReportFacts, title: str, language: Language) -> str:
    news = FULFILLMENT if report.report_type != "pledge" else NEWS["campaign_report"]
    said = catalogue(language).gettext(news)
    return _joined(f"{one_line(report.subject_prefix)} {said}".strip(), title)


def _joined(news: str, title: str) -> str:
    subject = f"{news} | {title}"
    if len(subject) <= SUBJECT_LENGTH_MAX:
        return subject
    return subject[: SUBJECT_LENGTH_MAX - 1].rstrip() + "…"

"""The words of states: of campaigns, runs, pledges, charges. Pure."""

import msgspec

from contracts.live import LiveSnapshot
from services.site.public.language import Language, catalogue


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """A state in a word, with its colour and drawing."""

    text: str
    tone: str = "plain"
    icon: str = "info"


def campaign_sign(snapshot: LiveSnapshot, language: Language) -> Sign:
    """Return how a campaign stands."""
    texts, campaign = catalogue(language), snapshot.campaign
    if campaign.cancelled:
        return Sign(text=texts.gettext("Ended early"), tone="bad", icon="circle-slash")
    before = {
        "upcoming": Sign(text=texts.gettext("Upcoming"), icon="clock"),
        "live": Sign(text=texts.gettext("Live"), tone="pool", icon="activity"),
        "closing": Sign(text=texts.gettext("Counting"), tone="lamp", icon="clock"),
    }
    if campaign.effective_state in before:
        return before[campaign.effective_state]
    if not campaign.funded:
        return Sign(text=texts.gettext("Not funded"), icon="circle-slash")
    if campaign.charged:
        return Sign(text=texts.gettext("Settled"), tone="good", icon="check")
    return Sign(text=texts.gettext("Charging"), tone="lamp", icon="clock")


def run_sign(status: str, language: Language) -> Sign:
    """Return how a run stands."""
    texts = catalogue(language)
    return {
        "not_closed": Sign(text=texts.gettext("Not closed yet"), icon="clock"),
        "not_funded": Sign(text=texts.gettext("Not funded"), icon="circle-slash"),
        "running": Sign(text=texts.gettext("Charging"), tone="pool", icon="activity"),
        "recovering": Sign(text=texts.gettext("Recovering"), tone="lamp", icon="clock"),
        "needs_attention": Sign(
            text=texts.gettext("Needs attention"), tone="bad", icon="circle-alert"
        ),
        "settled": Sign(text=texts.gettext("Settled"), tone="good", icon="check"),
    }.get(status, Sign(text=status))


def pledge_sign(status: str, language: Language) -> Sign:
    """Return how a pledge stands."""
    texts = catalogue(language)
    return {
        "active": Sign(text=texts.gettext("Active"), tone="pool", icon="check"),
        "charged": Sign(text=texts.gettext("Charged"), tone="good", icon="check"),
        "payment_failed": Sign(
            text=texts.gettext("Payment failed"), tone="lamp", icon="circle-alert"
        ),
        "cancelled": Sign(text=texts.gettext("Cancelled"), icon="circle-slash"),
        "released": Sign(text=texts.gettext("Released"), icon="circle-slash"),
    }.get(status, Sign(text=status.replace("_", " ")))


def flag_name(flag: str, language: Language) -> str:
    """Return what is noticed about a card."""
    texts = catalogue(language)
    return {
        "expires_before_deadline": texts.gettext("expires before the charge"),
        "expires_in_recovery": texts.gettext("expires while we still try"),
        "refused_before": texts.gettext("was refused before"),
    }.get(flag, flag.replace("_", " "))

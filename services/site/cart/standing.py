"""How far an order is, in words: nothing is called a pledge before it is one. Pure."""

from typing import Literal

from contracts.api.checkout import Summary
from services.site.cart.late import is_charged_now
from services.site.public.language import Language, catalogue
from services.site.public.views import Fact

Standing = Literal["pledged", "saving", "waiting", "nothing", "unknown", "away"]


def standing_of(receipt: Summary | None, *, is_away: bool) -> Standing:
    """Return how far an order is; what no status says comes to nothing."""
    if is_away:
        return "away"
    if receipt is None:
        return "unknown"
    known: dict[str, Standing] = {
        "persisted": "pledged",
        "completed": "saving",
        "open": "waiting",
    }
    return known.get(receipt.status, "nothing")


def tag(standing: Standing, language: Language) -> Fact | None:
    """Return the tag beside an order; None while nothing can be said of it."""
    _ = catalogue(language).gettext
    if standing == "pledged":
        return Fact(icon="check", text=_("Pledge confirmed"), tone="good")
    if standing in ("saving", "waiting"):
        return Fact(icon="clock", text=_("Not confirmed yet"), tone="lamp")
    if standing == "nothing":
        return Fact(icon="circle-slash", text=_("Nothing was pledged"))
    return None


def words(standing: Standing, receipt: Summary | None, language: Language) -> tuple[str, str]:
    """Return the heading and the paragraph below it."""
    _ = catalogue(language).gettext
    if standing == "nothing" and receipt and receipt.status == "too_late":
        return _("Nothing was pledged, and nothing is charged."), _late(receipt, language)
    if standing == "pledged" and receipt and is_charged_now(receipt.campaigns):
        return (
            _("Thank you. Your card is charged now."),
            _("The receipt and a private link to it are on their way to your email."),
        )
    said = {
        "pledged": (
            _("Thank you. Your card is saved, not charged."),
            _("The receipt, and the link to change or cancel, are on their way to your email."),
        ),
        "saving": (
            _("Your card is saved. We are writing down your pledge."),
            _("This page looks again by itself. You don't have to wait: the email comes too."),
        ),
        "waiting": (
            _("We have not heard yet that your card is saved."),
            _(
                "That takes a few seconds after Stripe's page. This page looks again by itself,"
                " and an email comes as soon as your pledge is written down."
            ),
        ),
        "nothing": (
            _("Nothing was saved, and nothing was charged."),
            _("The card step was left, or was open for too long. You can start again."),
        ),
        "unknown": (
            _("We don't know this pledge."),
            _("The address may be incomplete. If you pledged, the email says so."),
        ),
        "away": (
            _("We can't look up your pledge right now."),
            _("Nothing is lost. This page looks again by itself, and the email comes too."),
        ),
    }
    return said[standing]


def _late(receipt: Summary, language: Language) -> str:
    _ = catalogue(language).gettext
    if {share.reason for share in receipt.campaigns} == {"sold_out"}:
        return _("What you chose was sold out before your card was saved.")
    return _("The campaign closed before your card was saved.")

"""What went wrong on the manage page, and what was done, in words. Pure."""

from services.site.cart.answers import Refused
from services.site.cart.form import CartForm
from services.site.cart.shop import Shop
from services.site.cart.troubles import Trouble, explain
from services.site.public.language import Language, catalogue
from services.site.public.views import Notice

EXPLAINED = ("sold_out", "threshold_locked", "shipping_unavailable", "country_not_served")


def link_trouble(refused: Refused, language: Language) -> Trouble:
    """Return what to say when a link shows no pledge."""
    _ = catalogue(language).gettext
    if refused.status in (400, 401):
        return Trouble(
            title=_("This link doesn't work"),
            text=_(
                "It may be incomplete, older than 90 days after the campaign's end, or replaced"
                " by a newer one. Open the newest email about your pledge, or have a new link sent."
            ),
        )
    if refused.status in (403, 404):
        return Trouble(
            title=_("There is no pledge behind this link"),
            text=_("It was erased, or it never got as far as a saved card."),
        )
    return Trouble(
        title=_("We can't show your pledge right now"),
        text=_("Nothing was changed. Try again in a minute."),
        is_passing=True,
    )


def missing_link(language: Language) -> Trouble:
    """Return what to say to whoever comes without a link."""
    _ = catalogue(language).gettext
    return Trouble(
        title=_("This page needs the link from your email"),
        text=_("Open the link in any email about your pledge, or have a new one sent."),
        tone="info",
    )


def links_sent(language: Language) -> Notice:
    """Return the same sentence for every address, known or not."""
    _ = catalogue(language).gettext
    return Notice(
        tone="info",
        icon="mail",
        title=_("If we know this address, a new link is on its way."),
        text=_("Links that were sent before stop working then."),
    )


def changed(amount: str, language: Language) -> Notice:
    """Return that a change was made."""
    _ = catalogue(language).gettext
    return Notice(
        tone="good",
        icon="check",
        title=_("Your pledge is changed. It is now %(amount)s.") % {"amount": amount},
        text=_("Nothing was charged. An email with the new figures is on its way."),
    )


def cancelled(language: Language) -> Notice:
    """Return that a pledge was withdrawn."""
    _ = catalogue(language).gettext
    return Notice(
        tone="good",
        icon="check",
        title=_("Your pledge is cancelled. Nothing is charged."),
        text=_("An email that says so is on its way."),
    )


def change_trouble(refused: Refused, shop: Shop, slug: str, language: Language) -> Trouble:
    """Return why a change was not made, and what to do."""
    _ = catalogue(language).gettext
    if refused.error in EXPLAINED:
        named = Refused(
            status=refused.status,
            error=refused.error,
            fields=refused.fields,
            extra={"campaignSlug": slug, **refused.extra},
        )
        found = explain(named, CartForm(), shop, language)
        return Trouble(title=found.title, text=found.text, tone=found.tone)
    known = _states(language).get(refused.error) or _inputs(language).get(refused.error)
    if known:
        return Trouble(title=known[0], text=known[1], tone="lamp")
    if refused.status >= 500 or refused.status == 429:
        return away(language)
    return Trouble(
        title=_("That change can't be made. Nothing was saved."),
        text=_("Look at what you typed, and try again."),
    )


def card_trouble(refused: Refused, language: Language) -> Trouble:
    """Return why no other card can be saved."""
    _ = catalogue(language).gettext
    if refused.error == "recovery_closed":
        return Trouble(title=_("The time to pay is over. Nothing was taken."), tone="lamp")
    known = _states(language).get(refused.error)
    if known:
        return Trouble(title=known[0], text=known[1], tone="lamp")
    return Trouble(
        title=_("This does not work at the moment. Nothing was charged. Try again soon."),
        tone="lamp",
        is_passing=True,
    )


def away(language: Language) -> Trouble:
    """Return that changing has to wait, and that cancelling does not."""
    _ = catalogue(language).gettext
    return Trouble(
        title=_("Changes can't be saved right now. Nothing was changed."),
        text=_("Try again in a few minutes. Cancelling a pledge works all the same."),
        tone="lamp",
        is_passing=True,
    )


def nothing_new(language: Language) -> Trouble:
    """Return that there is nothing to save."""
    _ = catalogue(language).gettext
    return Trouble(
        title=_("Nothing is changed yet."),
        text=_("Choose something else, and save it then."),
        tone="info",
    )


def _states(language: Language) -> dict[str, tuple[str, str]]:
    _ = catalogue(language).gettext
    return {
        "conflict": (
            _("This pledge was changed meanwhile. Nothing was saved here."),
            _("Below is how it stands now. Make your change again if you still want it."),
        ),
        "price_changed": (
            _("The price changed while you were reading. Nothing was saved."),
            _("Look at the new total, and save if it suits you."),
        ),
        "deadline_passed": (
            _("It is too late to change or cancel."),
            _("The deadline has passed, and pledges are being counted."),
        ),
        "not_live": (
            _("It is too late to change or cancel."),
            _("The deadline has passed, and pledges are being counted."),
        ),
        "pledge_cancelled": (
            _("This pledge was cancelled before."),
            _("A cancelled pledge stays cancelled. You can pledge again on the film's page."),
        ),
        "pledge_charged": (
            _("This pledge is paid."),
            _("What is paid can't be changed here. Please write to us."),
        ),
    }


def _inputs(language: Language) -> dict[str, tuple[str, str]]:
    _ = catalogue(language).gettext
    address = (
        _("The address is not complete."),
        _("Something in your pledge is posted: we need a name, a street and a postal code."),
    )
    return {
        "invalid_amount": (
            _("An amount can't be taken."),
            _("Write dollars and cents, such as 20 or 20.50. A pledge is more than $0."),
        ),
        "invalid_quantity": (
            _("A quantity could not be read."),
            _("Write a whole number, or 0 for none."),
        ),
        "address_needed": address,
        "invalid_address": address,
        "not_posted_to": (
            _("Nothing is posted to this country yet."),
            _("Choose another address, or a reward that comes by email."),
        ),
        "invalid_answer": (
            _("An answer is missing or can't be taken."),
            _("Look at the questions below your rewards."),
        ),
    }

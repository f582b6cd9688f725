"""The sentences scripts say: translated here, handed to the page as JSON.

`{name}` marks what the script fills in. Scripts hold no words of their own, so that a page
speaks one language and a translator finds everything in one catalogue.
"""

import functools
from collections.abc import Callable

from services.site.public.language import Language, catalogue

Gettext = Callable[[str], str]


@functools.cache
def script_strings(language: Language) -> dict[str, str]:
    """Return every sentence a script may show, by its key."""
    _ = catalogue(language).gettext
    return {**_cart(_), **_card(_), **_live(_)}


def _cart(_: Gettext) -> dict[str, str]:
    """What a page says of the cart before the server has drawn it, or when it cannot."""
    return {
        "cart": _("Cart"),
        "changeInCart": _("Change in cart"),
        "retry": _("Try again"),
        "offline": _("You seem to be offline. Nothing was lost."),
        "offlineHint": _("Your cart is kept on this device. Try again when you are back."),
        "busy": _("We are busy for a moment. Nothing was changed."),
        "busyHint": _("What you chose is still here. Try again in a few seconds."),
        "failed": _("That did not work, and nothing was charged."),
        "failedHint": _("Try again. If it happens twice, write to us."),
    }


def _card(_: Gettext) -> dict[str, str]:
    """What the card step says around Stripe's form."""
    return {
        "cardLoading": _("Opening the card form"),
        "cardHosted": _("The card is entered on Stripe's own page. It opens when you go on."),
        "cardIncomplete": _("Fill in the card."),
        "cardDeclined": _("Your bank did not accept this card. Try another one."),
        "cardSaved": _("Your card is saved. We are writing down your pledge."),
        "stillWriting": _(
            "Your card is saved. Writing down your pledge takes longer than usual."
            " You can leave this page: the email comes by itself."
        ),
        "expired": _("This card form was open for too long. Nothing was saved."),
        "expiredHint": _("Look at your cart and go on again. It is kept."),
        "tooLate": _("The campaign closed before your card was saved. Nothing was charged."),
    }


def _live(_: Gettext) -> dict[str, str]:
    """What a live page says as time and figures move on."""
    return {
        "days": _("{n} days"),
        "day": _("1 day"),
        "hours": _("{n} hours"),
        "hour": _("1 hour"),
        "minutes": _("{n} min"),
        "seconds": _("{n} s"),
        "people": _("{n} people"),
        "person": _("1 person"),
        "pledgedOf": _("pledged of {goal} by {people}"),
        "percentOfGoal": _("{percent} of the goal"),
        "toGo": _("{amount} to go"),
        "leftOf": _("{left} of {limit} left"),
        "timesUp": _("Time is up. Asking for the result."),
        "linkCopied": _("The link is copied"),
        "earlierPicture": _("Earlier pictures"),
        "laterPicture": _("Later pictures"),
    }


@functools.cache
def manage_strings(language: Language) -> dict[str, str]:
    """Return the sentences the manage page's scripts say."""
    _ = catalogue(language).gettext
    return {**_managing(_), **_paying(_)}


def _managing(_: Gettext) -> dict[str, str]:
    """What the page says when no newer one came, and on its button."""
    return {
        "offlineTitle": _("You seem to be offline"),
        "offlineText": _("Nothing was changed. Try again when you are back."),
        "failedLoadTitle": _("We can't show your pledge right now"),
        "failedLoadText": _("Nothing was changed. Try again in a minute."),
        "retry": _("Try again"),
        "saveChanges": _("Save changes"),
        "noChanges": _("No changes"),
    }


def _paying(_: Gettext) -> dict[str, str]:
    """The ways to another card, and out of a declined charge, and what comes of them."""
    return {
        "dueOne": _("Your card is charged {amount}, once, as soon as your bank agrees."),
        "dueMany": _(
            "Your card is charged {amount}, once, for your {count} pledges to this film,"
            " as soon as your bank agrees."
        ),
        "openingCard": _("Opening the card form"),
        "savingCard": _("Saving the card"),
        "writingCard": _("The card is saved. We are writing it down."),
        "cardKept": _("Your new card is saved. Nothing was charged."),
        "stillWriting": _("The card is saved. It shows here in a moment."),
        "asking": _("Asking your bank. This takes a few seconds."),
        "stillAsking": _("Your bank takes its time. We email you as soon as it answers."),
        "atBank": _("Your bank asks you in a window of its own."),
        "bankSaidNo": _("Your bank did not confirm. You can try again, or use another card."),
        "otherCards": _("This card then pays for all your pledges to this film."),
        "payAway": _("This does not work at the moment. Nothing was charged. Try again soon."),
        "pay_recovery_closed": _("The time to pay is over. Nothing was taken."),
        "pay_pledge_charged": _("This pledge is paid."),
        "pay_in_progress": _("This payment is being tried right now. Wait a moment."),
        "pay_too_many_tries": _("This was tried too often. Please write to us."),
        "pay_needs_card": _("Please use another card."),
        "told_charged": _("Your payment is confirmed. Thank you."),
        "told_payment_failed": _("Your bank declined the charge."),
    }

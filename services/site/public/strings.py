"""The sentences scripts say: translated here, handed to the page as JSON.

`{name}` marks what the script fills in. Scripts hold no words of their own, so that a page
speaks one language and a translator finds everything in one catalogue.
"""

import functools
from collections.abc import Callable

from contracts import consent
from services.site.public.language import Language, catalogue

Gettext = Callable[[str], str]


@functools.cache
def script_strings(language: Language) -> dict[str, str]:
    """Return every sentence a script may show, by its key."""
    _ = catalogue(language).gettext
    return {
        **_cart(_),
        **_price(_),
        **_consent(language),
        **_card(_),
        **_refusals(_),
        **_live(_),
    }


def _cart(_: Gettext) -> dict[str, str]:
    """What the cart says of the things in it."""
    return {
        "cartEmpty": _("Cart"),
        "added": _("{name} is in your cart."),
        "removed": _("{name} was taken out."),
        "replaced": _("This film takes one reward per pledge. {name} replaces {old}."),
        "changeInCart": _("Change in cart"),
        "supportName": _("Support without a reward"),
        "supportPart": _("Support: {name}"),
        "postedToYou": _("posted to you"),
        "byEmail": _("by email"),
        "quantityOf": _("Quantity of {name}"),
        "oneLess": _("One less of {name}"),
        "oneMore": _("One more of {name}"),
        "removeItem": _("Remove {name}"),
        "changeAmountOf": _("Amount of {name}"),
        "amountWrong": _("Write an amount from $1, with at most two decimals."),
    }


def _price(_: Gettext) -> dict[str, str]:
    """What the figures are called, and why they are what they are."""
    return {
        "tipLabel": _("Tip to {platform}, {percent}"),
        "taxLabel": _("Sales tax, {rate}"),
        "taxPlain": _("Sales tax"),
        "taxWhy": _(
            "Tax is {rate} of the {subtotal} you pledge."
            " Tips are not taxed. Half cents are rounded up."
        ),
        "taxWhyPlain": _(
            "Tax is computed on your pledge. Tips are not taxed. Half cents are rounded up."
        ),
        "tipWhy": _(
            "{percent} of the {subtotal} you pledge. It runs this site and is not taxed."
            " Change it as you like, 0 is a fine answer."
        ),
        "shippingWhy": _("What it costs to post your reward. Rewards by email are free."),
        "totalOne": _("Total, if the film is funded"),
        "totalMany": _("Total, if all films are funded"),
        "tipSpoken": _("{percent}, {amount}"),
        "nothingToday": _("Nothing is charged today. You can cancel until {day}."),
        "payAfter": _("After {day}, if funded"),
        "payAfterFilm": _("{title}, after {day}, if funded"),
    }


def _consent(language: Language) -> dict[str, str]:
    """What a supporter agrees to: the very sentences that are recorded, by their hash."""
    text = consent.text_in(language)
    return {"consentOne": text.one, "consentMany": text.many, "consentPart": text.part}


def _card(_: Gettext) -> dict[str, str]:
    """What the card step says."""
    return {
        "saveCard": _("Save card, pay nothing today"),
        "savingCard": _("Saving your card"),
        "cardSaved": _("Your card is saved. We are writing down your pledge."),
        "stillWriting": _(
            "Your card is saved. Writing down your pledge takes longer than usual."
            " You can leave this page: the email comes by itself."
        ),
        "cardLoading": _("Opening the card form"),
        "cardAfterDetails": _("The card form opens here once the fields above are filled in."),
        "cardHosted": _("The card is entered on Stripe's own page. It opens when you go on."),
        "errorSummary": _("Please look at these fields"),
        "emailMissing": _("Add your email address. The receipt goes there."),
        "emailWrong": _("Check the email address. It looks like name@example.org."),
        "fieldMissing": _("Fill in: {label}."),
        "zipWrong": _("Use five digits, or five plus four."),
        "consentMissing": _("Tick the sentence about the charge, so that we may save your card."),
        "cardIncomplete": _("Fill in the card."),
        "cardDeclined": _("Your bank did not accept this card. Try another one."),
    }


def _refusals(_: Gettext) -> dict[str, str]:
    """What a refusal means, and what to do."""
    return {
        "priceChanged": _("The price changed while you were reading. Nothing was saved."),
        "priceChangedHint": _("It is now {amount}. Look again, and go on if it suits you."),
        "soldOut": _("Somebody was faster: {name} is sold out. Nothing was saved."),
        "soldOutPlain": _("Something in your cart is sold out. Nothing was saved."),
        "soldOutHint": _("Take it out of the cart, or choose another reward."),
        "notLive": _("{title} is not taking pledges now. Nothing was saved."),
        "notLiveHint": _("Take it out of the cart to go on with the rest."),
        "locked": _("A reward in your cart is not open yet. Nothing was saved."),
        "offline": _("You seem to be offline. Nothing was lost."),
        "offlineHint": _("Your cart is kept on this device. Try again when you are back."),
        "busy": _("We are busy for a moment. Nothing was changed."),
        "busyHint": _("Try again in a few seconds."),
        "failed": _("That did not work, and nothing was charged."),
        "failedHint": _("Try again. If it happens twice, write to us."),
        "badCart": _("Something in your cart has changed. Nothing was saved."),
        "badCartHint": _("Take it out and put it in again from the film's page."),
        "expired": _("This card form was open for too long. Nothing was saved."),
        "expiredHint": _("Go back to the cart and start again. Your cart is kept."),
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
    }


@functools.cache
def manage_strings(language: Language) -> dict[str, str]:
    """Return the sentences of the manage page."""
    _ = catalogue(language).gettext
    return {**_pledge(_), **_cancelling(_), **_receipt(_)}


def _pledge(_: Gettext) -> dict[str, str]:
    """How a pledge stands."""
    return {
        "heading": _("From your checkout on {date}, as"),
        "onlyKey": _("The link in that email is the only key to this page."),
        "tagActive": _("Card saved, not charged"),
        "tagLocked": _("Locked, being counted"),
        "tagCharged": _("Paid"),
        "tagFailed": _("Card declined"),
        "tagReleased": _("Not funded"),
        "tagCancelled": _("Cancelled"),
        "sumActive": _("only if funded"),
        "sumLocked": _("if funded, charged in a moment"),
        "sumCharged": _("one charge"),
        "sumFailed": _("to be charged when a card works"),
        "sumReleased": _("nothing was charged"),
        "sumCancelled": _("nothing is charged"),
        "cancel": _("Cancel pledge"),
        "seeFilm": _("See the film"),
        "decidesOn": _("Decides on"),
        "decidedOn": _("Closed on"),
        "card": _("Card"),
        "cardEnding": _("{brand} ending {last4}"),
        "charged": _("Charged"),
        "reference": _("Reference"),
        "cancelledOn": _("Cancelled"),
        "activeText": _("You can cancel until {deadline}."),
        "lockedText": _(
            "The deadline has passed and pledges are being counted. Nothing can be changed now."
        ),
        "chargedText": _("The film reached its goal. Thank you."),
        "failedTitle": _("Your bank declined the charge."),
        "failedUntil": _(
            "The pledge stays open until {day}."
            " After that it is lost to the film, and you owe nothing."
        ),
        "failedText": _("You were not charged. Your email says what happens next."),
        "releasedText": _("The film didn't reach its goal. You were not charged."),
        "cancelledText": _("This pledge was cancelled. You were not charged."),
    }


def _cancelling(_: Gettext) -> dict[str, str]:
    """What cancelling says, and what can be wrong with a link."""
    return {
        "cancelTitle": _("Cancel this pledge?"),
        "cancelDone": _("Your pledge is cancelled. Nothing is charged."),
        "cancelling": _("Cancelling"),
        "tooLateTitle": _("It is too late to cancel."),
        "tooLateText": _("The deadline has passed, and pledges are being counted."),
        "missingTitle": _("This page needs the link from your email"),
        "missingText": _("Open the link in the confirmation email of your pledge."),
        "badTitle": _("This link doesn't work"),
        "badText": _(
            "It may be incomplete, or older than 90 days after the campaign's end."
            " Open the newest email about your pledge."
        ),
        "unknownTitle": _("There is no pledge behind this link"),
        "unknownText": _("It was erased, or it never got as far as a saved card."),
        "offlineTitle": _("You seem to be offline"),
        "offlineText": _("Nothing was changed. Try again when you are back."),
        "failedLoadTitle": _("We can't show your pledge right now"),
        "failedLoadText": _("Nothing was changed. Try again in a minute."),
        "retry": _("Try again"),
    }


def _receipt(_: Gettext) -> dict[str, str]:
    """What happened to a pledge, and its sums."""
    return {
        "history": _("What happened"),
        "historyCreated": _("Pledged {amount}"),
        "historyModified": _("Changed to {amount}"),
        "historyCancelled": _("Cancelled"),
        "historyCharged": _("Charged {amount}"),
        "historyFailed": _("Charge of {amount} declined"),
        "yourPledge": _("Your pledge"),
        "tip": _("Tip to {platform}, {percent}"),
        "tax": _("Sales tax"),
        "shipping": _("Shipping"),
        "total": _("Total, if the film is funded"),
        "custom": _("Support without a reward"),
        "historyReleased": _("Released, nothing charged"),
    }

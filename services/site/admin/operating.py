"""What the operator's screens say: what was done, what it is called, why not. Pure."""

from gettext import NullTranslations

import msgspec

from services.site.public.language import Language, catalogue

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def age(seconds: int, language: Language) -> str:
    """Return how long something takes or is old, in its largest unit.

    >>> [age(each, "en") for each in (0, 59, 61, 7_300, 200_000)]
    ['0 s', '59 s', '1 min', '2 h', '2 d']
    """
    texts = catalogue(language)
    if seconds < MINUTE:
        return texts.gettext("{n} s").replace("{n}", str(seconds))
    if seconds < HOUR:
        return texts.gettext("{n} min").replace("{n}", str(seconds // MINUTE))
    if seconds < DAY:
        return f"{seconds // HOUR} h"
    return f"{seconds // DAY} d"


def done_words(texts: NullTranslations) -> dict[str, str]:
    """Return the sentences after something was done here."""
    return {
        "parked-applied": texts.gettext("Applied, with what waited behind it."),
        "parked-failed": texts.gettext(
            "Tried again, and it failed again. The reason stands below."
        ),
        "parked-given-up": texts.gettext("Given up. What waited behind it was tried."),
        "mail-resent": texts.gettext("The mail is on its way once more."),
        "links-asked": texts.gettext("Links are on their way, unless there were three this hour."),
        "refund-begun": texts.gettext("The refund has begun. How far it is stands below."),
        "rebuilt": texts.gettext("Counted anew from the history, which is never changed."),
    }


def action_words(texts: NullTranslations) -> dict[str, str]:
    """Return what these actions are called in the audit log."""
    return {
        "parked_retried": texts.gettext("Retried a parked event"),
        "parked_fixed": texts.gettext("Corrected a parked event"),
        "parked_given_up": texts.gettext("Gave up a parked event"),
        "mail_resent": texts.gettext("Had a mail sent again"),
        "projections_rebuilt": texts.gettext("Had totals counted anew"),
        "links_asked": texts.gettext("Had links sent again"),
        "supporters_downloaded": texts.gettext("Downloaded supporters"),
        "campaign_refund_begun": texts.gettext("Began to refund a whole campaign"),
        "stock_recounted": texts.gettext("Had stock counted anew"),
    }


def refusal_words(texts: NullTranslations) -> dict[str, str]:
    """Return why something was refused here."""
    return {
        "unknown_parked": texts.gettext("No such event is parked there."),
        "done_already": texts.gettext("This event is done already."),
        "waits_behind": texts.gettext("It waits behind another event. Do that one first."),
        "cannot_fix": texts.gettext("This event can’t be corrected here."),
        "conflict": texts.gettext("Somebody changed it meanwhile. Look at it again."),
        "not_stuck": texts.gettext("This mail is not one that can be sent again."),
        "erased": texts.gettext("This person was erased: there is no address any more."),
        "Write a country as two letters.": texts.gettext("Write a country as two letters."),
        "refunding": texts.gettext("This campaign’s money is being given back already."),
        "Say that you have looked at the sum.": texts.gettext(
            "Say that you have looked at the sum."
        ),
        "Say why.": texts.gettext("Say why."),
    }


def charge_name(code: str, language: Language) -> str:
    """Return how a charge that is not decided stands, or why it was declined."""
    texts = catalogue(language)
    return {
        "declined": texts.gettext("Declined"),
        "with_person": texts.gettext("The supporter is at the bank"),
        "ending": texts.gettext("Being ended at Stripe"),
        "unknown": texts.gettext("Outcome unknown"),
        "transient": texts.gettext("The bank could not be asked"),
        "funds": texts.gettext("Not enough money on the card"),
        "unexplained": texts.gettext("Declined without a reason"),
        "person": texts.gettext("The bank asks for the supporter"),
        "unusable": texts.gettext("Needs another card"),
        "never": texts.gettext("The bank never wants to be asked again"),
        "unlisted": texts.gettext("A reason we don’t know"),
        "impossible": texts.gettext("It can’t be charged at all"),
    }.get(code, code.replace("_", " "))


def fix_reason(code: str, language: Language) -> str:
    """Return why an event can't be corrected; empty where it can."""
    texts = catalogue(language)
    return {
        "secret": texts.gettext("What is in it is as good as a key, so nobody is shown it."),
        "too_long": texts.gettext("It is too long to be corrected here."),
        "no_text": texts.gettext("What came is no text."),
        "no_listener": texts.gettext("It is from a queue of work: retry it, or give it up."),
    }.get(code, "")


def pretty(payload: str) -> str:
    """Return JSON on lines of its own; what is none, as it is."""
    try:
        return msgspec.json.format(payload, indent=2)
    except (msgspec.MsgspecError, RecursionError):
        return payload

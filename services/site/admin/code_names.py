"""What the services' own words are called on the screens: states, kinds, reasons. Pure."""

from functools import cache
from gettext import NullTranslations

from services.site.public.language import Language, catalogue


def code_name(code: str, language: Language) -> str:
    """Return a code in words of a language; one that is new to us without its underscores."""
    return _names(language).get(code) or code.replace("_", " ")


@cache
def _names(language: Language) -> dict[str, str]:
    texts = catalogue(language)
    return {**_money(texts), **_disputes(texts), **_pledges(texts), **_mails(texts)}


def _money(texts: NullTranslations) -> dict[str, str]:
    return {
        "start": texts.gettext("Start"),
        "deadline": texts.gettext("Deadline"),
        "gross": texts.gettext("Charged"),
        "fee": texts.gettext("Stripe’s fee"),
        "refund": texts.gettext("Refunded"),
        "refund_failed": texts.gettext("A refund failed"),
        "dispute": texts.gettext("Disputed"),
        "dispute_fee": texts.gettext("Fee of a dispute"),
        "new": texts.gettext("Not sent yet"),
        "sending": texts.gettext("Being sent"),
        "pending": texts.gettext("On its way"),
        "succeeded": texts.gettext("Went back"),
        "failed": texts.gettext("Failed"),
        "refused": texts.gettext("Refused"),
    }


def _disputes(texts: NullTranslations) -> dict[str, str]:
    return {
        "needs_response": texts.gettext("Needs an answer"),
        "under_review": texts.gettext("Under review"),
        "won": texts.gettext("Won"),
        "lost": texts.gettext("Lost"),
        "warning_needs_response": texts.gettext("Inquiry, needs an answer"),
        "warning_under_review": texts.gettext("Inquiry under review"),
        "warning_closed": texts.gettext("Inquiry closed"),
        "bank_cannot_process": texts.gettext("The bank can’t process it"),
        "check_returned": texts.gettext("Check returned"),
        "credit_not_processed": texts.gettext("A refund did not come"),
        "customer_initiated": texts.gettext("Asked by the customer"),
        "debit_not_authorized": texts.gettext("Debit not allowed"),
        "duplicate": texts.gettext("Charged twice"),
        "fraudulent": texts.gettext("Fraud"),
        "general": texts.gettext("No reason given"),
        "incorrect_account_details": texts.gettext("Wrong account"),
        "insufficient_funds": texts.gettext("Not enough money"),
        "product_not_received": texts.gettext("Nothing arrived"),
        "product_unacceptable": texts.gettext("Not as described"),
        "subscription_canceled": texts.gettext("Ended before"),
        "unrecognized": texts.gettext("Not recognised"),
    }


def _pledges(texts: NullTranslations) -> dict[str, str]:
    return {
        "missing_at_stripe": texts.gettext("Missing at Stripe"),
        "missing_here": texts.gettext("Missing here"),
        "other_sum": texts.gettext("Another sum"),
        "other_status": texts.gettext("Another state"),
        "other_refunds": texts.gettext("Other refunds"),
        "created": texts.gettext("Pledged"),
        "modified": texts.gettext("Changed"),
        "cancelled": texts.gettext("Cancelled"),
        "charged": texts.gettext("Was charged"),
        "charge_failed": texts.gettext("A charge failed"),
        "released": texts.gettext("Released"),
        "card_changed": texts.gettext("Another card"),
        "disputed": texts.gettext("A charge was disputed"),
        "dispute_closed": texts.gettext("A dispute ended"),
        "erased": texts.gettext("Erased"),
    }


def _mails(texts: NullTranslations) -> dict[str, str]:
    return {
        "pledge_confirmed": texts.gettext("Pledge confirmed"),
        "pledge_modified": texts.gettext("Pledge updated"),
        "pledge_cancelled": texts.gettext("Pledge cancelled"),
        "payment_confirmed": texts.gettext("Payment confirmed"),
        "payment_failed": texts.gettext("Payment failed"),
        "payment_unconfirmed": texts.gettext("The bank asks"),
        "payment_lost": texts.gettext("Not charged any more"),
        "not_funded": texts.gettext("Not funded"),
        "not_counted": texts.gettext("Pledge not counted"),
        "card_expires": texts.gettext("Card about to expire"),
        "card_unusable": texts.gettext("Card can’t be used"),
        "charge_notice": texts.gettext("About to be charged"),
        "refunded": texts.gettext("Refund"),
        "campaign_ended": texts.gettext("Campaign ended early"),
        "your_links": texts.gettext("Links sent again"),
        "announcement": texts.gettext("Announcement"),
        "diary_update": texts.gettext("Diary"),
        "milestone": texts.gettext("Milestone"),
        "launch_reminder": texts.gettext("Launch reminder"),
        "dispute_notice": texts.gettext("Notice of a dispute"),
        "sign_in": texts.gettext("Link to sign in"),
        "campaign_report": texts.gettext("The day’s report"),
        "preview_link": texts.gettext("Link to a preview"),
        "bounced": texts.gettext("Came back"),
        "complained": texts.gettext("Complained about"),
        "suppressed": texts.gettext("Kept back by the mail service"),
        "queued": texts.gettext("Waiting"),
        "sent": texts.gettext("Sent"),
        "undeliverable": texts.gettext("Can’t be delivered"),
        "parked": texts.gettext("Parked"),
        "withheld": texts.gettext("Not wanted"),
        "unknown": texts.gettext("Perhaps sent"),
    }

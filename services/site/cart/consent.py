"""The sentences about the charge as a page shows them, and whether the box was ticked. Pure.

The sentences themselves are contracts/consent.py's: what was read is what is kept.
"""

import re
from collections.abc import Sequence

from contracts.api.checkout import Quote, QuotedCampaign
from contracts.consent import text_in, version_for
from services.site.cart.checks import Problem
from services.site.cart.form import CartForm
from services.site.cart.late import is_charged_now, is_late
from services.site.cart.naming import film_title
from services.site.cart.shop import Shop
from services.site.cart.shown import Consent, ConsentLine
from services.site.cart.sums import share_day
from services.site.public import formatting
from services.site.public.language import Language

SUM = r"[a-z0-9-]+=[0-9]{1,12}"
TICKED = re.compile(rf"(?P<wording>[\w-]+:\w+):(?P<sums>{SUM}(?:,{SUM})*)")
AMOUNT = "\x00"


def shown_consent(
    quote: Quote, form: CartForm, shop: Shop, problems: Sequence[Problem], language: Language
) -> Consent:
    """Return the sentences, with each film's sum and last day in them."""
    shares = quote.campaigns
    text = text_in(language, is_late=is_charged_now(shares))
    is_many = len(shares) > 1
    sentence = text.part if is_many else text.one
    value = consent_value(quote, language)
    return Consent(
        value=value,
        lead=text.many if is_many else "",
        lines=tuple(_line(sentence, share, shop, language) for share in shares),
        terms=text.terms.format(days=shop.platform.recovery_window_days),
        is_given=form.consent == value,
        error=next((each.message for each in problems if each.field == "consent"), ""),
    )


def consent_value(quote: Quote, language: Language) -> str:
    """Return what a ticked box says: the wording and the sums it was ticked for, no others."""
    sums = ",".join(f"{share.campaign_slug}={share.amount}" for share in quote.campaigns)
    return f"{_wording(language, is_late=is_charged_now(quote.campaigns))}:{sums}"


def has_consent(form: CartForm, shop: Shop, language: Language) -> bool:
    """Tell whether the box was ticked for today's wording and the sums this page showed."""
    ticked = TICKED.fullmatch(form.consent)
    if ticked is None or ticked["wording"] != _wording(language, is_late=is_late(form, shop)):
        return False
    sums = [int(part.partition("=")[2]) for part in ticked["sums"].split(",")]
    return sum(sums) == form.expected_cents


def _wording(language: Language, *, is_late: bool) -> str:
    return f"{version_for(is_late=is_late)}:{language}"


def _line(sentence: str, share: QuotedCampaign, shop: Shop, language: Language) -> ConsentLine:
    words = {
        "title": film_title(share.campaign_slug, shop),
        "day": share_day(share, shop, language),
        "amount": AMOUNT,
    }
    before, _, after = sentence.format(**words).partition(AMOUNT)
    amount = formatting.money(share.amount, always_cents=True)
    return ConsentLine(before=before, amount=amount, after=after)

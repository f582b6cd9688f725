"""Tip, totals, the promise, and when what is paid. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.api.checkout import Quote, QuotedCampaign
from contracts.api.figures import Figures
from services.site.cart.form import CartForm
from services.site.cart.late import is_charged_now
from services.site.cart.naming import film_title
from services.site.cart.shop import Shop, tip_percent
from services.site.cart.shown import Choice, Tip, TotalRow
from services.site.cart.why import Explained, reasons, tax_rate
from services.site.public import formatting
from services.site.public.language import Language, catalogue

TIP_STOPS = (0, 3, 5, 10, 15)


def tip(form: CartForm, shop: Shop, quote: Quote | None, language: Language) -> Tip:
    """Return the tip as it is set, with its quick stops."""
    percent = tip_percent(form, shop)
    words = formatting.percent(percent, language)
    amount = _money(quote.totals.tip_amount) if quote else ""
    most = shop.platform.tip_percent_max
    return Tip(
        percent=percent,
        percent_max=most,
        amount=amount,
        spoken=f"{words}, {amount}" if amount else words,
        stops=tuple(
            Choice(
                value=str(stop),
                label=formatting.percent(stop, language),
                is_chosen=stop == percent,
            )
            for stop in TIP_STOPS
            if stop <= most
        ),
    )


def totals(quote: Quote, form: CartForm, shop: Shop, language: Language) -> tuple[TotalRow, ...]:
    """Return every figure with its name and its reasons; the last names its condition."""
    titles = _titles(quote.campaigns, shop)
    rows = sum_rows(
        quote.totals,
        quote.campaigns,
        titles,
        platform_name=shop.platform.platform_name,
        place=place(form),
        states=quote.states,
        language=language,
    )
    last = TotalRow(
        label=total_label(quote, language), amount=_money(quote.totals.amount), is_last=True
    )
    return (*rows, last)


def sum_rows(
    figures: Figures,
    shares: Sequence[Explained],
    titles: dict[str, str],
    *,
    platform_name: str,
    place: str,
    states: Mapping[str, str],
    language: Language,
) -> tuple[TotalRow, ...]:
    """Return the figures that add up to the total. A cart and a receipt say them alike."""
    texts = catalogue(language)
    tip_words = {
        "platform": platform_name,
        "percent": formatting.percent(figures.tip_percent, language),
    }
    rows = [
        TotalRow(
            label=texts.gettext("Your pledge"),
            amount=_money(figures.subtotal),
            why=reasons("subtotal", shares, titles, language),
        ),
        TotalRow(
            label=texts.gettext("Tip to %(platform)s, %(percent)s") % tip_words,
            amount=_money(figures.tip_amount),
            why=reasons("tip", shares, titles, language),
        ),
        TotalRow(
            label=_tax_label(shares, states, language),
            amount=_money(figures.tax),
            why=reasons("tax", shares, titles, language),
        ),
    ]
    shipping_why = reasons("shipping", shares, titles, language)
    if figures.shipping or shipping_why:
        rows.append(
            TotalRow(
                label=_shipping_label(place, states, language),
                amount=_money(figures.shipping),
                why=shipping_why,
            )
        )
    return tuple(rows)


def total_label(quote: Quote, language: Language) -> str:
    """Return what the last row is called: its condition, and whether it may still change."""
    texts = catalogue(language)
    is_many = len(quote.campaigns) > 1
    if any(share.charged_now for share in quote.campaigns):
        return _total_now(quote, language)
    if is_complete(quote):
        if is_many:
            return texts.gettext("Total, if all films are funded")
        return texts.gettext("Total, if the film is funded")
    if is_many:
        return texts.gettext("Estimated total, if all films are funded")
    return texts.gettext("Estimated total, if the film is funded")


def _total_now(quote: Quote, language: Language) -> str:
    texts = catalogue(language)
    if not is_charged_now(quote.campaigns):
        return texts.gettext("All together")
    if is_complete(quote):
        return texts.gettext("Total, charged now")
    return texts.gettext("Estimated total, charged now")


def is_complete(quote: Quote) -> bool:
    """Tell whether no figure waits for an address any more."""
    return "needs_input" not in quote.states.values()


def promise(quote: Quote | None, shop: Shop, language: Language) -> str:
    """Return that nothing is charged today, and until when everything can be taken back.

    Of support after the end the opposite is said, as plainly.
    """
    shares = quote.campaigns if quote else ()
    if is_charged_now(shares):
        return catalogue(language).gettext(
            "You are charged now, as soon as your card is saved: the goal is reached already."
        )
    if any(share.charged_now for share in shares):
        return ""
    deadlines = [deadline(share.campaign_slug, shop) for share in shares]
    known = [each for each in deadlines if each]
    if not known:
        return ""
    return catalogue(language).gettext(
        "Nothing is charged today. You can cancel until %(day)s."
    ) % {"day": last_day(min(known), shop, language)}


def pay_rows(quote: Quote, shop: Shop, language: Language) -> tuple[TotalRow, ...]:
    """Return when what is paid: today nothing, later on a condition, else nothing."""
    texts = catalogue(language)
    if is_charged_now(quote.campaigns):
        amount = _money(quote.totals.amount)
        return (TotalRow(label=texts.gettext("Today"), amount=amount, is_last=True),)
    is_many = len(quote.campaigns) > 1
    rows = [TotalRow(label=texts.gettext("Today"), amount=_money(0), is_last=True)]
    for share in quote.campaigns:
        words = {
            "title": film_title(share.campaign_slug, shop),
            "day": share_day(share, shop, language),
        }
        label = (
            texts.gettext("%(title)s, after %(day)s, if funded")
            if is_many
            else texts.gettext("After %(day)s, if funded")
        )
        rows.append(TotalRow(label=label % words, amount=_money(share.amount)))
    return (*rows, TotalRow(label=texts.gettext("If not funded"), amount=_money(0)))


def save_label(quote: Quote | None, language: Language) -> str:
    """Return what the last button says: what is paid by pressing it."""
    texts = catalogue(language)
    if quote and is_charged_now(quote.campaigns):
        return texts.gettext("Pay %(amount)s now") % {"amount": _money(quote.totals.amount)}
    return texts.gettext("Save card, pay nothing today")


def place(form: CartForm) -> str:
    """Return “Albuquerque 87104” as far as it is known."""
    parts = (form.contact.get("city", ""), form.contact.get("postalCode", ""))
    return " ".join(part for part in parts if part)


def deadline(slug: str, shop: Shop) -> datetime | None:
    """Return the first instant that is too late for a campaign."""
    state = shop.campaign(slug)
    return state.definition.deadline_at if state else None


def last_day(until: datetime, shop: Shop, language: Language) -> str:
    """Return the last day that counts: “December 13”."""
    return formatting.day(formatting.last_minute(until), shop.platform.timezone, language)


def share_day(share: QuotedCampaign, shop: Shop, language: Language) -> str:
    """Return the last day of one campaign of a cart."""
    until = deadline(share.campaign_slug, shop)
    return last_day(until, shop, language) if until else ""


def _tax_label(shares: Sequence[Explained], states: Mapping[str, str], language: Language) -> str:
    texts = catalogue(language)
    rate = tax_rate(shares)
    label = (
        texts.gettext("Sales tax, %(rate)s") % {"rate": formatting.rate(rate, language)}
        if rate
        else texts.gettext("Sales tax")
    )
    if states.get("tax") == "needs_input":
        return texts.gettext("%(figure)s, estimated") % {"figure": label}
    return label


def _shipping_label(place: str, states: Mapping[str, str], language: Language) -> str:
    texts = catalogue(language)
    if states.get("shipping") == "needs_input":
        return texts.gettext("%(figure)s, estimated") % {"figure": texts.gettext("Shipping")}
    if place:
        return texts.gettext("Shipping to %(place)s") % {"place": place}
    return texts.gettext("Shipping")


def _titles(shares: Sequence[QuotedCampaign], shop: Shop) -> dict[str, str]:
    return {share.campaign_slug: film_title(share.campaign_slug, shop) for share in shares}


def _money(cents: int) -> str:
    return formatting.money(cents, always_cents=True)

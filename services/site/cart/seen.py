"""The figures a page had shown, and which of them are others now. Pure."""

from contracts.api.checkout import Quote
from contracts.api.figures import Figures
from services.site.cart.form import CartForm
from services.site.cart.naming import thing_name
from services.site.cart.shop import Shop
from services.site.cart.troubles import Change, Trouble
from services.site.public import formatting
from services.site.public.language import Language, catalogue


def price_changed(
    quote: Quote, form: CartForm, shop: Shop, language: Language, *, was_complete: bool
) -> Trouble:
    """Return what is another figure than the page had shown, each before and after."""
    texts = catalogue(language)
    amount = formatting.money(quote.totals.amount, always_cents=True)
    changes = _changes(quote, form, shop, language)
    if not was_complete:
        return Trouble(
            title=texts.gettext("Now we know what it costs to send it there."),
            text=texts.gettext("It is %(amount)s in all. Look at it, and go on if it suits you.")
            % {"amount": amount},
            tone="info",
            changes=changes,
        )
    return Trouble(
        title=texts.gettext("The price changed while you were reading. Nothing was saved."),
        text=texts.gettext("It is now %(amount)s. Look again, and go on if it suits you.")
        % {"amount": amount},
        changes=changes,
    )


def seen_figures(quote: Quote) -> dict[str, int]:
    """Return the figures a page shows, by the names under which its form remembers them."""
    totals = quote.totals
    lines = {line.id: line.amount for share in quote.campaigns for line in share.lines}
    figures = {"tip": totals.tip_amount, "tax": totals.tax, "shipping": totals.shipping}
    return {**lines, **figures}


def _changes(quote: Quote, form: CartForm, shop: Shop, language: Language) -> tuple[Change, ...]:
    names = {**figure_names(quote.totals, language), **_line_names(quote, shop, language)}
    return tuple(
        Change(
            label=names[key],
            before=formatting.money(form.seen[key], always_cents=True),
            after=formatting.money(now, always_cents=True),
        )
        for key, now in seen_figures(quote).items()
        if key in form.seen and form.seen[key] != now
    )


def figure_names(totals: Figures, language: Language) -> dict[str, str]:
    """Return what the figures are called where they stand alone."""
    _ = catalogue(language).gettext
    percent = formatting.percent(totals.tip_percent, language)
    return {
        "tip": _("Tip, %(percent)s") % {"percent": percent},
        "tax": _("Sales tax"),
        "shipping": _("Shipping"),
    }


def _line_names(quote: Quote, shop: Shop, language: Language) -> dict[str, str]:
    lines = [line for share in quote.campaigns for line in share.lines]
    return {line.id: thing_name(shop.thing(line.id), language) or line.label for line in lines}

"""Why a figure is what it is, in words: the rules of checkout, translated. Pure.

A rule this release has no words for says nothing rather than something wrong.
Source: the table of rules in services/checkout/README.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from contracts.pricing import Why
from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.places import STATES, countries

Gettext = Callable[[str], str]
Inputs = Mapping[str, str | int]
Sentence = Callable[[Inputs, Language], str]


class Explained(Protocol):
    """What has figures with their reasons: a campaign's part of a cart, or a pledge."""

    @property
    def campaign_slug(self) -> str:
        """The campaign it is about."""

    @property
    def why(self) -> tuple[Why, ...]:
        """Which rules made its figures."""


def reasons(
    figure: str, shares: Sequence[Explained], titles: dict[str, str], language: Language
) -> tuple[str, ...]:
    """Return the sentences about a figure. In a bundle each names its film."""
    found: list[str] = []
    for share in shares:
        said = tuple(dict.fromkeys(_said(share.why, figure, language)))
        if not said:
            continue
        text = " ".join(said)
        title = titles.get(share.campaign_slug, share.campaign_slug)
        found.append(f"{title}: {text}" if len(shares) > 1 else text)
    return tuple(found)


def tax_rate(shares: Sequence[Explained]) -> str:
    """Return the one rate of a cart, empty when its campaigns have several or none."""
    rates = {
        str(why.inputs["rate"])
        for share in shares
        for why in share.why
        if why.figure == "tax" and why.inputs.get("rate") is not None
    }
    return rates.pop() if len(rates) == 1 else ""


def is_taxed_by_place(shares: Sequence[Explained]) -> bool:
    """Tell whether the tax depends on where somebody is."""
    rules = {why.rule for share in shares for why in share.why if why.figure == "tax"}
    return bool(rules & {"table_rate", "table_default"})


def _said(whys: Iterable[Why], figure: str, language: Language) -> Iterable[str]:
    for why in whys:
        sentence = SENTENCES.get((figure, why.rule)) if why.figure == figure else None
        text = sentence(why.inputs, language) if sentence else ""
        if text:
            yield text


def _flat_tax(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    return _(
        "Tax is %(rate)s of the %(base)s you pledge. Tips are not taxed. Half cents are rounded up."
    ) % {"rate": _rate(inputs, language), "base": _cents(inputs, "baseCents")}


def _table_tax(inputs: Inputs, language: Language) -> str:
    texts = catalogue(language)
    place = place_name(str(inputs.get("jurisdiction") or ""), language)
    values = {
        "rate": _rate(inputs, language),
        "base": _cents(inputs, "baseCents"),
        "place": place or texts.gettext("your address"),
    }
    if inputs.get("shippingCents"):
        return (
            texts.gettext(
                "Tax is %(rate)s of %(base)s, the rate for %(place)s, which taxes shipping too."
                " Tips are not taxed."
            )
            % values
        )
    return (
        texts.gettext(
            "Tax is %(rate)s of the %(base)s you pledge, the rate for %(place)s."
            " Tips are not taxed. Half cents are rounded up."
        )
        % values
    )


def _default_tax(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    return _("This is %(rate)s of the %(base)s you pledge. Your address decides the rate.") % {
        "rate": _rate(inputs, language),
        "base": _cents(inputs, "baseCents"),
    }


def _tip(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    percent = formatting.percent(_whole(inputs, "percent"), language)
    return _("%(percent)s of the %(base)s you pledge. It runs this site and is not taxed.") % {
        "percent": percent,
        "base": _cents(inputs, "baseCents"),
    }


def _sum(_: Inputs, language: Language) -> str:
    return catalogue(language).gettext("Everything you chose, at today's prices.")


def _free(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    if inputs.get("of") == "campaign":
        return _("The film pays for shipping.")
    return _("Shipping is free here.")


def _country(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    return _("%(amount)s is the rate for %(country)s.") % {
        "amount": _cents(inputs, "cents"),
        "country": place_name(str(inputs.get("country") or ""), language),
    }


def _carrier(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    return _("%(amount)s is what %(carrier)s charges for this parcel (%(service)s).") % {
        "amount": _cents(inputs, "cents"),
        "carrier": inputs.get("carrier") or "",
        "service": service_name(str(inputs.get("service") or "")),
    }


def _flat(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    amount = {"amount": _cents(inputs, "cents")}
    whose = (
        _("%(amount)s is the film's flat rate for a parcel.")
        if inputs.get("of") == "campaign"
        else _("%(amount)s is this site's flat rate for a parcel.")
    )
    because = {
        "carrier_away": _("The carrier could not be asked just now. You pay this, not more later."),
        "no_service": _("The carrier has no service for this parcel to this address."),
        "destination_needed": _("Your address decides the real price."),
    }
    text = because.get(str(inputs.get("because") or ""), "")
    return f"{whose % amount} {text}".strip()


def _signature(inputs: Inputs, language: Language) -> str:
    _ = catalogue(language).gettext
    return _("%(amount)s more is for the signature.") % {"amount": _cents(inputs, "cents")}


def _no_option(_inputs: Inputs, language: Language) -> str:
    return catalogue(language).gettext("This parcel goes without a signature: none is to be had.")


SENTENCES: dict[tuple[str, str], Sentence] = {
    ("subtotal", "sum_of_lines"): _sum,
    ("tip", "percent_of_subtotal"): _tip,
    ("tax", "flat_rate"): _flat_tax,
    ("tax", "table_rate"): _table_tax,
    ("tax", "table_default"): _default_tax,
    ("shipping", "free_shipping"): _free,
    ("shipping", "country_rate"): _country,
    ("shipping", "carrier_rate"): _carrier,
    ("shipping", "flat_rate"): _flat,
    ("shipping", "signature_option"): _signature,
    ("shipping", "option_unavailable"): _no_option,
}


def place_name(code: str, language: Language) -> str:
    """Return “New Mexico” for `US-NM` and “Spain” for `ES`, empty for no place."""
    country, _, region = code.partition("-")
    if country == "US" and region in STATES:
        return STATES[region]
    return dict(countries(language)).get(country, country if country != "default" else "")


def service_name(code: str) -> str:
    """Return a carrier's class as people read it: “Ground Advantage”."""
    words = code.removeprefix("USPS_").replace("_SERVICE", "").replace("_", " ")
    return words.title()


def _rate(inputs: Inputs, language: Language) -> str:
    return formatting.rate(str(inputs.get("rate") or "0"), language)


def _cents(inputs: Inputs, name: str) -> str:
    return formatting.money(_whole(inputs, name), always_cents=True)


def _whole(inputs: Inputs, name: str) -> int:
    value = inputs.get(name)
    return value if isinstance(value, int) else 0

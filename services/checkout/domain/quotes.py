"""A quote as people's programs get it: figures, parcels, options, states. Whole cents."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts import pricing as told
from contracts.api.checkout import Quote, QuotedCampaign, QuotedLine, QuotedShipment, ShippingOption
from contracts.api.figures import Figures
from contracts.pricing import (
    STANDARD,
    PricedLine,
    PricedPledge,
    shown_tax,
)
from services.checkout.domain.pricing import Totals, has_physical, least_sure, total_of

CARRIERS = {"usps": "USPS"}


def quote_of(pledges: Sequence[PricedPledge]) -> Quote:
    """Return the public form of a priced cart."""
    return Quote(**quote_fields(pledges))


def quote_fields(pledges: Sequence[PricedPledge]) -> dict[str, Any]:
    """Return a quote field by field: it is also a part of other answers."""
    return {
        "totals": figures_of(total_of(pledges)),
        "campaigns": tuple(QuotedCampaign(**campaign_fields(pledge)) for pledge in pledges),
        "shipping_options": options_of(pledges),
        "states": {
            "tax": least_sure(pledge.price.tax_state for pledge in pledges),
            "shipping": least_sure(pledge.price.shipping_state for pledge in pledges),
        },
        "currency": pledges[0].currency,
    }


def figures_of(totals: Totals) -> Figures:
    """Return the figures under their public names."""
    return Figures(
        subtotal=totals.subtotal_cents,
        shipping=totals.shipping_cents,
        tax=totals.tax_cents,
        tip_percent=totals.tip_percent,
        tip_amount=totals.tip_cents,
        amount=totals.total_cents,
    )


def options_of(pledges: Sequence[PricedPledge]) -> tuple[ShippingOption, ...]:
    """Return how the order can be posted. An option counts where a parcel can have it."""
    if not has_physical(pledges):
        return ()
    parcels = [parcel for pledge in pledges for parcel in pledge.price.shipments]
    plain = sum(parcel.cents - parcel.option_cents for parcel in parcels)
    known: tuple[told.ShippingOptionId, ...] = ("signature_required", "adult_signature_required")
    taken = {parcel.option for parcel in parcels} - {STANDARD}
    offered = [ShippingOption(id=STANDARD, amount=plain, surcharge=0, selected=not taken)]
    for option in known:
        if any(option in parcel.offered for parcel in parcels):
            extra = sum(parcel.offered.get(option, 0) for parcel in parcels)
            offered.append(
                ShippingOption(
                    id=option, amount=plain + extra, surcharge=extra, selected=option in taken
                )
            )
    return tuple(offered)


def campaign_fields(pledge: PricedPledge) -> dict[str, Any]:
    """Return a campaign's share of a quote field by field."""
    figures = figures_of(total_of([pledge]))
    return {
        **msgspec.structs.asdict(figures),
        "campaign_slug": pledge.campaign,
        "lines": tuple(_line(pledge, line) for line in pledge.lines),
        "why": pledge.price.why,
        "shipping_option": pledge.price.shipping_option,
        "shipments": tuple(shipment_of(each) for each in pledge.price.shipments),
        "tax_details": shown_tax(pledge.price.tax_details),
        "charged_now": pledge.is_late,
    }


def shipment_of(parcel: told.Shipment) -> QuotedShipment:
    """Return a parcel under its public names."""
    return QuotedShipment(
        scope=parcel.scope,
        source=parcel.source,
        carrier=CARRIERS.get(parcel.source, ""),
        service=parcel.service,
        country=parcel.country,
        option=parcel.option,
        option_amount=parcel.option_cents,
        amount=parcel.cents,
        state=parcel.state,
    )


def _line(pledge: PricedPledge, line: PricedLine) -> QuotedLine:
    return QuotedLine(
        id=_item_id(pledge, line),
        kind=line.kind,
        label=line.label,
        quantity=line.quantity,
        unit_amount=line.unit_cents,
        amount=line.total_cents,
        is_physical=line.is_physical,
        counts_toward_goal=line.counts_toward_goal,
    )


def _item_id(pledge: PricedPledge, line: PricedLine) -> str:
    """Return the id a cart names the item by."""
    if line.kind == "add_on":
        variant = f"__variant__{line.variant_id}" if line.variant_id else ""
        return f"addon__{line.item_id}{variant}"
    inner = f"support__{line.item_id}" if line.kind == "support_item" else line.item_id
    return f"{pledge.campaign}__{inner}"

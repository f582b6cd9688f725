"""What stays of a pledge whose supporter is forgotten: amounts, under a pseudonym. Pure."""

from datetime import datetime

import msgspec

from contracts.events.checkout import Card
from contracts.ids import is_pseudonym, pseudonym
from contracts.refusals import StateRefused
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Campaign, Change, Pledge
from services.pledges.domain.pledging import entry_of

BLANK_CARD = Card(
    customer_id="", payment_method_id="", brand="", last4="", exp_month=1, exp_year=2000
)


def is_erased(pledge: Pledge) -> bool:
    """Tell whether nobody's name is on a pledge any more."""
    return is_pseudonym(pledge.email)


def require_decided(pledge: Pledge, campaign: Campaign, *, now: datetime) -> None:
    """Refuse while a charge may be under way: whoever is charged must be told of it."""
    is_waiting = pledge.status == "active" and (pledge.is_late or campaign.is_over(now))
    is_failing = pledge.status == "payment_failed" and pledge.lost_at is None
    if is_waiting or is_failing:
        raise StateRefused(
            "charge_open",
            "A pledge is being charged at the moment. Ask again when that is decided.",
        )


def erase(pledge: Pledge, *, now: datetime) -> Change:
    """Return the pledge without its person, and the line that says so."""
    lines = tuple(msgspec.structs.replace(line, answers={}) for line in pledge.lines)
    erased = msgspec.structs.replace(
        pledge,
        email=pseudonym(pledge.supporter_id),
        revision=pledge.revision + 1,
        lines=lines,
        card=BLANK_CARD,
        shipping_address=None,
        attribution=None,
        updated_at=now,
    )
    entry = entry_of(erased, "erased", "erased", Figures(), now=now)
    return Change(pledge=erased, entry=msgspec.structs.replace(entry, lines=lines, card=BLANK_CARD))

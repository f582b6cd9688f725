"""Saved cards: what each is for, how long that lasts, and what is said about it. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from contracts import card_life
from contracts.api.checkout import CardWarning
from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, OrderId, PledgeId, SupporterId
from contracts.refusals import StateRefused

UiMode = Literal["custom", "hosted"]
EndedAs = Literal["cancelled", "refused", "released", "charged", "lost", "erased"]
UpdateStatus = Literal["opening", "open", "saved", "over"]
UnusableBecause = Literal["detached", "customer_deleted", "mandate_inactive"]

UPDATE_PREFIX = "card-"


class CardOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card it is, and how to speak to them."""

    supporter_id: SupporterId
    email: str
    language: str


class CardUse(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge a card is kept for. It ends with the pledge."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    ended_as: EndedAs | None = None


class KeptCard(msgspec.Struct, frozen=True, kw_only=True):
    """A saved card and what it is kept for; for nothing, it is to be given up."""

    card: Card
    owner: CardOwner
    saved_at: datetime
    uses: tuple[CardUse, ...] = ()

    @property
    def unneeded_because(self) -> EndedAs | Literal["unwanted"] | None:
        """Return why nobody needs the card, or None while somebody does."""
        ends = [use.ended_as for use in self.uses]
        if None in ends:
            return None
        return min((end for end in ends if end), default="unwanted")


class CardUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A setup session that gives a pledge another card."""

    update_id: str
    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    supporter_id: SupporterId
    email: str
    language: str
    ui_mode: UiMode
    status: UpdateStatus
    created_at: datetime
    session_id: str | None = None


def warning_for(card: Card | None, needed_until: datetime, zone: str) -> CardWarning | None:
    """Return the warning a card deserves, if any."""
    if card is None or not card_life.expires_before(card, needed_until, zone):
        return None
    return CardWarning(exp_month=card.exp_month, exp_year=card.exp_year, needed_until=needed_until)


def require_chargeable(ends: Iterable[EndedAs | None]) -> None:
    """Refuse another card for a pledge that is over, by what its cards were last used for."""
    reasons = {
        "cancelled": ("pledge_cancelled", "This pledge was cancelled."),
        "charged": ("pledge_charged", "This pledge has been charged."),
        "released": ("pledge_released", "The campaign was not funded. Nothing will be charged."),
        "refused": ("pledge_released", "The campaign had closed. Nothing will be charged."),
        "lost": ("recovery_closed", "The time to pay this pledge is over."),
        "erased": ("pledge_released", "This pledge is no more."),
    }
    for ended_as in ends:
        if ended_as is not None:
            raise StateRefused(*reasons[ended_as])

"""An order's life, and what a saved card makes of each campaign in it. Pure."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from contracts.events.checkout import Attribution, Card
from contracts.ids import CampaignSlug, OrderId, SupporterId
from contracts.pricing import Address, PricedPledge

Status = Literal["opening", "open", "completed", "persisted", "expired", "too_late", "abandoned"]
UiMode = Literal["custom", "hosted"]
RefusedFor = Literal["sold_out", "deadline_passed"]

UNDECIDED = ("opening", "open")
DECIDED_BY_CARD = ("completed", "persisted", "too_late")


class ShownConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences about the charge a supporter is shown: given when the card is saved."""

    version: str
    language: str
    # Of the sentences, in hexadecimal. Empty in orders of old.
    sha256: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One cart on its way to a saved card: priced, reserved, and at most completed once."""

    order_id: OrderId
    status: Status
    request_hash: str
    language: str
    ui_mode: UiMode
    pledges: tuple[PricedPledge, ...]
    # The campaign whose page the visitor came from.
    page: CampaignSlug
    created_at: datetime
    supporter_id: SupporterId | None = None
    email: str | None = None
    shipping_address: Address | None = None
    attribution: Attribution | None = None
    consent: ShownConsent | None = None
    session_id: str | None = None
    completed_at: datetime | None = None


class SavedCard(msgspec.Struct, frozen=True, kw_only=True):
    """What Stripe tells of a completed session."""

    session_id: str
    card: Card
    completed_at: datetime
    email: str | None = None
    address: Address | None = None


class ShareKey(msgspec.Struct, frozen=True):
    """One campaign's part of an order."""

    order_id: OrderId
    campaign: CampaignSlug


class CampaignShare(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one campaign of an order."""

    campaign: CampaignSlug
    state: Literal["pending", "completed", "persisted", "refused"]
    reason: str | None = None


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's deadline, and whether its orders have been counted already."""

    slug: CampaignSlug
    deadline_at: datetime
    is_drained: bool


def is_too_late(door: Door, completed_at: datetime) -> bool:
    """Tell whether a card saved at that instant no longer counts for the campaign.

    The deadline is the first instant that is too late. After the drain nothing counts,
    whenever it happened: the ledger may have closed with the set it was told.
    """
    return door.is_drained or completed_at >= door.deadline_at


def order_hash(order_ids: Iterable[str]) -> str:
    """Return the hash that names a set of orders, whatever their order."""
    return hashlib.sha256("\n".join(sorted(order_ids)).encode()).hexdigest()


def status_of(shares: Iterable[CampaignShare], status: Status) -> Status:
    """Return where a completed order stands once the ledger has spoken about its campaigns.

    `persisted` when every campaign that was not refused is a pledge, `too_late` when all
    were refused, else unchanged.
    """
    states = {share.state for share in shares}
    if states == {"refused"}:
        return "too_late"
    return "persisted" if states <= {"persisted", "refused"} else status


def public_status(status: Status) -> str:
    """Return the status as people's programs know it: opening is a kind of open."""
    return "open" if status == "opening" else status

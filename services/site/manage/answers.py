"""What the ledger answers about pledges, as far as the manage page reads it."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.pricing import Address
from services.site.cart.answers import Figures, Why


class RecordLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing in a pledge at the price it was pledged at, in cents."""

    kind: str
    item_id: str
    variant_id: str | None = None
    label: str
    quantity: int
    unit_amount: int
    amount: int
    counts_toward_goal: bool = True
    is_physical: bool = False
    answers: dict[str, str] = {}


class RecordCard(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The saved card, as people recognise it."""

    brand: str
    last4: str
    exp_month: int = 0
    exp_year: int = 0


class RecordRecovery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Until when a declined charge can be paid."""

    ends_at: datetime
    next_attempt_at: datetime | None = None
    needs_authentication: bool = False


class Record(Figures, frozen=True, kw_only=True, rename="camel"):
    """One pledge, as `GET /pledges` tells it. `token` is its own link, if not the page's."""

    order_id: str
    email: str
    preferred_lang: str = "en"
    campaign_slug: str
    campaign_title: str
    lines: tuple[RecordLine, ...]
    pledge_status: str
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None = None
    charged_at: datetime | None = None
    card: RecordCard
    shipping_option: str = "standard"
    shipping_address: Address | None = None
    history: tuple[dict[str, Any], ...] = ()
    revision: int = 1
    can_modify: bool = False
    can_cancel: bool = False
    can_update_payment_method: bool = False
    deadline: datetime
    deadline_passed: bool = False
    recovery: RecordRecovery | None = None
    lost_at: datetime | None = None
    returned_amount: int = 0
    is_late: bool = False
    why: tuple[Why, ...] = ()
    token: str = ""

    @property
    def standing(self) -> str:
        """Return its state as people are told: what is active and past its end is locked."""
        if self.lost_at is not None:
            return "lost"
        if self.pledge_status != "active" or not self.deadline_passed:
            return self.pledge_status
        return "late" if self.is_late else "locked"

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing will happen to it any more."""
        return self.standing in ("charged", "released", "lost", "cancelled")


class Option(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A way of posting, and what it adds to the plain way, in cents."""

    id: str
    surcharge: int = 0
    selected: bool = False


class Along(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge whose tip changes along with another, in cents."""

    order_id: str
    campaign_slug: str
    campaign_title: str
    previous_amount: int
    amount: int


class Preview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a change would cost, and what the pledge costs now."""

    order_id: str
    revision: int
    totals: Figures
    previous: Figures
    lines: tuple[RecordLine, ...]
    why: tuple[Why, ...] = ()
    shipping_options: tuple[Option, ...] = ()
    shipping_state: str = "quoted"
    tax_state: str = "quoted"
    linked: tuple[Along, ...] = ()


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved after a charge: to the platform, or (negative) from it, in cents."""

    kind: str
    cents: int


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody agreed to when they saved a card, and when."""

    version: str
    given_at: datetime


class Credited(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How somebody is named."""

    credited_as: str = ""
    on_wall: bool = False


class ExportedPledge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge with everything that is kept beside it."""

    pledge: Record
    consent: Agreed | None = None
    came_by: dict[str, str] | None = None
    money: tuple[Movement, ...] = ()
    votes: dict[str, str] = {}
    credit: Credited = Credited()


class Export(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything the ledger keeps about somebody, of every film they pledged to."""

    exported_at: datetime
    email: str
    pledges: tuple[ExportedPledge, ...]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger said, read, and byte for byte."""

    told: Export
    raw: bytes

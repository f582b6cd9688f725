"""What the ledger answers to the holder of a link: the product's names, cents, no Stripe ids."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from contracts.api.figures import CardFace, Figures
from contracts.events.checkout import Attribution, Consent
from contracts.ids import CampaignSlug, PledgeId
from contracts.pricing import Address, LineKind, QuoteState, TaxShown, Why

PledgeStatus = Literal["active", "cancelled", "charged", "payment_failed", "released"]


class TierChoice(msgspec.Struct, frozen=True):
    """A tier and how many of it."""

    id: str
    qty: int


class ItemSupport(msgspec.Struct, frozen=True):
    """A part of the budget and what is given to it, in dollars."""

    id: str
    amount: int | float


class AddOnChoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A product beside the tiers; `unit_price` is cents, as it was pledged at.

    `scope` tells whose it is: a `campaign`'s counts toward its goal, the `platform`'s not.
    """

    product_id: str
    variant_id: str | None
    name: str
    quantity: int
    unit_price: int
    scope: Literal["campaign", "platform"]
    category: Literal["physical", "digital"]


class RecordLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing in the pledge at the price it was pledged at, in cents.

    `answers` is what the supporter wrote to a tier's questions, by the question.
    """

    kind: LineKind
    item_id: str
    variant_id: str | None
    label: str
    quantity: int
    unit_amount: int
    amount: int
    counts_toward_goal: bool
    is_physical: bool
    answers: dict[str, str]


class RecoveryShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Until when a declined charge can be paid, when we try again, whether the bank waits."""

    ends_at: datetime
    next_attempt_at: datetime | None
    needs_authentication: bool


class Selection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was chosen, in the product's shape. Amounts here are dollars, as in a cart."""

    tier_id: str | None
    tier_qty: int
    additional_tiers: tuple[TierChoice, ...]
    support_items: tuple[ItemSupport, ...]
    custom_amount: int | float
    bundle_add_ons: tuple[AddOnChoice, ...]


class PledgeRecord(Selection, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /pledge`. Workflows, "Pledge record" and "Flag logic"."""

    order_id: PledgeId
    email: str
    preferred_lang: str
    campaign_slug: CampaignSlug
    campaign_title: str
    lines: tuple[RecordLine, ...]
    tip_percent: int
    tip_amount: int
    subtotal: int
    tax: int
    shipping: int
    amount: int
    goal_tracking_subtotal: int
    bundle_add_on_subtotal: int
    currency: str
    shipping_option: str
    tax_details: TaxShown | None
    shipping_address: Address | None
    pledge_status: PledgeStatus
    charged: bool
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    charged_at: datetime | None
    card: CardFace
    history: tuple[dict[str, Any], ...]
    revision: int
    can_modify: bool
    can_cancel: bool
    can_update_payment_method: bool
    deadline: datetime
    deadline_passed: bool
    recovery: RecoveryShown | None
    lost_at: datetime | None
    # Of `amount`: refunded, or withdrawn by a bank.
    returned_amount: int
    is_late: bool
    why: tuple[Why, ...]


class LinkedRecord(PledgeRecord, frozen=True, kw_only=True, rename="camel"):
    """One of the answer of `GET /pledges`.

    Those of the same checkout come with links of their own: each link acts on its pledge alone.
    """

    token: str = ""


class Option(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A way of posting, and what it adds to the plain way, in cents."""

    id: str
    surcharge: int
    selected: bool


class Along(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge of the same checkout whose tip changes with this one, in cents."""

    order_id: PledgeId
    campaign_slug: CampaignSlug
    campaign_title: str
    previous_amount: int
    amount: int


class ChangePreview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `POST /pledge/quote`: the pledge as it would be, and as it is."""

    order_id: PledgeId
    revision: int
    totals: Figures
    previous: Figures
    lines: tuple[RecordLine, ...]
    why: tuple[Why, ...]
    shipping_options: tuple[Option, ...]
    shipping_state: QuoteState
    tax_state: QuoteState
    linked: tuple[Along, ...]


class DecisionShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A decision with its count. `results` names every option, also those nobody chose."""

    decision_id: str
    title: str
    type: Literal["vote", "poll"]
    status: Literal["open", "closed"]
    deadline: datetime | None
    options: tuple[str, ...]
    has_voted: bool
    user_choice: str | None
    eligible: Literal["backers", "charged"]
    may_vote: bool
    results: dict[str, int]
    total_votes: int


class Votes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `GET /votes`: decisions by id."""

    campaign_slug: CampaignSlug
    decisions: dict[str, DecisionShown]


class Credit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a supporter wants to be named: in the film, and on the wall of supporters."""

    credited_as: str = ""
    on_wall: bool = False


class CommunityShown(Votes, frozen=True, kw_only=True, rename="camel"):
    """The supporters' page: what is decided, who is there, and how one is named oneself."""

    campaign_title: str
    supporter_count: int
    credit: Credit
    wall: tuple[str, ...]


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved: to us, or (negative) from us, in cents."""

    kind: str
    cents: int


class ExportedPledge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pledge with what only its supporter is told of it."""

    pledge: PledgeRecord
    consent: Consent | None
    came_by: Attribution | None
    money: tuple[Movement, ...]
    votes: dict[str, str]
    credit: Credit


class Export(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything under one address. Amounts are cents unless they say dollars."""

    exported_at: datetime
    email: str
    pledges: tuple[ExportedPledge, ...]

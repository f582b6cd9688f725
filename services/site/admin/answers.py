"""What the services behind us answer the dashboard. Amounts are cents. Pure."""

from datetime import datetime

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all answers have: the names of JSON, and more fields than are read."""


class Share(Shape, frozen=True, kw_only=True):
    """Supporters and their cents."""

    supporters: int
    amount: int


class Certificate(Shape, frozen=True, kw_only=True):
    """A settlement's proof."""

    planned: Share
    succeeded: Share
    failed: Share
    unknown: Share
    lost: Share
    stripe_known: Share
    stripe_awaited: Share
    duplicates: int
    agrees_with_stripe: bool
    adds_up: bool


class RunAmounts(Shape, frozen=True, kw_only=True):
    """Cents by what became of them."""

    planned: int = 0
    succeeded: int = 0
    failed: int = 0
    unknown: int = 0
    lost: int = 0


class Run(Shape, frozen=True, kw_only=True):
    """How a campaign's charging stands; counts are supporters."""

    status: str
    planned: int
    succeeded: int
    failed: int
    unknown: int
    lost: int
    amounts: RunAmounts
    started_at: datetime | None
    settled_at: datetime | None
    certificate: Certificate | None = None


class Card(Shape, frozen=True, kw_only=True):
    """A card as people know it."""

    brand: str
    last4: str


class Charge(Shape, frozen=True, kw_only=True):
    """One supporter's one sum."""

    supporter: str
    order_ids: tuple[str, ...]
    amount: int
    card: Card
    flags: tuple[str, ...]


class Excluded(Shape, frozen=True, kw_only=True):
    """A pledge that is not charged, and why."""

    order_id: str
    reason: str


class Plan(Shape, frozen=True, kw_only=True):
    """What a settlement is going to do, or did."""

    plan_hash: str
    is_forecast: bool
    is_funded: bool
    supporters: int
    total_amount: int
    expected_fees: int
    charges: tuple[Charge, ...]
    excluded: tuple[Excluded, ...]


class Refunds(Shape, frozen=True, kw_only=True):
    """How a campaign's refunds stand."""

    is_refunding: bool
    has_ended: bool
    refunds: dict[str, int]
    amounts: dict[str, int]
    open_charges: int


class Dispute(Shape, frozen=True, kw_only=True):
    """What a bank asks about."""

    dispute_id: str
    kind: str
    status: str
    reason: str
    amount: int
    evidence_due_at: datetime | None
    opened_at: datetime
    campaign_slug: str
    order_ids: tuple[str, ...]


class Pause(Shape, frozen=True, kw_only=True):
    """Whether payments stand still."""

    is_paused: bool
    because: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


class Timer(Shape, frozen=True, kw_only=True):
    """What comes next."""

    campaign_slug: str
    kind: str
    due_at: datetime


class Calendar(Shape, frozen=True, kw_only=True):
    """Whether the calendar is watched."""

    is_alive: bool
    now: datetime
    next_timers: tuple[Timer, ...]


class Supporter(Shape, frozen=True, kw_only=True):
    """A supporter, and what the pledges come to."""

    email: str
    order_ids: tuple[str, ...]
    statuses: tuple[str, ...]
    item_names: tuple[str, ...]
    amount: int
    country: str | None
    first_pledged_at: datetime


class SupporterPage(Shape, frozen=True, kw_only=True):
    """Supporters by address."""

    supporters: tuple[Supporter, ...]
    next_after: str | None


class HistoryLine(Shape, frozen=True, kw_only=True):
    """What happened to a pledge."""

    type: str
    at: datetime
    status: str
    amount: int | None


class Movement(Shape, frozen=True, kw_only=True):
    """Money that moved: to us, or (negative) from us."""

    kind: str
    cents: int


class Evidence(Shape, frozen=True, kw_only=True):
    """Everything the ledger knows about one pledge."""

    order_id: str
    campaign_slug: str
    email: str
    created_at: datetime
    charged_at: datetime | None
    amount: int
    items: tuple[str, ...]
    history: tuple[HistoryLine, ...]
    money: tuple[Movement, ...]


class Preview(Shape, frozen=True, kw_only=True):
    """The first rows of a report."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    has_more: bool


class Refund(Shape, frozen=True, kw_only=True):
    """A refund that was asked for, and what is being done about it."""

    request_id: str
    status: str


class Health(Shape, frozen=True, kw_only=True):
    """How a service feels: whether it can work, and what it does without."""

    ready: bool
    degraded: tuple[str, ...] = ()
    secrets: dict[str, bool] = {}


class Break(Shape, frozen=True, kw_only=True):
    """Where our books and Stripe's differ."""

    kind: str
    subject: str
    campaign_slug: str
    ours: str
    theirs: str
    first_seen: datetime
    times_seen: int


class Comparison(Shape, frozen=True, kw_only=True):
    """A comparison of all charges with Stripe's."""

    run_id: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    charges: int | None
    intents: int | None
    error: str | None


class Reconciliation(Shape, frozen=True, kw_only=True):
    """The newest comparison, and every difference that is open."""

    run: Comparison | None
    open_breaks: tuple[Break, ...]


class Backfill(Shape, frozen=True, kw_only=True):
    """How many charges Stripe was asked about, because their fee is not known."""

    asked: int

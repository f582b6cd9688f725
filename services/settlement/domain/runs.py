"""The calendar's rules, and how a campaign's charging stands."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.campaign import CampaignDefinition
from contracts.events.settlement import Certificate, Share, StripeSums
from contracts.ids import CampaignSlug, ChargeId
from contracts.money import Cents
from services.settlement.domain.charging import UNDECIDED_LIMIT

TimerKind = Literal["start", "deadline"]
RunStatus = Literal[
    "not_closed", "not_funded", "running", "recovering", "needs_attention", "settled"
]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What settlement keeps of a definition."""

    slug: CampaignSlug
    version: int
    title: str
    timezone: str
    currency: str
    starts_at: datetime
    deadline_at: datetime
    goal_cents: Cents
    # The platform's rule, as it is now.
    recovery_days: int = 7


class Timer(msgspec.Struct, frozen=True):
    """An instant that has to be announced. `is_late` by more than a few ticks."""

    campaign: CampaignSlug
    kind: TimerKind
    due_at: datetime


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's final count of a campaign."""

    campaign: CampaignSlug
    is_funded: bool
    pledged_cents: Cents
    pledge_count: int
    goal_cents: Cents
    closed_at: datetime


def of_definition(definition: CampaignDefinition) -> Campaign:
    """Return what settlement keeps of `definition`."""
    return Campaign(
        slug=definition.slug,
        version=definition.version,
        title=definition.title,
        timezone=definition.timezone,
        currency=definition.currency,
        starts_at=definition.starts_at,
        deadline_at=definition.deadline_at,
        goal_cents=definition.goal_cents,
    )


def follow(known: Campaign, published: Campaign, *, at: datetime) -> Campaign:
    """Return the campaign after a newer version was published at that instant.

    From the start instant on dates, goal and currency are frozen: supporters pledged
    under them. Source: decisions.md, "Goal, deadline, currency".
    """
    if published.version <= known.version:
        return known
    if at < known.starts_at:
        return published
    return msgspec.structs.replace(
        published,
        starts_at=known.starts_at,
        deadline_at=known.deadline_at,
        goal_cents=known.goal_cents,
        currency=known.currency,
    )


class ShareShown(msgspec.Struct, frozen=True, kw_only=True):
    """Supporters and their cents."""

    supporters: int
    amount: int


class CertificateShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A settlement's proof, as operators read it, with what Stripe has booked by now.

    `stripe_known`: charges whose balance transaction is known, with Stripe's gross;
    `stripe_awaited`: those Stripe has not booked yet, with our sum.
    """

    planned: ShareShown
    succeeded: ShareShown
    failed: ShareShown
    unknown: ShareShown
    lost: ShareShown
    stripe_known: ShareShown
    stripe_awaited: ShareShown
    duplicates: int
    agrees_with_stripe: bool
    adds_up: bool
    open_charges: tuple[ChargeId, ...]


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """Cents by what became of them."""

    planned: int = 0
    succeeded: int = 0
    failed: int = 0
    unknown: int = 0
    lost: int = 0


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The charges of one campaign's settlement, counted.

    `oldest_unknown` is the time since when the oldest unknown outcome has been open.
    """

    pledges: int
    planned: int
    succeeded: int
    failed: int
    unknown: int
    lost: int
    amounts: Amounts
    started_at: datetime | None
    decided_at: datetime | None
    oldest_unknown: timedelta | None
    is_held_up: bool


class Run(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a campaign's charging stands, as operators read it. Counts are supporters."""

    campaign_slug: CampaignSlug
    status: RunStatus
    planned: int
    succeeded: int
    failed: int
    unknown: int
    lost: int
    amounts: Amounts
    started_at: datetime | None
    settled_at: datetime | None
    certificate: CertificateShown | None = None


def run_of(slug: CampaignSlug, closing: Closing | None, tally: Tally) -> Run:
    """Return how the run stands. Without a closing nothing has begun."""
    status = status_of(closing, tally)
    return Run(
        campaign_slug=slug,
        status=status,
        planned=tally.planned,
        succeeded=tally.succeeded,
        failed=tally.failed,
        unknown=tally.unknown,
        lost=tally.lost,
        amounts=tally.amounts,
        started_at=tally.started_at,
        settled_at=tally.decided_at if status == "settled" else None,
    )


def status_of(closing: Closing | None, tally: Tally) -> RunStatus:
    """Return the run's state: settled means that every charge succeeded or is lost for good.

    `recovering`: all were tried, and somebody's bank said no so far. That needs nobody but
    the supporter; `needs_attention` is for an operator.
    """
    if closing is None:
        return "not_closed"
    if not closing.is_funded:
        return "not_funded"
    is_old = tally.oldest_unknown is not None and tally.oldest_unknown > UNDECIDED_LIMIT
    if is_old or tally.is_held_up:
        return "needs_attention"
    is_complete = tally.pledges >= closing.pledge_count
    if not is_complete or tally.succeeded + tally.failed + tally.lost < tally.planned:
        return "running"
    return "recovering" if tally.failed else "settled"


def certify(
    closing: Closing, tally: Tally, stripe: StripeSums, open_charges: tuple[ChargeId, ...]
) -> Certificate:
    """Return the proof of a settlement as it stands; whole when nothing of it is open.

    What is neither succeeded, unknown nor lost is failed so far, or waits for its turn.
    """
    amounts = tally.amounts
    failed = Share(
        supporters=tally.planned - tally.succeeded - tally.unknown - tally.lost,
        cents=Cents(amounts.planned - amounts.succeeded - amounts.unknown - amounts.lost),
    )
    is_whole = tally.pledges == closing.pledge_count and not open_charges
    return Certificate(
        planned=Share(supporters=tally.planned, cents=Cents(amounts.planned)),
        succeeded=Share(supporters=tally.succeeded, cents=Cents(amounts.succeeded)),
        failed=failed,
        unknown=Share(supporters=tally.unknown, cents=Cents(amounts.unknown)),
        lost=Share(supporters=tally.lost, cents=Cents(amounts.lost)),
        stripe=stripe,
        adds_up=is_whole and failed == Share() and stripe.agrees,
        open_charges=open_charges,
    )


def shown(certificate: Certificate) -> CertificateShown:
    """Return a certificate in the words and units of our answers."""
    names = ("planned", "succeeded", "failed", "unknown", "lost")
    return CertificateShown(
        **{name: _share(getattr(certificate, name)) for name in names},
        stripe_known=_share(certificate.stripe.known),
        stripe_awaited=_share(certificate.stripe.awaited),
        duplicates=certificate.stripe.duplicates,
        agrees_with_stripe=certificate.stripe.agrees,
        adds_up=certificate.adds_up,
        open_charges=certificate.open_charges,
    )


def _share(share: Share) -> ShareShown:
    return ShareShown(supporters=share.supporters, amount=share.cents)

"""The bus as data: streams, who owns them, and every durable consumer.

A stream's owner makes it, and every consumer that hears it, before it says the first
word: an interest stream keeps nothing for a listener that does not exist yet.
"""

from typing import Literal

import msgspec

from contracts.events import admin, campaigns, checkout, pledges, settlement
from contracts.events.base import Event


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream has one owner, who alone publishes to it."""

    name: str
    owner: str
    subjects: tuple[str, ...]
    retention: Literal["interest", "workqueue"] = "interest"
    # Its events are as good as a key: who looks after parked events does not get to see them.
    holds_secrets: bool = False


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A durable, named `<listener>-<purpose>`, and the events it hears."""

    durable: str
    stream: str
    listener: str
    events: tuple[type[Event], ...]
    ack_pending_max: int = 64


STREAMS = (
    Stream(name="CAMPAIGNS", owner="site", subjects=("campaigns.>",)),
    Stream(name="ADMIN", owner="site", subjects=("admin.>",), holds_secrets=True),
    # Not `checkout.>`: the stream would answer `checkout.quote` itself, with "stored".
    Stream(name="CHECKOUT", owner="checkout", subjects=("checkout.*.>",)),
    Stream(name="PLEDGES", owner="pledges", subjects=("pledges.>",)),
    Stream(name="SETTLEMENT", owner="settlement", subjects=("settlement.>",)),
    Stream(name="NOTIFY", owner="notify", subjects=("notify.>",)),
    Stream(name="CHARGES", owner="settlement", subjects=("charges.>",), retention="workqueue"),
)

_DEFINITIONS = (campaigns.CampaignPublished, campaigns.PlatformPublished)

CONSUMERS = (
    Consumer(
        durable="checkout-definitions",
        stream="CAMPAIGNS",
        listener="checkout",
        events=(*_DEFINITIONS, campaigns.CampaignCancelled),
    ),
    Consumer(
        durable="pledges-definitions",
        stream="CAMPAIGNS",
        listener="pledges",
        events=(*_DEFINITIONS, campaigns.CampaignCancelled),
    ),
    Consumer(
        durable="settlement-definitions",
        stream="CAMPAIGNS",
        listener="settlement",
        events=_DEFINITIONS,
    ),
    Consumer(
        durable="notify-definitions",
        stream="CAMPAIGNS",
        listener="notify",
        events=(*_DEFINITIONS, campaigns.CampaignCancelled),
    ),
    Consumer(
        durable="notify-admin",
        stream="ADMIN",
        listener="notify",
        events=(admin.SignInAsked, admin.PreviewShared, admin.RunnerChanged),
    ),
    Consumer(
        durable="pledges-orders",
        stream="CHECKOUT",
        listener="pledges",
        events=(checkout.CheckoutCompleted, checkout.CheckoutDrained, checkout.CardSaved),
    ),
    Consumer(
        durable="notify-orders",
        stream="CHECKOUT",
        listener="notify",
        events=(checkout.CheckoutRefused, checkout.CardNoticeDue),
    ),
    Consumer(
        durable="settlement-stripe",
        stream="CHECKOUT",
        listener="settlement",
        events=(checkout.StripeEventReceived,),
    ),
    Consumer(
        durable="site-stock",
        stream="CHECKOUT",
        listener="site",
        events=(checkout.StockChanged, checkout.AddOnStockChanged),
    ),
    Consumer(
        durable="checkout-pledges",
        stream="PLEDGES",
        listener="checkout",
        events=(
            pledges.PledgeCreated,
            pledges.PledgeModified,
            pledges.RevisionAbandoned,
            pledges.PledgeCancelled,
            pledges.PledgeErased,
            pledges.PledgeRefused,
            pledges.PledgesReleased,
            pledges.PledgesCharged,
            pledges.PledgesLost,
            pledges.CampaignClosed,
            pledges.TotalsChanged,
            pledges.OrdersMissed,
            pledges.LinksRenewed,
        ),
    ),
    Consumer(
        durable="settlement-pledges",
        stream="PLEDGES",
        listener="settlement",
        events=(
            pledges.PledgeCreated,
            pledges.PledgeModified,
            pledges.PledgeCancelled,
            pledges.PledgeErased,
            pledges.PledgeCardChanged,
            pledges.CampaignClosed,
            pledges.ChargeRequested,
            pledges.LinksRenewed,
        ),
    ),
    Consumer(
        durable="notify-mails",
        stream="PLEDGES",
        listener="notify",
        events=(
            pledges.PledgeCreated,
            pledges.PledgeModified,
            pledges.LinksRenewed,
            pledges.PledgeCancelled,
            pledges.PledgeErased,
            pledges.PledgeRefused,
            pledges.PledgesReleased,
            pledges.PledgesCharged,
            pledges.PledgesChargeFailed,
            pledges.PledgesRecoveryReminded,
            pledges.PledgesLost,
            pledges.PledgesRefunded,
        ),
    ),
    Consumer(
        durable="notify-totals",
        stream="PLEDGES",
        listener="notify",
        events=(pledges.TotalsChanged,),
    ),
    Consumer(
        durable="site-totals",
        stream="PLEDGES",
        listener="site",
        events=(pledges.TotalsChanged, pledges.CampaignClosed),
    ),
    Consumer(
        durable="pledges-charges",
        stream="SETTLEMENT",
        listener="pledges",
        events=(
            settlement.DeadlinePassed,
            settlement.ChargeSucceeded,
            settlement.ChargeDeclined,
            settlement.RecoveryReminderDue,
            settlement.ChargeLost,
            settlement.FeesKnown,
            settlement.Refunded,
            settlement.Disputed,
        ),
    ),
    Consumer(
        durable="checkout-calendar",
        stream="SETTLEMENT",
        listener="checkout",
        events=(settlement.DeadlinePassed, settlement.SettlementSettled),
    ),
    Consumer(
        durable="site-calendar",
        stream="SETTLEMENT",
        listener="site",
        events=(
            settlement.CampaignWentLive,
            settlement.DeadlinePassed,
            settlement.SettlementSettled,
        ),
    ),
    Consumer(
        durable="notify-charges",
        stream="SETTLEMENT",
        listener="notify",
        events=(settlement.ChargeNoticeDue, settlement.Disputed),
    ),
    Consumer(
        durable="settlement-chargers",
        stream="CHARGES",
        listener="settlement",
        events=(settlement.ChargeDue,),
        ack_pending_max=1_000,
    ),
)


def consumer(durable: str) -> Consumer:
    """Return the consumer with that name; a wrong name is a bug."""
    return next(each for each in CONSUMERS if each.durable == durable)


def heard_by(service: str) -> tuple[Consumer, ...]:
    """Return the durables of a service."""
    return tuple(each for each in CONSUMERS if each.listener == service)


def owned_by(service: str) -> tuple[Stream, ...]:
    """Return the streams a service makes and alone publishes to."""
    return tuple(stream for stream in STREAMS if stream.owner == service)


def hearing(streams: tuple[Stream, ...]) -> tuple[Consumer, ...]:
    """Return everybody who hears one of `streams`."""
    names = {stream.name for stream in streams}
    return tuple(consumer for consumer in CONSUMERS if consumer.stream in names)

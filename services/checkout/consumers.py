"""What checkout hears, and who deals with it."""

from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from contracts.events.pledges import (
    CampaignClosed,
    LinksRenewed,
    OrdersMissed,
    PledgeCancelled,
    PledgeCreated,
    PledgeErased,
    PledgeModified,
    PledgeRefused,
    PledgesCharged,
    PledgesLost,
    PledgesReleased,
    RevisionAbandoned,
    TotalsChanged,
)
from contracts.events.settlement import DeadlinePassed, SettlementSettled
from contracts.streams import consumer
from services.chassis.events.bell import Bell
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Connection
from services.checkout.handlers.forget_person import hear_erased
from services.checkout.handlers.hear_links import hear_links
from services.checkout.handlers.hear_pledges import (
    hear_cancelled,
    hear_charged,
    hear_closed,
    hear_created,
    hear_lost,
    hear_many_charged,
    hear_many_created,
    hear_missed,
    hear_refused,
    hear_released,
    hear_settled,
    hear_totals,
)
from services.checkout.handlers.hear_revisions import hear_abandoned, hear_modified
from services.checkout.handlers.keep_definitions import (
    hear_cancelled_campaign,
    keep_campaign,
    keep_platform,
)


def listeners(drain: Bell) -> list[Listener]:
    """Return every durable consumer of this service with its handlers."""

    async def hear_deadline(_: Connection, __: DeadlinePassed) -> None:
        # Our own clock decides; this only saves up to a second of waiting.
        drain.ring()

    return [
        Listener(
            consumer("checkout-definitions"),
            {
                CampaignPublished: keep_campaign,
                PlatformPublished: keep_platform,
                CampaignCancelled: hear_cancelled_campaign,
            },
        ),
        Listener(
            consumer("checkout-pledges"),
            {
                PledgeCreated: hear_created,
                PledgeModified: hear_modified,
                RevisionAbandoned: hear_abandoned,
                PledgeCancelled: hear_cancelled,
                PledgeErased: hear_erased,
                PledgeRefused: hear_refused,
                PledgesReleased: hear_released,
                PledgesCharged: hear_charged,
                PledgesLost: hear_lost,
                CampaignClosed: hear_closed,
                TotalsChanged: hear_totals,
                OrdersMissed: hear_missed,
                LinksRenewed: hear_links,
            },
            together={PledgeCreated: hear_many_created, PledgesCharged: hear_many_charged},
        ),
        Listener(
            consumer("checkout-calendar"),
            {DeadlinePassed: hear_deadline, SettlementSettled: hear_settled},
        ),
    ]

"""What notify hears, and who handles it."""

from contracts.events.campaigns import CampaignPublished, PlatformPublished
from contracts.events.checkout import CardNoticeDue, CheckoutRefused
from contracts.events.pledges import (
    LinksRenewed,
    PledgeCancelled,
    PledgeCreated,
    PledgeErased,
    PledgeModified,
    PledgeRefused,
    PledgesCharged,
    PledgesChargeFailed,
    PledgesLost,
    PledgesRecoveryReminded,
    PledgesRefunded,
    PledgesReleased,
)
from contracts.events.settlement import ChargeNoticeDue
from contracts.streams import consumer
from services.chassis.inbox import Listener
from services.notify import handlers
from services.notify.handlers import forgetting, keep_definitions, money_mails, pledge_mails


def listeners() -> list[Listener]:
    """Return every durable consumer of notify with its handlers."""
    return [
        Listener(
            consumer("notify-definitions"),
            {
                CampaignPublished: keep_definitions.remember_campaign,
                PlatformPublished: keep_definitions.remember_platform,
            },
        ),
        Listener(
            consumer("notify-mails"),
            {
                PledgeCreated: handlers.confirm_pledge,
                PledgeModified: pledge_mails.confirm_change,
                LinksRenewed: pledge_mails.send_links,
                PledgeCancelled: handlers.confirm_cancellation,
                PledgeErased: forgetting.forget_person,
                PledgeRefused: handlers.explain_late_pledge,
                PledgesReleased: handlers.report_release,
                PledgesCharged: handlers.confirm_payment,
                PledgesChargeFailed: handlers.report_declined_charge,
                PledgesRecoveryReminded: handlers.remind_of_payment,
                PledgesLost: handlers.report_loss,
                PledgesRefunded: money_mails.report_refund,
            },
            together={
                PledgeCreated: handlers.confirm_pledges,
                PledgesCharged: handlers.confirm_payments,
            },
        ),
        Listener(
            consumer("notify-charges"),
            {ChargeNoticeDue: money_mails.give_notice},
            together={ChargeNoticeDue: money_mails.give_notices},
        ),
        Listener(
            consumer("notify-orders"),
            {
                CheckoutRefused: handlers.explain_refused_order,
                CardNoticeDue: handlers.warn_about_card,
            },
        ),
    ]

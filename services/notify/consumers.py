"""What notify hears, and who handles it."""

from contracts.events.admin import PreviewShared, RunnerChanged, SignInAsked
from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
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
    TotalsChanged,
)
from contracts.events.settlement import ChargeNoticeDue, Disputed
from contracts.streams import consumer
from services.chassis.events.inbox import Listener
from services.notify.handlers import (
    card_mails,
    forgetting,
    hear_disputes,
    keep_definitions,
    make_news,
    payment_mails,
    pledge_mails,
    preview_mails,
    refusal_mails,
    sign_in_mails,
)

# A milestone is told of within the second; its totals come with every pledge.
GATHER_SECONDS = 0.5


def listeners() -> list[Listener]:
    """Return every durable consumer of notify with its handlers."""
    return [
        Listener(
            consumer("notify-definitions"),
            {
                CampaignPublished: keep_definitions.keep_campaign,
                PlatformPublished: keep_definitions.keep_platform,
                CampaignCancelled: keep_definitions.hear_cancelled_campaign,
            },
        ),
        _of_pledges(),
        Listener(
            consumer("notify-admin"),
            {
                SignInAsked: sign_in_mails.send_sign_in,
                PreviewShared: preview_mails.send_preview,
                RunnerChanged: keep_definitions.keep_runner,
            },
        ),
        Listener(
            consumer("notify-totals"),
            {TotalsChanged: make_news.hear_totals},
            together={TotalsChanged: make_news.hear_many_totals},
            gather_seconds=GATHER_SECONDS,
        ),
        Listener(
            consumer("notify-charges"),
            {
                ChargeNoticeDue: payment_mails.give_notice,
                Disputed: hear_disputes.tell_operator,
            },
            together={ChargeNoticeDue: payment_mails.give_notices},
        ),
        Listener(
            consumer("notify-orders"),
            {
                CheckoutRefused: refusal_mails.explain_refused_order,
                CardNoticeDue: card_mails.warn_about_card,
            },
        ),
    ]


def _of_pledges() -> Listener:
    return Listener(
        consumer("notify-mails"),
        {
            PledgeCreated: pledge_mails.confirm_pledge,
            PledgeModified: pledge_mails.confirm_change,
            LinksRenewed: pledge_mails.send_links,
            PledgeCancelled: pledge_mails.confirm_cancellation,
            PledgeErased: forgetting.forget_person,
            PledgeRefused: refusal_mails.explain_late_pledge,
            PledgesReleased: pledge_mails.report_release,
            PledgesCharged: payment_mails.confirm_payment,
            PledgesChargeFailed: payment_mails.report_declined_charge,
            PledgesRecoveryReminded: payment_mails.remind_of_payment,
            PledgesLost: payment_mails.report_loss,
            PledgesRefunded: payment_mails.report_refund,
        },
        together={
            PledgeCreated: pledge_mails.confirm_pledges,
            PledgesCharged: payment_mails.confirm_payments,
        },
    )

"""What the ledger hears, and who acts on it."""

from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from contracts.events.checkout import CardSaved, CheckoutCompleted, CheckoutDrained
from contracts.events.settlement import (
    ChargeDeclined,
    ChargeLost,
    ChargeSucceeded,
    DeadlinePassed,
    Disputed,
    FeesKnown,
    RecoveryReminderDue,
    Refunded,
)
from contracts.streams import consumer
from services.chassis.events.inbox import Listener
from services.pledges.handlers.apply_orders import apply_order, apply_orders
from services.pledges.handlers.change_card import change_card
from services.pledges.handlers.end_early import end_early
from services.pledges.handlers.hear_the_end import hear_deadline, hear_drained
from services.pledges.handlers.keep_definitions import keep_campaign, keep_platform
from services.pledges.handlers.record_charge import pass_reminder_on, record_decline, record_loss
from services.pledges.handlers.record_money import record_dispute, record_refund
from services.pledges.handlers.record_payments import record_fees, record_payments, record_success


def listeners() -> list[Listener]:
    """Return the ledger's consumers."""
    return [
        Listener(
            consumer("pledges-definitions"),
            {
                CampaignPublished: keep_campaign,
                PlatformPublished: keep_platform,
                CampaignCancelled: end_early,
            },
        ),
        Listener(
            consumer("pledges-orders"),
            {
                CheckoutCompleted: apply_order,
                CheckoutDrained: hear_drained,
                CardSaved: change_card,
            },
            together={CheckoutCompleted: apply_orders},
        ),
        Listener(
            consumer("pledges-charges"),
            {
                DeadlinePassed: hear_deadline,
                ChargeSucceeded: record_success,
                ChargeDeclined: record_decline,
                ChargeLost: record_loss,
                RecoveryReminderDue: pass_reminder_on,
                FeesKnown: record_fees,
                Refunded: record_refund,
                Disputed: record_dispute,
            },
            together={ChargeSucceeded: record_payments, FeesKnown: record_payments},
            # Charges succeed one by one: what half a second brings is written together.
            gather_seconds=0.5,
        ),
    ]

"""One real message of every event, and the golden bytes it once became.

`python -m tests.contracts.samples` writes the golden file of an event that has none. A
file that exists is never written again: it is what yesterday's services said.
"""

from pathlib import Path

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.events import admin, campaigns, checkout, pledges, settlement
from contracts.events.base import Event
from contracts.money import Cents
from contracts.pricing import Address, PricedPledge
from contracts.recovery import Recovery
from contracts.subjects import tag
from tests.contracts.facts import (
    AT,
    CARD,
    CHARGE,
    DEADLINE,
    DEFINITION,
    EMAIL,
    LINES,
    NOTICE,
    ORDER,
    PLEDGE,
    PRICE,
    SLUG,
    STARTS,
    SUPPORTER,
    a_snapshot,
    an_id,
)

RECOVERY = Recovery(
    ends_at=DEADLINE, because="funds", next_attempt_at=AT, needs_authentication=False
)

GOLDEN = Path(__file__).parent / "golden"

SAMPLES: tuple[Event, ...] = (
    campaigns.CampaignPublished(event_id=an_id(1), occurred_at=AT, definition=DEFINITION),
    campaigns.PlatformPublished(
        event_id=an_id(2), occurred_at=AT, definition=PlatformDefinition(version=2)
    ),
    checkout.CheckoutCompleted(
        event_id=an_id(3),
        occurred_at=AT,
        order_id=ORDER,
        supporter_id=SUPPORTER,
        email=EMAIL,
        language="es",
        pledges=(
            PricedPledge(
                pledge_id=PLEDGE, campaign=SLUG, definition_version=3, lines=LINES, price=PRICE
            ),
        ),
        card=CARD,
        completed_at=AT,
        consent=checkout.Consent(version="2026-01", language="es", given_at=AT),
        attribution=checkout.Attribution(ref="poster", utm_source="newsletter"),
        shipping_address=Address(
            name="Zoë Ortega",
            address1="123 Main St",
            city="Albuquerque",
            province="NM",
            postal_code="87101",
            country="US",
        ),
    ),
    checkout.CheckoutRefused(
        event_id=an_id(4),
        occurred_at=AT,
        order_id=ORDER,
        email=EMAIL,
        language="es",
        campaign=SLUG,
        reason="sold_out",
    ),
    checkout.CheckoutDrained(
        event_id=an_id(5),
        occurred_at=DEADLINE,
        campaign=SLUG,
        order_count=0,
        order_hash="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    checkout.StockChanged(
        event_id=an_id(6),
        occurred_at=AT,
        campaign=SLUG,
        version=17,
        tiers={"producer-credit": checkout.StockLevel(limit_total=40, claimed=2, reserved=1)},
    ),
    checkout.AddOnStockChanged(
        event_id=an_id(21),
        occurred_at=AT,
        version=5,
        add_ons={
            "tote-bag__variant__black": checkout.StockLevel(limit_total=10, claimed=3, reserved=1)
        },
    ),
    checkout.CardSaved(
        event_id=an_id(21),
        occurred_at=AT,
        order_id=ORDER,
        pledge_id=PLEDGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        card=CARD,
        saved_at=AT,
    ),
    checkout.CardNoticeDue(
        event_id=an_id(22),
        occurred_at=AT,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        email=EMAIL,
        language="es",
        pledge_ids=(PLEDGE,),
        card=CARD,
        deadline_at=DEADLINE,
        needed_until=DEADLINE,
        days_left=7,
    ),
    checkout.StripeEventReceived(
        event_id=an_id(23),
        occurred_at=AT,
        stripe_event_id="evt_1SpXqB2K8aQf3ZrTy8dQhRt4",
        stripe_type="charge.updated",
        created_at=AT,
        object_id="ch_3SpXq9K8aQf3ZrTy1k8WvTqN",
        object={"id": "ch_3SpXq9K8aQf3ZrTy1k8WvTqN", "object": "charge", "amount": 5_944},
    ),
    pledges.PledgeCreated(event_id=an_id(7), occurred_at=AT, pledge=a_snapshot("active", 1)),
    pledges.PledgeCancelled(event_id=an_id(8), occurred_at=AT, pledge=a_snapshot("cancelled", 2)),
    pledges.PledgeCardChanged(event_id=an_id(24), occurred_at=AT, pledge=a_snapshot("active", 2)),
    pledges.PledgeModified(
        event_id=an_id(22),
        occurred_at=AT,
        pledge=a_snapshot("active", 2),
        proposal=1,
        previous=PRICE,
    ),
    pledges.RevisionAbandoned(
        event_id=an_id(23),
        occurred_at=AT,
        pledge_id=PLEDGE,
        order_id=ORDER,
        campaign=SLUG,
        revision=2,
        proposal=1,
        reason="timed_out",
    ),
    pledges.PledgeErased(
        event_id=an_id(99),
        occurred_at=AT,
        pledge_id=PLEDGE,
        order_id=ORDER,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        email=EMAIL,
    ),
    pledges.LinksRenewed(
        event_id=an_id(61),
        occurred_at=AT,
        supporter_id=SUPPORTER,
        generation=2,
        email=EMAIL,
        language="es",
        pledges=(
            pledges.LinkedPledge(
                pledge_id=PLEDGE, campaign=SLUG, title="Hand Relations", deadline_at=DEADLINE
            ),
        ),
    ),
    pledges.PledgeRefused(
        event_id=an_id(9),
        occurred_at=AT,
        pledge_id=PLEDGE,
        order_id=ORDER,
        campaign=SLUG,
        email=EMAIL,
        language="es",
        lines=LINES,
    ),
    pledges.CampaignClosed(
        event_id=an_id(10),
        occurred_at=DEADLINE,
        campaign=SLUG,
        is_funded=True,
        pledged_cents=Cents(2_504_000),
        pledge_count=626,
        goal_cents=Cents(2_500_000),
        closed_at=DEADLINE,
    ),
    pledges.OrdersMissed(
        event_id=an_id(99),
        occurred_at=DEADLINE,
        campaign=SLUG,
        applied_count=625,
        applied_hash="5f" * 32,
    ),
    pledges.ChargeRequested(
        event_id=an_id(11),
        occurred_at=DEADLINE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        pledge_ids=(PLEDGE,),
        amount_cents=Cents(5_944),
        card=CARD,
        card_saved_at=STARTS,
    ),
    pledges.PledgesReleased(event_id=an_id(12), occurred_at=DEADLINE, campaign=SLUG, notice=NOTICE),
    pledges.PledgesCharged(
        event_id=an_id(13), occurred_at=DEADLINE, campaign=SLUG, notice=NOTICE, charged_at=DEADLINE
    ),
    pledges.PledgesChargeFailed(
        event_id=an_id(14),
        occurred_at=DEADLINE,
        campaign=SLUG,
        notice=NOTICE,
        failed_at=DEADLINE,
        decline_code="insufficient_funds",
    ),
    pledges.TotalsChanged(
        event_id=an_id(15),
        occurred_at=AT,
        campaign=SLUG,
        version=41,
        pledged_cents=Cents(4_000),
        pledge_count=1,
        tier_counts={"producer-credit": 2},
        support_item_cents={"location-scouting": Cents(1_000)},
        supporter_count=1,
    ),
    settlement.CampaignWentLive(
        event_id=an_id(16), occurred_at=STARTS, campaign=SLUG, starts_at=STARTS
    ),
    settlement.DeadlinePassed(
        event_id=an_id(17), occurred_at=DEADLINE, campaign=SLUG, deadline_at=DEADLINE
    ),
    settlement.ChargeDue(event_id=an_id(18), occurred_at=DEADLINE, charge_id=CHARGE, campaign=SLUG),
    settlement.ChargeSucceeded(
        event_id=an_id(19),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        amount_cents=Cents(5_944),
        payment_intent_id="pi_3SpXq9K8aQf3ZrTy1xM0pLwd",
        stripe_charge_id="ch_3SpXq9K8aQf3ZrTy1k8WvTqN",
        succeeded_at=DEADLINE,
    ),
    settlement.ChargeDeclined(
        event_id=an_id(20),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        amount_cents=Cents(5_944),
        payment_intent_id="pi_3SpXq9K8aQf3ZrTy1xM0pLwd",
        attempt=1,
        code="card_declined",
        decline_code="insufficient_funds",
        needs_authentication=False,
        declined_at=DEADLINE,
    ),
    settlement.RecoveryReminderDue(
        event_id=an_id(40),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        recovery=RECOVERY,
        number=1,
        is_last_day=False,
    ),
    settlement.ChargeLost(
        event_id=an_id(41),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        amount_cents=Cents(5_944),
        because="window_ended",
        lost_at=DEADLINE,
    ),
    settlement.SettlementSettled(
        event_id=an_id(42),
        occurred_at=DEADLINE,
        campaign=SLUG,
        certificate=settlement.Certificate(
            planned=settlement.Share(supporters=2, cents=Cents(11_888)),
            succeeded=settlement.Share(supporters=1, cents=Cents(5_944)),
            failed=settlement.Share(),
            unknown=settlement.Share(),
            lost=settlement.Share(supporters=1, cents=Cents(5_944)),
            stripe=settlement.StripeSums(
                known=settlement.Share(supporters=1, cents=Cents(5_944)),
                duplicates=0,
                agrees=True,
            ),
            adds_up=True,
        ),
        settled_at=DEADLINE,
    ),
    pledges.PledgesRecoveryReminded(
        event_id=an_id(43),
        occurred_at=DEADLINE,
        campaign=SLUG,
        notice=NOTICE,
        recovery=RECOVERY,
        number=1,
        is_last_day=False,
    ),
    pledges.PledgesLost(
        event_id=an_id(44), occurred_at=DEADLINE, campaign=SLUG, notice=NOTICE, lost_at=DEADLINE
    ),
    pledges.PledgesRefunded(
        event_id=an_id(45),
        occurred_at=DEADLINE,
        campaign=SLUG,
        notice=NOTICE,
        refund_id="rf_019bc1a47d107c0e8e0f6b5a",
        state="returned",
        amount_cents=Cents(1_000),
        returned_cents=Cents(3_000),
        refunded_at=DEADLINE,
    ),
    campaigns.CampaignCancelled(event_id=an_id(46), occurred_at=AT, campaign=SLUG, cancelled_at=AT),
    settlement.FeesKnown(
        event_id=an_id(47),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        stripe_charge_id="ch_3SpXq9K8aQf3ZrTy1k8WvTqN",
        balance_transaction_id="txn_3SpXq9K8aQf3ZrTy1fWq0Lm2",
        gross_cents=Cents(5_944),
        fee_cents=Cents(202),
        net_cents=Cents(5_742),
        currency="usd",
        available_at=DEADLINE,
    ),
    settlement.Refunded(
        event_id=an_id(48),
        occurred_at=DEADLINE,
        refund_id="rf_019bc1a47d107c0e8e0f6b5a",
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        state="returned",
        amount_cents=Cents(1_000),
        currency="usd",
        pledge_id=PLEDGE,
        refunded_at=DEADLINE,
    ),
    settlement.Disputed(
        event_id=an_id(49),
        occurred_at=DEADLINE,
        dispute_id="du_1SpXrT2K8aQf3ZrTyPq7nVx0",
        version=1,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        kind="dispute",
        status="needs_response",
        reason="fraudulent",
        amount_cents=Cents(5_944),
        withdrawn_cents=Cents(5_944),
        dispute_fee_cents=Cents(1_500),
        currency="usd",
        evidence_due_at=DEADLINE,
        updated_at=DEADLINE,
    ),
    settlement.ChargeNoticeDue(
        event_id=an_id(50),
        occurred_at=AT,
        campaign=SLUG,
        moment="two_days",
        deadline_at=DEADLINE,
        notice=NOTICE,
        pledges=(settlement.NoticedPledge(pledge_id=PLEDGE, total_cents=Cents(5_944)),),
    ),
    admin.RunnerChanged(
        event_id=an_id(61),
        occurred_at=AT,
        user_id="01997f00-0000-7000-8000-000000000002",
        version=3,
        email="runner@film.example",
        language="es",
        campaigns=(SLUG,),
    ),
    admin.PreviewShared(
        event_id=an_id(62),
        occurred_at=AT,
        campaign=SLUG,
        title="The Long Take",
        email=EMAIL,
        language="es",
        shared_by="runner@film.example",
        token="nobody-looks-with-this",
        expires_at=AT,
    ),
    admin.SignInAsked(
        event_id=an_id(60),
        occurred_at=AT,
        email=EMAIL,
        language="es",
        token="nobody-signs-in-with-this",
        expires_at=AT,
        is_invitation=True,
    ),
)


def golden_file(event_type: type[Event]) -> Path:
    """Return where an event's golden bytes are."""
    return GOLDEN / f"{tag(event_type)}.json"


def write_missing() -> list[str]:
    """Write the golden bytes of samples that have none; return which."""
    written: list[str] = []
    for sample in SAMPLES:
        path = golden_file(type(sample))
        if not path.exists():
            path.write_bytes(msgspec.json.encode(sample) + b"\n")
            written.append(path.name)
    return written


if __name__ == "__main__":
    write_missing()

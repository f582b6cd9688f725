"""A failed payment ends paid or lost; support after the end stands beside the final count."""

from datetime import timedelta

import msgspec
import pytest

from contracts.events.pledges import (
    ChargeRequested,
    PledgeCardChanged,
    PledgeRefused,
    PledgesCharged,
    PledgesChargeFailed,
    PledgesLost,
    PledgesRecoveryReminded,
)
from contracts.recovery import Recovery
from services.pledges.domain import paying, pledging
from tests.pledges.builders import (
    AMOUNT,
    DEADLINE,
    NOW,
    SUBTOTAL,
    a_pledge,
    an_order,
    card_saved,
    declined,
    first_pledge,
    late,
    lost,
    paid,
    reminder,
)
from tests.pledges.ledger import Ledger

EMAIL = "noor@halfmoon.example"
RECOVERY = Recovery(ends_at=NOW + timedelta(days=7), because="funds", next_attempt_at=NOW)


async def declined_at_the_close(ledger: Ledger) -> str:
    """Return the pledge of a funded campaign whose bank said no."""
    await ledger.open(goal_cents=SUBTOTAL)
    order = an_order(email=EMAIL)
    await ledger.hear(order)
    await ledger.end([order])
    await ledger.hear(msgspec.structs.replace(declined(EMAIL), recovery=RECOVERY))
    return first_pledge(order)


async def test_a_decline_is_told_with_its_recovery_and_a_payment_ends_it(ledger: Ledger) -> None:
    pledge_id = await declined_at_the_close(ledger)
    failed = await ledger.pledge(pledge_id)
    (told,) = await ledger.told(PledgesChargeFailed)
    await ledger.hear(paid(EMAIL))

    assert failed.recovery == told.recovery == RECOVERY
    assert (await ledger.pledge(pledge_id)).recovery is None


async def test_what_is_lost_is_told_once_and_was_pledged_all_the_same(ledger: Ledger) -> None:
    pledge_id = await declined_at_the_close(ledger)

    await ledger.hear(lost(EMAIL), lost(EMAIL))

    stats = await ledger.stats()
    assert len(await ledger.told(PledgesLost)) == 1
    assert (stats.recovering_amount, stats.lost_amount) == (0, SUBTOTAL)
    assert stats.pledged_amount == SUBTOTAL
    pledge = await ledger.pledge(pledge_id)
    assert (pledge.status, pledge.recovery) == ("payment_failed", None)
    assert pledge.lost_at == NOW
    await ledger.assert_in_sync()


async def test_what_is_lost_takes_no_card_no_decline_and_no_money(ledger: Ledger) -> None:
    pledge_id = await declined_at_the_close(ledger)
    await ledger.hear(lost(EMAIL))
    before = await ledger.pledge(pledge_id)
    order = an_order(email=EMAIL, order_id=before.order_id)

    await ledger.hear(declined(EMAIL, attempt=2), card_saved(order, "5556"))
    with pytest.raises(pledging.LedgerFault, match="lost"):
        await ledger.hear(paid(EMAIL))

    assert await ledger.pledge(pledge_id) == before
    assert await ledger.told(PledgeCardChanged) == []


def test_a_pledge_that_was_never_declined_cannot_be_lost() -> None:
    for status in ("active", "charged", "cancelled"):
        with pytest.raises(pledging.LedgerFault):
            paying.lose(a_pledge(status=status), lost("x@y.example"), now=NOW)


async def test_reminders_go_to_who_still_owes_and_to_nobody_else(ledger: Ledger) -> None:
    await declined_at_the_close(ledger)
    await ledger.hear(reminder(EMAIL))
    await ledger.hear(paid(EMAIL))
    await ledger.hear(reminder(EMAIL, 2))

    (told,) = await ledger.told(PledgesRecoveryReminded)
    assert (told.number, told.notice.total_cents) == (1, AMOUNT)


async def test_late_support_is_charged_alone_and_never_in_the_final_count(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    first = an_order(email=EMAIL)
    await ledger.hear(first)
    await ledger.end([first])
    await ledger.hear(paid(EMAIL))
    before = await ledger.stats()
    after = late(an_order(email=EMAIL, completed_at=DEADLINE + timedelta(days=1)))

    await ledger.hear(after, after)
    await ledger.tick()

    _, request = await ledger.told(ChargeRequested)
    assert request.purpose == f"late:{after.order_id}"
    assert (request.pledge_ids, request.amount_cents) == ((first_pledge(after),), AMOUNT)
    assert (await ledger.stats()).late_support_amount == 0
    charge = msgspec.structs.replace(paid(EMAIL, charge="ch_2"), purpose=request.purpose)
    await ledger.hear(charge)

    stats = await ledger.stats()
    assert stats.late_support_amount == SUBTOTAL
    same = ("pledged_amount", "pledge_count", "supporter_count", "collected_amount", "tier_counts")
    assert all(getattr(stats, name) == getattr(before, name) for name in same)
    assert len(await ledger.told(PledgesCharged)) == 2
    await ledger.assert_in_sync()


async def test_late_support_of_a_campaign_that_was_not_funded_is_refused(ledger: Ledger) -> None:
    await ledger.open(goal_cents=10 * SUBTOTAL)
    first = an_order()
    await ledger.hear(first)
    await ledger.end([first])

    await ledger.hear(late(an_order(completed_at=DEADLINE + timedelta(days=1))))

    (refused,) = await ledger.told(PledgeRefused)
    assert refused.reason == "closed"
    await ledger.assert_in_sync()

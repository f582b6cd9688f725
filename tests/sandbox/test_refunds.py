"""Refunds: in parts, never more than was paid, and some of them late."""

import pytest
import stripe

from tests.sandbox.conftest import Sandbox, eventually, paid


async def test_money_goes_back_in_parts_until_nothing_is_left(sandbox: Sandbox) -> None:
    intent = await paid(sandbox)
    refunds = sandbox.v1.refunds
    first = await refunds.create_async({"payment_intent": intent.id, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await refunds.create_async({"payment_intent": intent.id, "amount": 601})
    rest = await refunds.create_async({"charge": intent.latest_charge})
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded") as over:
        await refunds.create_async({"payment_intent": intent.id})
    charge = await sandbox.v1.charges.retrieve_async(intent.latest_charge)
    listed = await refunds.list_async({"payment_intent": intent.id})

    assert (first.amount, first.status, rest.amount) == (400, "succeeded", 600)
    assert over.value.code == "charge_already_refunded"
    assert (charge.amount_refunded, charge.refunded) == (1_000, True)
    assert [refund.id for refund in listed.data] == [rest.id, first.id]
    transaction = await sandbox.v1.balance_transactions.retrieve_async(rest.balance_transaction)
    assert (transaction.amount, transaction.fee) == (-600, 0)


async def test_some_refunds_succeed_later(sandbox: Sandbox) -> None:
    intent = await paid(sandbox, "4000000000007726")
    refund = await sandbox.v1.refunds.create_async({"payment_intent": intent.id})
    await eventually(
        lambda: sandbox.v1.refunds.retrieve_async(refund.id),
        lambda refund: refund.status == "succeeded",
    )

    assert refund.status == "pending"
    assert (await sandbox.event_types())[-1] == "refund.updated"


async def test_some_refunds_fail_later_and_the_money_is_there_again(sandbox: Sandbox) -> None:
    intent = await paid(sandbox, "4000000000005126")
    refund = await sandbox.v1.refunds.create_async({"payment_intent": intent.id})
    failed = await eventually(
        lambda: sandbox.v1.refunds.retrieve_async(refund.id),
        lambda refund: refund.status == "failed",
    )
    charge = await sandbox.v1.charges.retrieve_async(intent.latest_charge)

    assert refund.status == "succeeded"
    assert failed.failure_reason == "expired_or_canceled_card"
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert (await sandbox.event_types())[-1] == "refund.failed"

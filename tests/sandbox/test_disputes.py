"""Disputes and fraud warnings, as banks bring them and as the SDK reads them."""

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Sandbox, eventually, paid


async def disputed(sandbox: Sandbox, **how: Any) -> Any:
    intent = await paid(sandbox)
    answer = await sandbox.post(f"/sandbox/payment-intents/{intent.id}/dispute", json=how)
    assert answer.status == 200, answer.text
    return await sandbox.v1.disputes.retrieve_async(answer.json["id"])


def moved(dispute: Any) -> list[tuple[int, int]]:
    return [(each.amount, each.fee) for each in dispute.balance_transactions]


@pytest.mark.parametrize(
    ("number", "reason", "status", "money"),
    [
        ("4000000000000259", "fraudulent", "needs_response", [(-1_000, 1_500)]),
        ("4000000000002685", "product_not_received", "needs_response", [(-1_000, 1_500)]),
        ("4000000000001976", "general", "warning_needs_response", []),
    ],
)
async def test_the_published_cards_are_disputed(
    sandbox: Sandbox, number: str, reason: str, status: str, money: list[tuple[int, int]]
) -> None:
    intent = await paid(sandbox, number)

    page = await eventually(
        lambda: sandbox.v1.disputes.list_async({"payment_intent": intent.id}),
        lambda page: page.data,
    )

    (dispute,) = page.data
    assert (dispute.amount, dispute.reason, dispute.status) == (1_000, reason, status)
    assert moved(dispute) == money
    charge = await sandbox.v1.charges.retrieve_async(intent.latest_charge)
    assert charge.disputed


async def test_a_card_may_be_warned_of_without_a_dispute(sandbox: Sandbox) -> None:
    intent = await paid(sandbox, "4000000000005423")

    page = await eventually(
        lambda: sandbox.v1.radar.early_fraud_warnings.list_async({"charge": intent.latest_charge}),
        lambda page: page.data,
    )

    (warning,) = page.data
    assert (warning.actionable, warning.payment_intent) == (True, intent.id)
    assert (await sandbox.event_types())[-1] == "radar.early_fraud_warning.created"


@pytest.mark.parametrize(
    ("words", "status", "money", "last"),
    [
        (
            "winning_evidence",
            "won",
            [(-1_000, 1_500), (1_000, -1_500)],
            "charge.dispute.funds_reinstated",
        ),
        ("losing_evidence", "lost", [(-1_000, 1_500)], "charge.dispute.closed"),
    ],
)
async def test_evidence_with_the_published_words_decides(
    sandbox: Sandbox, words: str, status: str, money: list[tuple[int, int]], last: str
) -> None:
    dispute = await disputed(sandbox)

    decided = await sandbox.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": words}}
    )

    assert (decided.status, moved(decided)) == (status, money)
    assert (await sandbox.event_types())[-1] == last
    with pytest.raises(stripe.InvalidRequestError, match="over"):
        await sandbox.v1.disputes.update_async(dispute.id, {"evidence": {}})


async def test_money_the_bank_has_taken_back_cannot_be_refunded(sandbox: Sandbox) -> None:
    dispute = await disputed(sandbox)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.v1.refunds.create_async({"charge": dispute.charge})

    assert refused.value.code == "charge_disputed"


async def test_an_inquiry_withdraws_nothing_until_it_becomes_a_dispute(sandbox: Sandbox) -> None:
    inquiry = await disputed(sandbox, inquiry=True)
    assert (inquiry.is_charge_refundable, moved(inquiry)) == (True, [])

    path = f"/sandbox/disputes/{inquiry.id}/decide"
    answer = await sandbox.post(path, json={"outcome": "escalated"})

    dispute = await sandbox.v1.disputes.retrieve_async(inquiry.id)
    assert (answer.status, dispute.status) == (200, "needs_response")
    assert moved(dispute) == [(-1_000, 1_500)]


async def test_what_was_accepted_is_lost(sandbox: Sandbox) -> None:
    dispute = await disputed(sandbox, reason="product_unacceptable")

    closed = await sandbox.v1.disputes.close_async(dispute.id)

    assert (closed.reason, closed.status) == ("product_unacceptable", "lost")


async def test_nonsense_is_refused(sandbox: Sandbox) -> None:
    intent = await paid(sandbox)
    path = f"/sandbox/payment-intents/{intent.id}"

    answers = [
        await sandbox.post(f"{path}/dispute", json={"reason": "boredom"}),
        await sandbox.post(f"{path}/dispute", json={"inquiry": "yes"}),
        await sandbox.post(f"{path}/fraud-warning", json={"fraud_type": "boredom"}),
        await sandbox.post("/sandbox/disputes/du_unknown/decide", json={"outcome": "won"}),
    ]

    assert [answer.status for answer in answers] == [400, 400, 400, 404]

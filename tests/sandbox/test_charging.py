"""Charging a saved card while nobody is there, and with the person there."""

from typing import Any

import pytest
import stripe

from deploy.sandbox.stripe_api.charges import fee_cents
from tests.sandbox.conftest import Sandbox, eventually


async def declined(sandbox: Sandbox, number: str, **params: Any) -> stripe.CardError:
    """Charge a card that will not be charged; return the error."""
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, number)
    intent = await sandbox.intent(customer)
    with pytest.raises(stripe.CardError) as refused:
        await sandbox.confirm(intent, card, **params)
    return refused.value


async def test_create_then_confirm_charges_once_and_the_fee_comes_later(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer, 5_944, metadata={"campaign": "hand-relations"})
    paid = await sandbox.confirm(intent, card, expand=["latest_charge.balance_transaction"])
    charge = await eventually(
        lambda: sandbox.v1.charges.retrieve_async(
            paid.latest_charge.id, {"expand": ["balance_transaction"]}
        ),
        lambda charge: charge.balance_transaction is not None,
    )

    assert (intent.status, paid.status) == ("requires_payment_method", "succeeded")
    assert paid.capture_method == "automatic_async"
    assert paid.latest_charge.balance_transaction is None
    assert charge.metadata.campaign == "hand-relations"
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (202, 5_742)
    assert (await sandbox.event_types())[-4:] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
    ]
    events = await sandbox.v1.events.list_async({"types": ["charge.succeeded", "charge.updated"]})
    updated, succeeded = events.data
    assert succeeded.data.object.balance_transaction is None
    assert updated.data.object.balance_transaction == charge.balance_transaction.id


async def test_capture_method_automatic_has_its_fee_at_once(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer, capture_method="automatic")

    paid = await sandbox.confirm(intent, card, expand=["latest_charge.balance_transaction"])

    assert paid.latest_charge.balance_transaction.fee == 202


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        pytest.param(50, 31, id="1.45 cents"),
        pytest.param(5_944, 202, id="172.376 cents"),
        pytest.param(500, 45, id="14.5 cents is rounded up"),
    ],
)
def test_the_fee_is_2_9_percent_and_30_cents(amount: int, fee: int) -> None:
    assert fee_cents(amount) == fee


async def test_confirm_at_creation_charges_too(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)

    paid = await sandbox.intent(customer, payment_method=card, confirm=True, off_session=True)

    assert (paid.status, paid.amount_received) == ("succeeded", 5_944)


@pytest.mark.parametrize(
    ("number", "code", "decline_code", "advice"),
    [
        ("4000000000000341", "card_declined", "generic_decline", "try_again_later"),
        ("4000008260003178", "card_declined", "insufficient_funds", "try_again_later"),
        ("4100000000000019", "card_declined", "fraudulent", "do_not_try_again"),
    ],
)
async def test_cards_that_are_saved_and_then_decline(
    sandbox: Sandbox, number: str, code: str, decline_code: str, advice: str
) -> None:
    error = await declined(sandbox, number)

    assert (error.http_status, error.code) == (402, code)
    assert error.error is not None
    assert (error.error.decline_code, error.error.advice_code) == (decline_code, advice)
    intent = error.error.payment_intent
    assert intent is not None
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    charge = await sandbox.v1.charges.retrieve_async(error.error.charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert (await sandbox.event_types())[-2:] == ["charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize("number", ["4000002760003184", "4000000000003220"])
async def test_a_bank_that_wants_the_person_declines_while_nobody_is_there(
    sandbox: Sandbox, number: str
) -> None:
    error = await declined(sandbox, number)

    assert (error.http_status, error.code) == (402, "authentication_required")
    assert error.error is not None
    assert error.error.decline_code == "authentication_required"
    assert error.error.payment_intent is not None
    assert error.error.payment_intent.status == "requires_payment_method"
    assert error.error.payment_intent.latest_charge is None


@pytest.mark.parametrize("number", ["4000002500003155", "4000003800000446"])
async def test_a_card_set_up_for_later_is_charged_without_the_person(
    sandbox: Sandbox, number: str
) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, number)

    paid = await sandbox.confirm(await sandbox.intent(customer), card)

    assert paid.status == "succeeded"


async def test_a_card_attached_without_being_set_up_needs_the_person(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.v1.payment_methods.attach_async(
        "pm_card_authenticationRequiredOnSetup", {"customer": customer}
    )

    with pytest.raises(stripe.CardError) as refused:
        await sandbox.confirm(await sandbox.intent(customer), card.id)

    assert refused.value.code == "authentication_required"


async def test_the_same_payment_intent_recovers_with_the_person_there(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000002760003184")
    intent = await sandbox.intent(customer)
    with pytest.raises(stripe.CardError):
        await sandbox.confirm(intent, card)

    waiting = await sandbox.confirm(intent, card, off_session=False)
    answer = await sandbox.post(
        f"/sandbox/payment-intents/{intent.id}/authenticate", {"succeed": True}
    )
    paid = await sandbox.v1.payment_intents.retrieve_async(intent.id)
    again = await sandbox.post(
        f"/sandbox/payment-intents/{intent.id}/authenticate", {"succeed": True}
    )

    assert (waiting.status, waiting.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert (answer.status, answer.json["status"]) == (200, "succeeded")
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert again.status == 409
    assert len((await sandbox.v1.charges.list_async({"payment_intent": intent.id})).data) == 1


async def test_failing_3d_secure_asks_for_another_card(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000002760003184")
    intent = await sandbox.intent(customer)
    waiting = await sandbox.confirm(
        intent, card, off_session=False, return_url="http://127.0.0.1/back"
    )
    answer = await sandbox.post(
        f"/sandbox/payment-intents/{intent.id}/authenticate", {"succeed": False}
    )

    assert waiting.next_action.redirect_to_url.url.startswith(f"{sandbox.base}/3ds/")
    assert answer.json["status"] == "requires_payment_method"
    assert answer.json["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert (await sandbox.event_types())[-1] == "payment_intent.payment_failed"


async def test_authentication_then_insufficient_funds(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000008260003178")
    intent = await sandbox.intent(customer)
    waiting = await sandbox.confirm(intent, card, off_session=False)

    answer = await sandbox.post(
        f"/sandbox/payment-intents/{intent.id}/authenticate", {"succeed": True}
    )

    assert waiting.status == "requires_action"
    assert answer.json["last_payment_error"]["decline_code"] == "insufficient_funds"


async def test_another_card_pays_the_same_payment_intent(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    bad = await sandbox.saved_card(customer, "4000000000000341")
    good = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer)
    with pytest.raises(stripe.CardError):
        await sandbox.confirm(intent, bad)

    paid = await sandbox.confirm(intent, good)

    assert (paid.id, paid.status) == (intent.id, "succeeded")


async def test_everything_that_was_ever_charged_is_listed(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000000000000341")
    await sandbox.v1.payment_intents.create_async(
        {
            "amount": 5_944,
            "currency": "usd",
            "customer": customer,
            "metadata": {"campaign": "tecolote"},
        },
        {"idempotency_key": "pi:1"},
    )
    newer = await sandbox.intent(customer, metadata={"campaign": "sunder"})
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            await sandbox.confirm(newer, card)

    listed = (await sandbox.get("/sandbox/payment-intents.json")).json
    of_one = (await sandbox.get("/sandbox/payment-intents.json?campaign=tecolote")).json

    assert listed[0]["id"] == newer.id
    assert [each["attempts"] for each in listed] == [2, 0]
    assert [each["idempotency_key"] for each in of_one] == ["pi:1"]
    assert {"amount", "currency", "customer", "status", "metadata", "created"} <= set(of_one[0])


async def test_payment_intents_can_be_changed_while_open_and_cancelled(sandbox: Sandbox) -> None:
    intent = await sandbox.intent(await sandbox.customer(), metadata={"a": "1", "b": "2"})

    changed = await sandbox.v1.payment_intents.update_async(
        intent.id, {"amount": 700, "metadata": {"a": "", "c": "3"}}
    )
    cancelled = await sandbox.v1.payment_intents.cancel_async(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        await sandbox.v1.payment_intents.update_async(intent.id, {"amount": 800})

    assert (changed.amount, changed.metadata.to_dict()) == (700, {"b": "2", "c": "3"})
    assert (cancelled.status, cancelled.canceled_at > 0) == ("canceled", True)

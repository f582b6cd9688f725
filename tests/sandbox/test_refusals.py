"""What Stripe refuses, the sandbox refuses, seen through the official SDK."""

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Sandbox, stripe_client


def carried(refusal: stripe.StripeError) -> Any:
    """Return the PaymentIntent that travels in the error."""
    assert refusal.error is not None
    return refusal.error.payment_intent


async def test_an_unknown_parameter_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.session(payment_method_types=["card"])

    assert refused.value.code == "parameter_unknown"
    assert refused.value.param == "payment_method_types"
    assert refused.value.http_status == 400
    assert "Did you mean allowed_payment_method_types?" in str(refused.value)


async def test_an_unknown_nested_parameter_is_named_by_its_path(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.session(setup_intent_data={"usage": "off_session"})

    assert refused.value.param == "setup_intent_data[usage]"


async def test_an_unknown_value_of_an_enumeration_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be one of") as refused:
        await sandbox.session(ui_mode="custom")

    assert refused.value.param == "ui_mode"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        pytest.param({"amount": "much"}, "amount", id="text for a number"),
        pytest.param({"amount": 0}, "amount", id="nothing to charge"),
        pytest.param({"amount": 49}, "amount", id="below the minimum"),
        pytest.param({"currency": "dollars"}, "currency", id="no currency"),
        pytest.param({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", id="long key"),
        pytest.param({"metadata": {"k": "v" * 501}}, "metadata[k]", id="long value"),
        pytest.param({"confirm": "perhaps"}, "confirm", id="not a boolean"),
    ],
)
async def test_values_are_checked_before_anything_happens(
    sandbox: Sandbox, params: dict[str, Any], param: str
) -> None:
    customer = await sandbox.customer()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.intent(customer, **params)

    assert refused.value.param == param
    assert (await sandbox.v1.payment_intents.list_async()).data == []


async def test_setup_mode_needs_a_currency_unless_the_methods_are_named(sandbox: Sandbox) -> None:
    params: Any = {"mode": "setup", "ui_mode": "elements", "return_url": "http://127.0.0.1/done"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.v1.checkout.sessions.create_async(params)
    named = await sandbox.v1.checkout.sessions.create_async(
        {**params, "allowed_payment_method_types": ["card"]}
    )

    assert refused.value.param == "currency"
    assert named.currency is None


@pytest.mark.parametrize("param", ["success_url", "cancel_url", "custom_text"])
async def test_the_element_refuses_what_belongs_to_the_hosted_page(
    sandbox: Sandbox, param: str
) -> None:
    value: object = {"submit": {"message": "x"}} if param == "custom_text" else "http://a.example"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.session(**{param: value})

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("seconds", "is_taken"),
    [(29 * 60, False), (30 * 60, True), (24 * 3600, True), (24 * 3600 + 60, False)],
)
async def test_a_session_lives_from_30_minutes_to_24_hours(
    sandbox: Sandbox, seconds: int, is_taken: bool
) -> None:
    now = (await sandbox.session()).created

    if is_taken:
        assert (await sandbox.session(expires_at=now + seconds)).expires_at == now + seconds
    else:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await sandbox.session(expires_at=now + seconds)
        assert refused.value.param == "expires_at"


async def test_a_card_of_another_customer_cannot_be_charged(sandbox: Sandbox) -> None:
    theirs = await sandbox.saved_card(await sandbox.customer("other@example.org"))
    intent = await sandbox.intent(await sandbox.customer())

    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer") as no:
        await sandbox.confirm(intent, theirs)

    assert no.value.param == "payment_method"
    assert carried(no.value).id == intent.id


async def test_a_customers_card_needs_the_customer_on_the_payment_intent(sandbox: Sandbox) -> None:
    card = await sandbox.saved_card(await sandbox.customer())
    intent = await sandbox.v1.payment_intents.create_async({"amount": 500, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        await sandbox.confirm(intent, card)


async def test_a_detached_card_can_never_be_charged_again(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    await sandbox.v1.payment_methods.detach_async(card)
    intent = await sandbox.intent(customer)

    with pytest.raises(stripe.InvalidRequestError, match="was detached") as refused:
        await sandbox.confirm(intent, card)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        await sandbox.v1.payment_methods.attach_async(card, {"customer": customer})
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        await sandbox.v1.payment_methods.detach_async(card)

    assert refused.value.code == "payment_method_unexpected_state"


async def test_a_payment_intent_succeeds_once(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer)
    await sandbox.confirm(intent, card)

    with pytest.raises(stripe.InvalidRequestError, match="already succeeded") as refused:
        await sandbox.confirm(intent, card)
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        await sandbox.v1.payment_intents.cancel_async(intent.id)

    assert refused.value.code == "payment_intent_unexpected_state"
    assert carried(refused.value).status == "succeeded"
    assert len((await sandbox.v1.charges.list_async()).data) == 1


async def test_a_cancelled_payment_intent_cannot_be_confirmed(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer)
    await sandbox.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})

    with pytest.raises(stripe.InvalidRequestError, match="status of canceled") as refused:
        await sandbox.confirm(intent, card)

    assert refused.value.code == "payment_intent_unexpected_state"


async def test_a_payment_intent_without_a_card_cannot_be_confirmed(sandbox: Sandbox) -> None:
    intent = await sandbox.intent(await sandbox.customer())

    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        await sandbox.v1.payment_intents.confirm_async(intent.id)


async def test_off_session_needs_confirm_at_creation(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.intent(customer, payment_method=card, off_session=True)

    assert refused.value.param == "off_session"


async def test_a_complete_session_cannot_expire(sandbox: Sandbox) -> None:
    session = await sandbox.session(customer=await sandbox.customer())
    await sandbox.complete(session.id)

    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        await sandbox.v1.checkout.sessions.expire_async(session.id)
    again = await sandbox.complete(session.id)

    assert again.status == 409
    assert again.json["error"]["code"] == "checkout_session_complete"


async def test_an_expired_session_cannot_be_used(sandbox: Sandbox) -> None:
    session = await sandbox.session(customer=await sandbox.customer())
    await sandbox.v1.checkout.sessions.expire_async(session.id)

    answer = await sandbox.complete(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        await sandbox.v1.checkout.sessions.expire_async(session.id)

    assert answer.status == 409
    assert answer.json["error"]["code"] == "checkout_session_expired"


@pytest.mark.parametrize("key", ["sk_test_somebody_else", "sk_live_x", "pk_test_x"])
async def test_only_the_one_key_opens_the_api(sandbox: Sandbox, key: str) -> None:
    async with stripe_client(sandbox.base, key) as stranger:
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key") as refused:
            await stranger.v1.customers.list_async()

    assert refused.value.http_status == 401


async def test_without_a_key_nothing_is_answered(sandbox: Sandbox) -> None:
    answer = await sandbox.get("/v1/customers")

    assert answer.status == 401
    assert "did not provide an API key" in answer.json["error"]["message"]


async def test_what_does_not_exist_is_404_in_stripes_words(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_x'") as no:
        await sandbox.v1.payment_intents.retrieve_async("pi_x")
    with pytest.raises(stripe.InvalidRequestError, match="No such customer") as no_customer:
        await sandbox.intent("cus_x")

    assert (no.value.http_status, no.value.code) == (404, "resource_missing")
    assert no_customer.value.param == "customer"


async def test_another_api_version_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="2026-10-28"):
        await sandbox.v1.customers.list_async({}, {"stripe_version": "2020-08-27"})


async def test_what_the_sandbox_does_not_play_is_refused_not_ignored(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.intent(customer, transfer_group="g")
    unknown = await sandbox.raw("GET", "/v1/subscriptions")

    assert refused.value.code == "sandbox_not_modelled"
    assert unknown.status == 404


async def test_redirecting_methods_need_a_return_url(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    loose = await sandbox.intent(customer, automatic_payment_methods={"enabled": True})
    strict = await sandbox.intent(
        customer, automatic_payment_methods={"enabled": True, "allow_redirects": "never"}
    )

    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.confirm(loose, card)

    assert refused.value.param == "return_url"
    assert (await sandbox.confirm(strict, card)).status == "succeeded"

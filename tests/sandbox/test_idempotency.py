"""Idempotency keys: one piece of work, one answer, for a day of the sandbox's time."""

import asyncio

import pytest
import stripe

from tests.sandbox.conftest import Sandbox, eventually


async def test_the_same_key_gives_the_same_answer_and_does_the_work_once(sandbox: Sandbox) -> None:
    first = await sandbox.raw("POST", "/v1/customers", "email=a@b.co", **{"Idempotency-Key": "k"})
    again = await sandbox.raw("POST", "/v1/customers", "email=a@b.co", **{"Idempotency-Key": "k"})

    assert again.text == first.text
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert len((await sandbox.v1.customers.list_async()).data) == 1


async def test_a_key_used_with_other_parameters_is_refused(sandbox: Sandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)

    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        await sandbox.v1.customers.create_async({"email": "c@d.co"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await sandbox.v1.payment_intents.create_async({"amount": 500, "currency": "usd"}, options)

    assert refused.value.http_status == 400


async def test_a_decline_is_kept_and_given_again(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000000000000341")
    intent = await sandbox.intent(customer)

    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            await sandbox.v1.payment_intents.confirm_async(
                intent.id, {"payment_method": card, "off_session": True}, {"idempotency_key": "cf"}
            )
        assert declined.value.code == "card_declined"

    assert len((await sandbox.v1.charges.list_async()).data) == 1


async def test_a_failure_of_the_server_is_kept_too(sandbox: Sandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    await sandbox.faults(error_rate=1)
    with pytest.raises(stripe.APIError):
        await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
    await sandbox.faults(reset=True)

    with pytest.raises(stripe.APIError):
        await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
    other = await sandbox.v1.customers.create_async({"email": "a@b.co"}, {"idempotency_key": "k2"})

    assert other.id.startswith("cus_")


async def test_a_failed_validation_leaves_the_key_free(sandbox: Sandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.v1.customers.create_async({"emial": "a@b.co"}, options)

    customer = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)

    assert customer.email == "a@b.co"


async def test_two_at_once_with_one_key_are_a_conflict(sandbox: Sandbox) -> None:
    await sandbox.faults(latency_ms=300)

    answers = await asyncio.gather(
        *(
            sandbox.raw("POST", "/v1/customers", "email=a@b.co", **{"Idempotency-Key": "k"})
            for _ in range(2)
        )
    )

    assert sorted(answer.status for answer in answers) == [200, 409]
    conflict = next(answer for answer in answers if answer.status == 409)
    assert conflict.json["error"]["type"] == "idempotency_error"


async def test_the_sdk_retries_a_lost_answer_without_a_second_customer(sandbox: Sandbox) -> None:
    http_client = stripe.AIOHTTPClient(timeout=0.3)
    client = stripe.StripeClient(
        "sk_test_of_these_tests",
        base_addresses={"api": sandbox.base},
        http_client=http_client,
        max_network_retries=2,
    )
    await sandbox.faults(timeout_rate=1)
    work = asyncio.create_task(client.v1.customers.create_async({"email": "a@b.co"}))
    await eventually(lambda: sandbox.get("/"), lambda page: "customer.created" in page.text)
    await sandbox.faults(reset=True)

    customer = await work
    await http_client.close_async()  # type: ignore[no-untyped-call]

    assert [each.id for each in (await sandbox.v1.customers.list_async()).data] == [customer.id]


async def test_after_a_day_a_key_is_new_again(sandbox: Sandbox) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    first = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
    await sandbox.move_clock(advance="PT23H59M")
    same = await sandbox.v1.customers.create_async({"email": "a@b.co"}, options)
    await sandbox.move_clock(advance="PT1M")
    other = await sandbox.v1.customers.create_async({"email": "c@d.co"}, options)

    assert same.id == first.id
    assert other.id != first.id


async def test_a_key_has_at_most_255_characters(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.IdempotencyError, match="255"):
        await sandbox.v1.customers.create_async({}, {"idempotency_key": "k" * 256})

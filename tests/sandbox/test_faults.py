"""The faults, each seen by the SDK that meets it."""

import asyncio
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import SECRET_KEY, Sandbox

OFF = {
    "latency_ms": 0,
    "error_rate": 0,
    "timeout_rate": 0,
    "duplicate_webhooks": False,
    "webhook_delay_ms": 0,
    "reorder_webhooks": False,
    "rate_limit_per_second": 0,
    "endpoint_rate_limit_per_second": 0,
    "resend_rate_limit_per_second": 0,
    "drop_webhooks": False,
    "resend_down": False,
    "usps_down": False,
    "usps_busy": False,
    "decline": {},
}


async def test_faults_are_off_merge_and_end_together(sandbox: Sandbox) -> None:
    off = (await sandbox.get("/sandbox/faults")).json
    await sandbox.faults(latency_ms=5, error_rate=0.25)
    merged = await sandbox.faults(
        duplicate_webhooks=True, decline={"4242 4242 4242 4242": "do_not_honor"}
    )
    ended = await sandbox.faults(reset=True)

    assert off == ended == OFF
    assert merged == {
        **OFF,
        "latency_ms": 5,
        "error_rate": 0.25,
        "duplicate_webhooks": True,
        "decline": {"4242424242424242": "do_not_honor"},
    }


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"error_rate": 1.5}, "error_rate"),
        ({"error_rate": True}, "error_rate"),
        ({"timeout_rate": "often"}, "timeout_rate"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": 0.5}, "latency_ms"),
        ({"drop_webhooks": 1}, "drop_webhooks"),
        ({"decline": {"4242424242424242": "because"}}, "decline"),
        ({"decline": {"4111111111111111": "do_not_honor"}}, "decline"),
        ({"decline": []}, "decline"),
        ({"gremlins": True}, "gremlins"),
        ({"reset": "yes"}, "reset"),
    ],
)
async def test_a_fault_that_cannot_be_changes_nothing(
    sandbox: Sandbox, fault: dict[str, Any], field: str
) -> None:
    answer = await sandbox.post("/sandbox/faults", {"latency_ms": 1, **fault})

    assert answer.status == 400
    assert field in answer.json["fields"]
    assert (await sandbox.get("/sandbox/faults")).json == OFF


async def test_errors_are_500_in_stripes_shape_and_do_no_work(sandbox: Sandbox) -> None:
    await sandbox.faults(error_rate=1)
    with pytest.raises(stripe.APIError) as failed:
        await sandbox.customer()
    await sandbox.faults(error_rate=0)

    assert failed.value.http_status == 500
    assert failed.value.error is not None
    assert failed.value.error.type == "api_error"
    assert (await sandbox.v1.customers.list_async()).data == []


async def test_a_lost_answer_has_done_its_work_and_never_comes(sandbox: Sandbox) -> None:
    await sandbox.faults(timeout_rate=1)
    with pytest.raises(TimeoutError):
        await sandbox.within(
            0.2,
            "POST",
            "/v1/customers",
            data={"email": "a@b.co"},
            headers={"Authorization": f"Bearer {SECRET_KEY}"},
        )
    await sandbox.faults(timeout_rate=0)

    assert len((await sandbox.v1.customers.list_async()).data) == 1


async def test_latency_delays_stripe_and_not_the_sandboxs_own_pages(sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    await sandbox.faults(latency_ms=250)

    before = loop.time()
    await sandbox.get("/sandbox/clock")
    await sandbox.get("/inbox.json")
    between = loop.time()
    await sandbox.v1.customers.list_async()

    assert between - before < 0.25
    assert loop.time() - between >= 0.25


async def test_the_rate_limit_answers_429_with_stripes_headers(sandbox: Sandbox) -> None:
    await sandbox.faults(rate_limit_per_second=5)

    answers = await asyncio.gather(*(sandbox.raw("GET", "/v1/customers") for _ in range(12)))
    with pytest.raises(stripe.RateLimitError):
        await sandbox.v1.customers.list_async()

    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 7
    assert refused[0].headers["stripe-rate-limited-reason"] == "global-rate"
    assert refused[0].json["error"]["code"] == "rate_limit"


async def test_each_endpoint_has_a_rate_limit_of_its_own(sandbox: Sandbox) -> None:
    await sandbox.faults(endpoint_rate_limit_per_second=5)

    asked = (sandbox.raw("GET", f"/v1/{name}") for name in ("customers", "events") * 7)
    answers = await asyncio.gather(*asked)
    one_kind = (sandbox.raw("GET", f"/v1/customers/cus_{number}") for number in range(7))
    different = await asyncio.gather(*one_kind)

    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 4
    assert {each.headers["stripe-rate-limited-reason"] for each in refused} == {"endpoint-rate"}
    assert [each.status for each in different].count(429) == 2, "whichever object it is about"


async def test_a_saved_card_declines_as_ordered_until_told_otherwise(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer)
    await sandbox.faults(decline={"4242424242424242": "insufficient_funds"})
    with pytest.raises(stripe.CardError) as declined:
        await sandbox.confirm(intent, card)
    still_savable = await sandbox.saved_card(customer)
    await sandbox.faults(decline={"4242424242424242": ""})

    paid = await sandbox.confirm(intent, card)

    assert declined.value.error is not None
    assert declined.value.error.decline_code == "insufficient_funds"
    assert still_savable.startswith("pm_")
    assert paid.status == "succeeded"


async def test_a_card_can_be_told_to_ask_for_the_person(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    intent = await sandbox.intent(customer)
    await sandbox.faults(decline={"4242424242424242": "authentication_required"})
    with pytest.raises(stripe.CardError) as declined:
        await sandbox.confirm(intent, card)
    waiting = await sandbox.confirm(intent, card, off_session=False)
    await sandbox.post(f"/sandbox/payment-intents/{intent.id}/authenticate", {"succeed": True})

    assert declined.value.code == "authentication_required"
    assert waiting.status == "requires_action"
    paid = await sandbox.v1.payment_intents.retrieve_async(intent.id)
    assert paid.status == "succeeded"


async def test_other_sites_cannot_set_faults_through_a_persons_browser(sandbox: Sandbox) -> None:
    forged = await sandbox.post(
        "/faults", data={"error_rate": "1"}, headers={"Origin": "https://evil.example"}
    )
    simple = await sandbox.post(
        "/sandbox/faults",
        data=b'{"error_rate": 1}',
        headers={"Content-Type": "text/plain", "Origin": "https://evil.example"},
    )

    assert (forged.status, simple.status) == (403, 415)
    assert (await sandbox.get("/sandbox/faults")).json == OFF


async def test_a_key_is_never_shown_whole(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {SECRET_KEY}x"}
    answer = await sandbox.get("/v1/customers", headers=headers)

    assert answer.status == 401
    assert SECRET_KEY not in answer.text

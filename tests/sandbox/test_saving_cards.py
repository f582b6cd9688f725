"""Saving a card with a Checkout Session in setup mode, as a supporter does."""

from typing import Any

import pytest

from deploy.sandbox.cards import CARDS
from tests.sandbox.conftest import Sandbox

SAVABLE = [card.number for card in CARDS if not card.save]
UNSAVABLE = [(card.number, card.save) for card in CARDS if card.save]


async def done(sandbox: Sandbox, session_id: str) -> Any:
    return await sandbox.v1.checkout.sessions.retrieve_async(
        session_id, {"expand": ["setup_intent.payment_method", "customer"]}
    )


async def test_a_card_is_saved_for_later_and_nothing_is_charged(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    session = await sandbox.session(customer=customer, metadata={"order": "o-1"})
    answer = await sandbox.complete(session.id, name="Ana", address={"country": "US"})
    after = await done(sandbox, session.id)

    assert answer.status == 200
    assert (session.status, after.status) == ("open", "complete")
    assert (session.url, session.client_secret.startswith(f"{session.id}_secret_")) == (None, True)
    assert after.payment_status == "no_payment_required"
    assert after.customer_details.email == "ana@example.org"
    assert after.metadata.order == "o-1"
    assert after.setup_intent.status == "succeeded"
    assert after.setup_intent.usage == "off_session"
    card = after.setup_intent.payment_method
    assert (card.customer, card.card.last4, card.card.brand) == (customer, "4242", "visa")
    assert await sandbox.event_types() == [
        "customer.created",
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]


async def test_without_a_customer_the_email_is_asked_and_a_customer_made(sandbox: Sandbox) -> None:
    session = await sandbox.session(customer_creation="always")
    nameless = await sandbox.complete(session.id)
    answer = await sandbox.complete(session.id, email="bo@example.org", name="Bo")
    after = await done(sandbox, session.id)

    assert (nameless.status, nameless.json["error"]["param"]) == (400, "email")
    assert answer.status == 200
    assert after.customer.email == after.customer_details.email == "bo@example.org"
    assert after.setup_intent.customer == after.customer.id
    assert after.setup_intent.payment_method.customer == after.customer.id


async def test_every_savable_card_is_saved(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    methods = [await sandbox.saved_card(customer, number) for number in SAVABLE]
    page = await sandbox.v1.customers.payment_methods.list_async(customer, {"limit": 100})

    assert [card.id for card in reversed(page.data)] == methods
    assert [card.card.last4 for card in reversed(page.data)] == [each[-4:] for each in SAVABLE]


async def test_every_unsavable_card_is_declined_and_the_session_stays_open(
    sandbox: Sandbox,
) -> None:
    session = await sandbox.session(customer=await sandbox.customer())
    for number, code in UNSAVABLE:
        answer = await sandbox.complete(session.id, number)
        after = await done(sandbox, session.id)

        assert answer.status == 402
        assert answer.json["error"]["type"] == "card_error"
        assert code in (answer.json["error"]["code"], answer.json["error"]["decline_code"])
        assert after.status == "open"
        assert after.setup_intent.last_setup_error.code == answer.json["error"]["code"]

    assert (await sandbox.complete(session.id)).status == 200
    assert "setup_intent.setup_failed" in await sandbox.event_types()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param({"card": "4242424242424241"}, "incorrect_number", id="wrong check digit"),
        pytest.param({"card": "4111111111111111"}, "card_declined", id="no test card"),
        pytest.param({"exp_month": 13}, "invalid_expiry_month", id="month 13"),
        pytest.param({"exp_year": 2019}, "invalid_expiry_year", id="past year"),
        pytest.param({"cvc": "12"}, "invalid_cvc", id="short code"),
    ],
)
async def test_card_data_that_cannot_be_right_is_declined(
    sandbox: Sandbox, typed: dict[str, Any], code: str
) -> None:
    session = await sandbox.session(customer=await sandbox.customer())

    answer = await sandbox.complete(session.id, **{"card": "4242 4242 4242 4242", **typed})

    assert (answer.status, answer.json["error"]["code"]) == (402, code)


async def test_failing_the_banks_question_saves_nothing(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    session = await sandbox.session(customer=customer)
    answer = await sandbox.complete(session.id, "4000002760003184", authenticate=False)

    assert answer.status == 402
    assert answer.json["error"]["code"] == "setup_intent_authentication_failure"
    assert (await done(sandbox, session.id)).status == "open"
    assert (await sandbox.v1.customers.payment_methods.list_async(customer)).data == []


async def test_the_hosted_page_collects_where_to_ship(sandbox: Sandbox) -> None:
    session = await sandbox.v1.checkout.sessions.create_async(
        {
            "mode": "setup",
            "currency": "usd",
            "success_url": "http://127.0.0.1/thanks?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1/cart",
            "shipping_address_collection": {"allowed_countries": ["US"]},
            "customer_email": "ana@example.org",
        }
    )
    address = {"address1": "1 Main St", "city": "Denver", "postalCode": "80202"}
    abroad = await sandbox.complete(session.id, name="Ana", address={**address, "country": "FR"})
    await sandbox.complete(session.id, name="Ana", address={**address, "country": "US"})
    shipping = (await done(sandbox, session.id)).collected_information.shipping_details

    assert session.url == f"{sandbox.base}/c/pay/{session.id}"
    assert (session.ui_mode, session.client_secret) == ("hosted_page", None)
    assert abroad.status == 400
    assert (shipping.name, shipping.address.line1) == ("Ana", "1 Main St")
    assert shipping.address.postal_code == "80202"


async def test_a_session_expires_by_the_sandboxs_clock(sandbox: Sandbox) -> None:
    now = (await sandbox.session()).created
    session = await sandbox.session(expires_at=now + 1_800)
    await sandbox.move_clock(advance="PT29M")
    before = await done(sandbox, session.id)
    await sandbox.move_clock(advance="PT1M")
    after = await done(sandbox, session.id)

    assert (before.status, after.status) == ("open", "expired")
    assert after.setup_intent.status == "canceled"
    assert (await sandbox.event_types())[-1] == "checkout.session.expired"


async def test_sessions_are_listed_by_customer_and_status(sandbox: Sandbox) -> None:
    ana, bo = await sandbox.customer(), await sandbox.customer("bo@example.org")
    open_one = await sandbox.session(customer=ana)
    complete = await sandbox.session(customer=ana)
    await sandbox.session(customer=bo)
    await sandbox.complete(complete.id)
    sessions = sandbox.v1.checkout.sessions

    of_ana = await sessions.list_async({"customer": ana})
    still_open = await sessions.list_async({"customer": ana, "status": "open"})
    by_email = await sessions.list_async({"customer_details": {"email": "ana@example.org"}})

    assert [each.id for each in of_ana.data] == [complete.id, open_one.id]
    assert [each.id for each in still_open.data] == [open_one.id]
    assert [each.id for each in by_email.data] == [complete.id]


async def test_cards_are_listed_newest_first_and_can_be_detached(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    old = await sandbox.saved_card(customer)
    new = await sandbox.saved_card(customer, "5555555555554444")
    both = await sandbox.v1.payment_methods.list_async({"customer": customer, "type": "card"})
    await sandbox.v1.payment_methods.detach_async(new)
    left = await sandbox.v1.payment_methods.list_async({"customer": customer})

    assert [card.id for card in both.data] == [new, old]
    assert [card.id for card in left.data] == [old]
    assert (await sandbox.v1.payment_methods.retrieve_async(new)).customer is None

"""What Stripe says, fails to say, or says about us, as the SDK and the sandbox let us hear it."""

import secrets
import socket
from typing import Any

import pytest

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, ChargeId
from services.chassis.process.settings import Secret
from services.settlement.domain import charging
from services.settlement.domain.charging import (
    Created,
    Declined,
    NotHappened,
    Postponed,
    Succeeded,
    Unknown,
)
from services.settlement.stripe_gateway.charges import StripeGateway
from tests.settlement.builders import NOW, requested
from tests.settlement.sandbox import DECLINED, GOOD, NEEDS_PERSON, Sandbox
from tests.support.unlimited import unlimited

INVALID = "invalid_request_error"

SLUG = CampaignSlug("film")


def wanted(card: Card, charge: str = "chg_1", **facts: Any) -> dict[str, Any]:
    return charging.create_parameters(ChargeId(charge), requested(SLUG, card, **facts))


def a_key() -> str:
    return f"test:{secrets.token_hex(8)}"


async def an_intent(gateway: StripeGateway, card: Card) -> str:
    created = await gateway.create(wanted(card), a_key())
    assert isinstance(created, Created)
    return created.payment_intent_id


async def confirm(gateway: StripeGateway, intent_id: str, card: Card, key: str = "") -> Any:
    parameters = charging.confirm_parameters(card.payment_method_id)
    return await gateway.confirm(intent_id, parameters, key or a_key())


async def test_a_payment_intent_is_created_without_moving_money(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    intent_id = await an_intent(gateway, stripe.saved_card())

    assert await gateway.read(intent_id) == NotHappened()


async def test_a_confirmed_payment_intent_has_succeeded_for_ever(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    card = stripe.saved_card()
    intent_id = await an_intent(gateway, card)

    first = await confirm(gateway, intent_id, card)
    again = await confirm(gateway, intent_id, card)

    assert isinstance(first, Succeeded)
    assert first.stripe_charge_id.startswith("ch_")
    assert again == Unknown(reason="payment_intent_unexpected_state", is_key_spent=True)
    assert await gateway.read(intent_id) == first


@pytest.mark.parametrize(
    ("magic", "code", "needs_person"),
    [
        pytest.param(DECLINED, "card_declined", False, id="declined"),
        pytest.param(NEEDS_PERSON, "authentication_required", True, id="needs the person"),
    ],
)
async def test_a_decline_keeps_what_the_bank_said_and_reads_back_the_same(
    stripe: Sandbox, gateway: StripeGateway, magic: str, code: str, needs_person: bool
) -> None:
    card = stripe.saved_card(magic)
    intent_id = await an_intent(gateway, card)

    outcome = await confirm(gateway, intent_id, card)

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.needs_authentication) == (code, needs_person)
    assert await gateway.read(intent_id) == outcome


async def test_a_decline_carries_the_advice_code(stripe: Sandbox, gateway: StripeGateway) -> None:
    card = stripe.saved_card()
    stripe.faults(decline={"4242424242424242": "insufficient_funds"})
    outcome = await confirm(gateway, await an_intent(gateway, card), card)

    assert isinstance(outcome, Declined)
    assert outcome.decline_code == "insufficient_funds"
    assert outcome.advice_code == "try_again_later"


async def test_a_sum_below_the_minimum_is_declined_with_its_own_code(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    outcome = await gateway.create(wanted(stripe.saved_card(), amount=49), a_key())

    assert outcome == Declined(code="amount_too_small", error_type=INVALID)


async def test_a_card_of_somebody_else_is_a_decline(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    mine, theirs = stripe.saved_card(), stripe.saved_card()

    outcome = await confirm(gateway, await an_intent(gateway, mine), theirs)

    assert isinstance(outcome, Declined)


async def test_a_customer_who_is_gone_is_a_decline(stripe: Sandbox, gateway: StripeGateway) -> None:
    parameters = {**wanted(stripe.saved_card()), "customer": "cus_gone"}

    outcome = await gateway.create(parameters, a_key())

    assert outcome == Declined(code="resource_missing", error_type=INVALID)


async def test_a_fault_of_stripes_is_unknown_and_its_key_is_spent(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    card = stripe.saved_card()
    intent_id = await an_intent(gateway, card)
    stripe.faults(error_rate=1)

    outcome = await confirm(gateway, intent_id, card)
    creating = await gateway.create(wanted(card), a_key())

    assert outcome == Unknown(reason="http_500", is_key_spent=True)
    assert creating == Postponed(reason="http_500", is_key_spent=True)


async def test_an_answer_that_never_comes_is_unknown_and_the_key_may_be_sent_again(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    card, key = stripe.saved_card(), a_key()
    intent_id = await an_intent(gateway, card)
    stripe.faults(timeout_rate=1)
    lost = await confirm(gateway, intent_id, card, key)
    stripe.reset()

    again = await confirm(gateway, intent_id, card, key)

    assert lost == Unknown(reason="no_answer")
    assert isinstance(again, Succeeded)
    assert stripe.charged(SLUG).count(5_944) >= 1


async def test_being_too_fast_is_nobodys_decline(stripe: Sandbox, gateway: StripeGateway) -> None:
    card = stripe.saved_card()
    intent_id = await an_intent(gateway, card)
    stripe.faults(rate_limit_per_second=1)
    outcomes = [await confirm(gateway, intent_id, card) for _ in range(3)]

    assert Postponed(reason="rate_limited") in outcomes


async def test_a_stripe_that_cannot_be_reached_was_surely_not_asked() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    away = StripeGateway(Secret("sk_test_1"), f"http://127.0.0.1:{port}", budget=unlimited())

    outcome = await away.confirm("pi_1", {}, "key")
    await away.close()

    assert outcome == Postponed(reason="unreachable")


async def test_a_wrong_key_is_our_mistake_and_nobodys_decline(stripe: Sandbox) -> None:
    wrong = StripeGateway(Secret("sk_test_wrong"), stripe.url, budget=unlimited())

    outcome = await wrong.create(wanted(stripe.saved_card()), a_key())
    await wrong.close()

    assert outcome == Postponed(reason="refused:AuthenticationError")


async def test_other_parameters_under_a_used_key_have_to_be_read(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    card, other, key = stripe.saved_card(), stripe.saved_card(), a_key()
    intent_id = await an_intent(gateway, card)
    await confirm(gateway, intent_id, card, key)

    outcome = await confirm(gateway, intent_id, other, key)

    assert outcome == Unknown(reason="idempotency_mismatch", is_key_spent=True)


async def test_a_lost_payment_intent_is_found_by_its_charge(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    card = stripe.saved_card(GOOD)
    created = await gateway.create(wanted(card, "chg_wanted"), a_key())
    await gateway.create(wanted(card, "chg_other"), a_key())

    found = await gateway.find(card.customer_id, "chg_wanted", since=NOW)
    missing = await gateway.find(card.customer_id, "chg_missing", since=NOW)

    assert found == created
    assert missing == NotHappened()


async def test_reading_while_stripe_is_away_leaves_it_unknown(
    stripe: Sandbox, gateway: StripeGateway
) -> None:
    intent_id = await an_intent(gateway, stripe.saved_card())
    stripe.faults(error_rate=1)

    assert isinstance(await gateway.read(intent_id), Unknown)

"""The rules of one charge that need no database and no Stripe."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import CampaignSlug, ChargeId, PledgeId
from services.chassis.process.settings import Secret, load
from services.settlement.domain import charging, rate
from services.settlement.settings import Settings
from tests.settlement.builders import requested

HOUR = timedelta(hours=1)


def test_a_payment_intent_is_asked_for_unconfirmed_and_without_a_card() -> None:
    request = requested(CampaignSlug("nine-bridges-north"))

    parameters = charging.create_parameters(ChargeId("chg_1"), request)

    assert parameters == {
        "amount": 5_944,
        "currency": "usd",
        "customer": "cus_1",
        "allowed_payment_method_types": ["card"],
        "statement_descriptor_suffix": "NINE",
        "metadata": {
            "pool_charge": "chg_1",
            "campaign": "nine-bridges-north",
            "purpose": "settlement",
            "orders": request.pledge_ids[0],
        },
    }


@pytest.mark.parametrize(
    ("slug", "suffix"),
    [
        pytest.param("one-roll", "ONE ROLL", id="fits"),
        pytest.param("nine-bridges-north", "NINE", id="whole words only"),
        pytest.param("supercalifragilistic", "SUPERCALIF", id="one long word"),
        pytest.param("1984", "NO 1984", id="Stripe wants a letter"),
        pytest.param("12345678901", "NO 1234567", id="and ten characters"),
    ],
)
def test_the_statement_names_the_campaign_in_ten_characters(slug: str, suffix: str) -> None:
    assert charging.statement_suffix(CampaignSlug(slug)) == suffix


@given(st.lists(st.integers(1, 190).map(lambda length: "p" * length), min_size=1, max_size=60))
def test_the_orders_in_the_metadata_fit_and_none_is_forgotten(pledge_ids: list[str]) -> None:
    text = charging.orders_metadata(pledge_ids)

    shown = text.split(",")
    hidden = int(shown.pop()[1:]) if shown[-1].startswith("+") else 0
    assert len(text) <= 500
    assert shown == pledge_ids[: len(shown)]
    assert len(shown) + hidden == len(pledge_ids)


@pytest.mark.parametrize(
    ("age", "is_spent", "is_used_up"),
    [
        pytest.param(None, False, False, id="never sent"),
        pytest.param(20 * HOUR, False, False, id="twenty hours"),
        pytest.param(20 * HOUR + timedelta(microseconds=1), False, True, id="older"),
        pytest.param(timedelta(0), True, True, id="answered with a fault"),
    ],
)
def test_a_key_is_not_sent_again_after_twenty_hours_or_a_stored_fault(
    age: timedelta | None, is_spent: bool, is_used_up: bool
) -> None:
    assert charging.is_used_up(age, is_spent=is_spent) is is_used_up


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_being_put_off_never_means_for_long(times: int, jitter: float) -> None:
    seconds = rate.postponed_seconds(times, jitter=jitter)

    assert 0.5 <= seconds <= rate.POSTPONED_SECONDS_MAX


@pytest.mark.parametrize(
    ("key", "given_rate", "rate"),
    [
        pytest.param("sk_test_1", None, 8, id="test key"),
        pytest.param("sk_live_1", None, 20, id="live key"),
        pytest.param("rk_live_1", None, 20, id="restricted live key"),
        pytest.param("sk_live_1", "3", 3, id="set by the operator"),
    ],
)
def test_the_rate_fits_the_account_unless_it_is_set(
    key: str, given_rate: str | None, rate: int
) -> None:
    environ = {
        name: "x" * 40
        for name in ("DATABASE_URL", "NATS_URL", "REDIS_URL", "GATEWAY_SECRET", "SITE_BASE")
    }
    environ |= {"ADMIN_SECRET": "x" * 40, "MAGIC_LINK_SECRET": "l" * 40, "STRIPE_SECRET_KEY": key}
    if given_rate:
        environ["SETTLEMENT_CHARGES_PER_SECOND"] = given_rate

    settings = load(Settings, environ)

    assert settings.charges_per_second == rate
    assert isinstance(settings.stripe_secret_key, Secret)


def test_work_names_its_keys_by_charge_intent_attempt_and_serial() -> None:
    charge = msgspec.convert(
        {
            "charge_id": "chg_1",
            "campaign": "film",
            "supporter_id": "sup",
            "purpose": "settlement",
            "pledge_ids": [PledgeId("p")],
            "amount_cents": 100,
            "currency": "usd",
            "customer_id": "cus",
            "payment_method_id": "pm",
            "status": "sending",
            "version": 1,
            "payment_intent_id": None,
            "lease_token": 1,
            "postponed": 0,
            "checks": 0,
            "create_parameters": {},
            "create_serial": 1,
            "create_keyed_at": "2026-03-01T00:00:00Z",
            "create_key_age": timedelta(0),
            "is_create_key_spent": False,
            "known_errors": [],
            "is_person_gone": False,
        },
        charging.ChargeRow,
    )
    attempt = charging.AttemptRow(1, "first", {}, 1, None, False, False)
    work = charging.Work(charge, attempt)
    again = charging.Work(
        charging.with_new_create_key(charge), msgspec.structs.replace(attempt, key_serial=3)
    )

    assert (work.create_key, work.confirm_key("pi_9")) == ("pi:chg_1", "cf:pi_9:1")
    assert (again.create_key, again.confirm_key("pi_9")) == ("pi:chg_1:2", "cf:pi_9:1:3")

"""USPS over HTTP, as the sandbox plays it: tokens, classes, memory, patience, silence."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from contracts.campaign import CarrierRules
from contracts.money import Cents
from services.chassis.process.settings import Secret
from services.checkout.domain.parcels import Parcel
from services.checkout.domain.shipping import CarrierRate, RateRequest
from services.checkout.usps_gateway import USPSGateway
from tests.checkout.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SECRET = Secret("usps_sandbox_secret")
RULES = CarrierRules(is_enabled=True)
PARCEL = Parcel(pounds="0.5", length_in="12", width_in="10", height_in="1")
HERE = RateRequest(
    origin_zip="87120",
    country="US",
    postal_code="87101",
    parcel=PARCEL,
    classes=RULES.domestic_classes,
)
ABROAD = msgspec.structs.replace(
    HERE, country="DE", postal_code="10115", classes=RULES.international_classes
)
GROUND = CarrierRate(kind="price", cents=Cents(545), service="USPS_GROUND_ADVANTAGE")
BUDGET_SECONDS = 20.0


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def usps(sandbox: Sandbox, clock: Clock) -> AsyncIterator[USPSGateway]:
    gateway = a_gateway(sandbox, clock)
    yield gateway
    await gateway.close()


def a_gateway(sandbox: Sandbox, clock: Clock, secret: Secret = SECRET) -> USPSGateway:
    return USPSGateway("usps_sandbox", secret, api_base=sandbox.url, clock=clock)


async def answer(
    usps: USPSGateway, request: RateRequest = HERE, rules: CarrierRules = RULES
) -> CarrierRate:
    return (await usps.quote([request], rules, within_seconds=BUDGET_SECONDS))[request]


def told(sandbox: Sandbox) -> tuple[int, list[dict[str, Any]]]:
    """Return how many tokens were given and what was asked, newest first, so far."""
    seen = sandbox.http.get("/sandbox/usps.json").raise_for_status().json()
    return seen["tokensIssued"], seen["asked"]


def parcel(**changes: str) -> RateRequest:
    return msgspec.structs.replace(HERE, parcel=msgspec.structs.replace(PARCEL, **changes))


async def test_the_first_class_with_a_price_wins(usps: USPSGateway) -> None:
    bulky = parcel(length_in="60", width_in="18", height_in="12")
    media = msgspec.structs.replace(HERE, classes=("MEDIA_MAIL", *HERE.classes))

    assert await answer(usps) == GROUND
    assert (await answer(usps, media)).service == "MEDIA_MAIL"
    # 60 + 2 × 30 inches: Ground Advantage takes 130, Priority Mail 108.
    assert (await answer(usps, bulky)).service == "USPS_GROUND_ADVANTAGE"


async def test_where_the_first_class_has_no_price_the_next_is_asked(usps: USPSGateway) -> None:
    heavy = msgspec.structs.replace(ABROAD, parcel=msgspec.structs.replace(PARCEL, pounds="4.5"))

    light, heavier = await answer(usps, ABROAD), await answer(usps, heavy)

    assert (light.service, light.cents) == ("FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE", 1_785)
    assert (heavier.service, heavier.cents) == ("PRIORITY_MAIL_INTERNATIONAL", 5_920)


async def test_what_no_class_takes_is_a_definite_no_and_nobody_keeps_still(
    usps: USPSGateway,
) -> None:
    assert (await answer(usps, parcel(pounds="71"))).kind == "none"
    assert await answer(usps) == GROUND


async def test_a_price_is_remembered_for_as_long_as_the_rules_say(
    usps: USPSGateway, clock: Clock, sandbox: Sandbox
) -> None:
    await answer(usps)
    asked = len(told(sandbox)[1])

    clock.now += RULES.cache_seconds - 0.5
    assert await answer(usps) == GROUND
    assert len(told(sandbox)[1]) == asked

    clock.now += 1
    assert await answer(usps) == GROUND
    assert len(told(sandbox)[1]) == asked + 1


async def test_a_crowd_with_one_cart_asks_once(usps: USPSGateway, sandbox: Sandbox) -> None:
    tokens, asked = told(sandbox)

    answers = await asyncio.gather(*(answer(usps) for _ in range(50)))

    assert answers == [GROUND] * 50
    after, asked_after = told(sandbox)
    assert (after - tokens, len(asked_after) - len(asked)) == (1, 1)


async def test_a_token_is_used_until_a_minute_before_its_end(
    usps: USPSGateway, clock: Clock, sandbox: Sandbox
) -> None:
    await answer(usps)
    tokens, _ = told(sandbox)

    clock.now += 28_799 - 60 - 1
    await answer(usps)
    assert told(sandbox)[0] == tokens

    clock.now += 2
    await answer(usps, parcel(pounds="2"))
    assert told(sandbox)[0] == tokens + 1


async def test_a_token_that_counts_no_more_is_replaced_once(
    usps: USPSGateway, sandbox: Sandbox
) -> None:
    await answer(usps)
    tokens, _ = told(sandbox)
    sandbox.http.post("/sandbox/usps/forget-tokens").raise_for_status()

    assert (await answer(usps, parcel(pounds="2"))).cents == 640
    assert told(sandbox)[0] == tokens + 1


async def test_with_a_wrong_secret_there_is_no_price_and_no_storm(
    sandbox: Sandbox, clock: Clock
) -> None:
    stranger = a_gateway(sandbox, clock, secret=Secret("guessed"))

    assert (await answer(stranger)).kind == "away"
    assert (await answer(stranger, ABROAD)).kind == "away"
    await stranger.close()


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        pytest.param({"usps_down": True}, 300, id="away"),
        pytest.param({"usps_busy": True}, 1_800, id="asked too often"),
    ],
)
async def test_after_a_failure_nobody_is_asked_for_a_while(
    usps: USPSGateway, clock: Clock, sandbox: Sandbox, fault: dict[str, bool], seconds: int
) -> None:
    sandbox.faults(**fault)
    assert (await answer(usps)).kind == "away"
    sandbox.faults(reset=True)

    clock.now += seconds - 0.5
    assert (await answer(usps)).kind == "away"

    clock.now += 1
    assert await answer(usps) == GROUND


async def test_while_we_keep_still_what_is_remembered_is_still_said(
    usps: USPSGateway, sandbox: Sandbox
) -> None:
    await answer(usps)
    sandbox.faults(usps_down=True)

    assert (await answer(usps, ABROAD)).kind == "away"
    assert await answer(usps) == GROUND


async def test_an_answer_that_never_comes_is_a_failure(
    usps: USPSGateway, clock: Clock, sandbox: Sandbox
) -> None:
    sandbox.faults(timeout_rate=1)
    impatient = msgspec.structs.replace(RULES, timeout_ms=100)

    assert (await answer(usps, rules=impatient)).kind == "away"

    sandbox.faults(reset=True)
    assert (await answer(usps)).kind == "away"
    clock.now += 301
    assert await answer(usps) == GROUND


async def test_who_cannot_wait_gets_away_and_the_next_one_the_price(
    usps: USPSGateway, sandbox: Sandbox
) -> None:
    sandbox.faults(latency_ms=400)

    hurried = await usps.quote([HERE], RULES, within_seconds=0)
    patient = await answer(usps)

    assert hurried[HERE].kind == "away"
    assert patient == GROUND


async def test_an_answer_that_is_no_answer_is_a_failure(sandbox: Sandbox, clock: Clock) -> None:
    # Everything below that address is a page of the sandbox or 404.
    elsewhere = USPSGateway(
        "usps_sandbox", Secret("x"), api_base=f"{sandbox.url}/sandbox/usps.json", clock=clock
    )

    assert (await answer(elsewhere)).kind == "away"
    await elsewhere.close()


async def test_retail_and_commercial_prices_are_remembered_apart(usps: USPSGateway) -> None:
    commercial = msgspec.structs.replace(RULES, price_type="COMMERCIAL")

    assert (await answer(usps)).cents == 545
    assert (await answer(usps, rules=commercial)).cents == 491

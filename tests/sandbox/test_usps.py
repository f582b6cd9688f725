"""USPS as the sandbox plays it: tokens, prices, refusals, faults."""

from typing import Any

import pytest

from tests.sandbox.conftest import Answer, Sandbox

pytestmark = pytest.mark.anyio

DOMESTIC = "/prices/v3/base-rates/search"
ABROAD = "/international-prices/v3/base-rates/search"
PARCEL = {
    "originZIPCode": "87120",
    "weight": 0.5,
    "length": 12,
    "width": 10,
    "height": 1,
    "mailClass": "USPS_GROUND_ADVANTAGE",
    "processingCategory": "MACHINABLE",
    "rateIndicator": "SP",
    "destinationEntryFacilityType": "NONE",
    "priceType": "RETAIL",
}


async def token(sandbox: Sandbox, **changes: Any) -> Answer:
    credentials = {
        "client_id": "usps_sandbox",
        "client_secret": "usps_sandbox_secret",
        "grant_type": "client_credentials",
        **changes,
    }
    return await sandbox.post("/oauth2/v3/token", credentials)


async def price(sandbox: Sandbox, path: str = DOMESTIC, **changes: Any) -> Answer:
    given = (await token(sandbox)).json["access_token"]
    where = {} if path == ABROAD else {"destinationZIPCode": "87101"}
    body = {name: value for name, value in {**PARCEL, **where, **changes}.items() if value != ""}
    return await sandbox.post(path, body, headers={"Authorization": f"Bearer {given}"})


async def test_a_token_is_given_for_the_right_credentials_only(sandbox: Sandbox) -> None:
    given, refused = await token(sandbox), await token(sandbox, client_secret="guessed")

    assert (given.status, given.json["token_type"], given.json["expires_in"]) == (
        200,
        "Bearer",
        28_799,
    )
    assert (refused.status, refused.json["error"]["code"]) == (401, "401")


async def test_a_price_is_one_rate_and_its_sum(sandbox: Sandbox) -> None:
    answer = await price(sandbox)

    (rate,) = answer.json["rates"]
    assert (answer.status, answer.json["totalBasePrice"], rate["price"]) == (200, 5.45, 5.45)
    assert (rate["mailClass"], rate["zone"]) == ("USPS_GROUND_ADVANTAGE", "01")


@pytest.mark.parametrize(
    ("changes", "cents"),
    [
        pytest.param({"weight": 1}, 545, id="the first pound"),
        pytest.param({"weight": 1.0001}, 640, id="begins another"),
        pytest.param({"destinationZIPCode": "01001"}, 860, id="far away"),
        pytest.param({"length": 25}, 945, id="too long for the machines"),
        pytest.param({"priceType": "COMMERCIAL"}, 491, id="commercial"),
        pytest.param({"mailClass": "MEDIA_MAIL"}, 463, id="media"),
    ],
)
async def test_weight_distance_and_size_cost(
    sandbox: Sandbox, changes: dict[str, Any], cents: int
) -> None:
    answer = await price(sandbox, **changes)

    assert round(answer.json["totalBasePrice"] * 100) == cents


async def test_another_country_has_its_own_classes(sandbox: Sandbox) -> None:
    first_class = {
        "mailClass": "FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE",
        "destinationCountryCode": "DE",
        "foreignPostalCode": "10115",
    }
    light = await price(sandbox, ABROAD, **first_class)
    heavy = await price(sandbox, ABROAD, **{**first_class, "weight": 4.5})

    assert (light.status, light.json["totalBasePrice"]) == (200, 17.85)
    assert (heavy.status, heavy.json["error"]["message"]) == (400, "No rates")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"destinationZIPCode": "8710"}, id="no ZIP code"),
        pytest.param({"weight": 0}, id="weightless"),
        pytest.param({"weight": 71}, id="too heavy"),
        pytest.param({"height": ""}, id="no height"),
        pytest.param({"mailClass": "OWL"}, id="no such class"),
        pytest.param({"processingCategory": "MAYBE"}, id="no such category"),
        pytest.param({"color": "red"}, id="a field nobody knows"),
    ],
)
async def test_what_usps_does_not_take_is_refused(
    sandbox: Sandbox, changes: dict[str, Any]
) -> None:
    answer = await price(sandbox, **changes)

    assert (answer.status, answer.json["error"]["code"]) == (400, "400")


async def test_without_a_token_that_counts_nothing_is_told(sandbox: Sandbox) -> None:
    given = (await token(sandbox)).json["access_token"]
    headers = {"Authorization": f"Bearer {given}"}
    await sandbox.post("/sandbox/usps/forget-tokens", {})

    body = {**PARCEL, "destinationZIPCode": "87101"}
    assert (await sandbox.post(DOMESTIC, body, headers=headers)).status == 401
    assert (await sandbox.post(DOMESTIC, body)).status == 401


async def test_usps_can_be_away_or_busy_alone(sandbox: Sandbox) -> None:
    await sandbox.faults(usps_down=True)
    assert (await token(sandbox)).status == 503

    await sandbox.faults(usps_down=False, usps_busy=True)
    assert (await token(sandbox)).status == 429
    assert await sandbox.customer()

    await sandbox.faults(reset=True)
    assert (await token(sandbox)).status == 200
    told = await sandbox.get("/sandbox/usps.json")
    assert told.json["tokensIssued"] == 1

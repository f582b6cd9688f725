"""Quotes over HTTP: what depends on the address, the carrier, the table, and what is charged."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from contracts.campaign import CarrierRules, PlatformDefinition, TaxRow, TaxTable
from contracts.events.campaigns import PlatformPublished
from contracts.money import Cents
from services.checkout.queries import campaigns
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.goods import HOME
from tests.checkout.running import Running, order_of, publish, wait_for
from tests.checkout.samples import a_cart, a_tier, an_event_id
from tests.checkout.sandbox import Sandbox, wait_until

VERSIONS = itertools.count(2)
AT_HOME = msgspec.to_builtins(HOME)
IN_BERLIN = {**AT_HOME, "country": "DE", "postalCode": "10115", "province": ""}
# Nothing is remembered and nobody keeps still, so that no test hears another one's answer.
FORGETFUL = CarrierRules(is_enabled=True, cache_seconds=0, cooldown_seconds=0)
SHIRT = a_tier(category="physical", shipping_preset="tshirt", price_cents=Cents(3_500))
SIGNED = ("signature_required", "adult_signature_required")


@pytest.fixture(autouse=True)
def defaults(running: Running) -> Iterator[None]:
    """Each test begins with the platform's defaults and a carrier that answers."""
    running.sandbox.faults(reset=True)
    platform(running)
    yield
    running.sandbox.faults(reset=True)


def platform(running: Running, **facts: Any) -> None:
    """Put platform rules into force and wait until they are."""
    definition = PlatformDefinition(version=next(VERSIONS), **facts)
    event = PlatformPublished(
        event_id=an_event_id(), occurred_at=datetime.now(UTC), definition=definition
    )
    asyncio.run(running.publish(event, key="platform"))
    wait_until(
        lambda: asyncio.run(_version(running)) == definition.version, what="the platform is heard"
    )


async def _version(running: Running) -> int:
    conn = await asyncpg.connect(running.database.owner_url)
    version = await conn.fetchval("SELECT version FROM checkout.platform_definition")
    await conn.close()
    return int(version or 0)


def asked(running: Running, slug: str, path: str = "/quote", **body: Any) -> httpx.Response:
    cart = {"items": [{"id": f"{slug}__frame"}], "tipPercent": 3, **body}
    if path == "/tax/quote":
        cart = body
    return running.http.post(path, json=cart)


def quoted(running: Running, slug: str, **body: Any) -> dict[str, Any]:
    answer = asked(running, slug, **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_live_quote_offers_what_the_campaign_lists_and_takes_what_was_chosen(
    running: Running,
) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,), shipping_options=SIGNED)

    quote = quoted(running, slug, shippingAddress=AT_HOME, shippingOption="signature_required")

    assert quote["totals"]["amount"] == 4_821
    assert quote["states"] == {"tax": "quoted", "shipping": "quoted"}
    assert quote["shippingOptions"] == [
        {"id": "standard", "amount": 545, "surcharge": 0, "selected": False},
        {"id": "signature_required", "amount": 940, "surcharge": 395, "selected": True},
        {"id": "adult_signature_required", "amount": 1_515, "surcharge": 970, "selected": False},
    ]
    (campaign,) = quote["campaigns"]
    (parcel,) = campaign["shipments"]
    assert (parcel["carrier"], parcel["service"]) == ("USPS", "USPS_GROUND_ADVANTAGE")
    assert campaign["shippingOption"] == "signature_required"
    assert campaign["taxDetails"]["taxableSubtotalCents"] == 3_500


def test_what_depends_on_the_address_waits_for_it(running: Running) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,))

    quote = quoted(running, slug)

    assert quote["states"] == {"tax": "quoted", "shipping": "needs_input"}
    assert quote["totals"]["shipping"] == 300


def test_while_the_carrier_is_away_the_flat_rate_stands_in(running: Running) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,))
    running.sandbox.faults(usps_down=True)

    quote = quoted(running, slug, shippingAddress=AT_HOME)

    assert (quote["totals"]["shipping"], quote["states"]["shipping"]) == (300, "fallback_used")
    (why,) = [each for each in quote["campaigns"][0]["why"] if each["figure"] == "shipping"]
    assert why["inputs"]["because"] == "carrier_away"


def test_a_start_at_another_price_than_was_seen_brings_the_new_breakdown(
    running: Running,
) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,))
    seen = quoted(running, slug, shippingAddress=AT_HOME)["totals"]["amount"]
    running.sandbox.faults(usps_down=True)

    refused = running.start(
        f"{slug}__frame", shippingAddress=AT_HOME, expectedAmount=seen, tipPercent=3
    )

    assert (refused.status_code, refused.json()["error"]) == (409, "price_changed")
    assert refused.json()["totals"]["shipping"] == 300
    assert refused.json()["states"]["shipping"] == "fallback_used"
    assert refused.json()["shippingOptions"][0]["amount"] == 300


def test_what_was_accepted_is_charged_whatever_the_carrier_says_later(running: Running) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,), shipping_options=SIGNED)
    body = {"shippingAddress": AT_HOME, "shippingOption": "signature_required", "tipPercent": 3}
    started = running.start(f"{slug}__frame", expectedAmount=4_821, **body).json()

    platform(running, shipping_fallback_cents=Cents(9_900), sales_tax_rate="0.2")
    running.sandbox.save_card(started["sessionId"]).raise_for_status()
    wait_for(running, started["orderId"], "completed")

    (pledge,) = order_of(running, started["orderId"]).pledges
    assert (pledge.price.total_cents, pledge.price.shipping_cents) == (4_821, 940)
    assert pledge.price.shipments[0].option == "signature_required"
    assert pledge.price.tax_details is not None


def test_where_no_flat_rate_may_stand_in_a_checkout_waits_for_the_carrier(
    running: Running,
) -> None:
    platform(running, carrier=msgspec.structs.replace(FORGETFUL, when_away="refuse"))
    slug = publish(running, tiers=(msgspec.structs.replace(SHIRT, limit_total=1),))
    running.sandbox.faults(usps_down=True)

    quote = quoted(running, slug, shippingAddress=AT_HOME)
    refused = running.start(f"{slug}__frame", shippingAddress=AT_HOME)

    assert quote["states"]["shipping"] == "provider_unavailable"
    assert (refused.status_code, refused.json()["error"]) == (503, "shipping_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert running.inventory(slug)["frame"]["reserved"] == 0


def test_a_table_asks_where_the_payer_is_before_anything_is_charged(running: Running) -> None:
    table = TaxTable(default=TaxRow(rate="0"), rows={"DE": TaxRow(rate="0.19")}, version="2026")
    platform(running, tax_provider="table", tax_table=table)
    slug = publish(running)

    quote = quoted(running, slug)
    refused = running.start(f"{slug}__frame")
    billed = quoted(running, slug, billingAddress=IN_BERLIN)

    assert (quote["totals"]["tax"], quote["states"]["tax"]) == (0, "needs_input")
    assert (refused.status_code, refused.json()["error"]) == (400, "address_needed")
    assert list(refused.json()["fields"]) == ["billingAddress"]
    assert (billed["totals"]["tax"], billed["states"]["tax"]) == (950, "quoted")
    assert billed["campaigns"][0]["taxDetails"] == {
        "provider": "table",
        "source": "tax_table:DE",
        "rate": "0.19",
        "rateVersion": "2026",
        "jurisdiction": "DE",
        "taxableSubtotalCents": 5_000,
        "taxableShippingCents": 0,
    }
    assert running.start(f"{slug}__frame", billingAddress=IN_BERLIN).status_code == 200


def test_a_countrys_own_rate_and_a_country_nothing_is_posted_to(running: Running) -> None:
    platform(running, shipping_countries={"US": None, "DE": Cents(1_850)})
    slug = publish(running, tiers=(SHIRT,))
    elsewhere = {**IN_BERLIN, "country": "FR"}

    abroad = quoted(running, slug, shippingAddress=IN_BERLIN)
    refused = asked(running, slug, shippingAddress=elsewhere)

    assert (abroad["totals"]["shipping"], abroad["states"]["shipping"]) == (1_850, "quoted")
    assert (refused.status_code, refused.json()["error"]) == (400, "not_posted_to")
    assert list(refused.json()["fields"]) == ["shippingAddress.country"]


def test_a_way_of_posting_nobody_knows_is_refused_by_field(running: Running) -> None:
    slug = publish(running, tiers=(SHIRT,))

    refused = asked(running, slug, shippingOption="by_owl")

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_shipping_option")
    assert list(refused.json()["fields"]) == ["shippingOption"]


def test_the_postage_alone_can_be_asked_for(running: Running) -> None:
    platform(running, carrier=FORGETFUL)
    slug = publish(running, tiers=(SHIRT,), shipping_options=SIGNED)

    nowhere = asked(running, slug, "/shipping/quote", campaignSlug=slug)
    here = asked(running, slug, "/shipping/quote", campaignSlug=slug, shippingAddress=AT_HOME)

    assert (nowhere.status_code, nowhere.json()["state"]) == (200, "needs_input")
    assert here.json()["totalShippingCents"] == 545
    assert here.json()["states"] == {"shipping": "quoted"}
    assert [option["id"] for option in here.json()["options"]] == ["standard", *SIGNED]
    assert here.json()["quotes"][0]["service"] == "USPS_GROUND_ADVANTAGE"


def test_the_postage_of_a_flat_rate_waits_for_a_destination_too(running: Running) -> None:
    slug = publish(running, tiers=(SHIRT,))

    nowhere = asked(running, slug, "/shipping/quote")
    here = asked(running, slug, "/shipping/quote", shippingAddress=AT_HOME)

    assert (nowhere.json()["totalShippingCents"], nowhere.json()["state"]) == (300, "needs_input")
    assert (here.json()["totalShippingCents"], here.json()["state"]) == (300, "fallback_used")


def test_the_tax_of_two_sums_can_be_asked_for(running: Running) -> None:
    body = {"subtotalCents": 5_000, "shippingCents": 300}

    nowhere = asked(running, "", "/tax/quote", **body)
    here = asked(running, "", "/tax/quote", **body, shippingAddress=AT_HOME)

    assert (nowhere.status_code, nowhere.json()["state"]) == (200, "needs_input")
    assert (here.json()["taxCents"], here.json()["state"]) == (394, "quoted")
    assert here.json()["taxDetails"]["provider"] == "flat"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"subtotalCents": 0}, id="zero"),
        pytest.param({"subtotalCents": 100_000_001}, id="above a million"),
        pytest.param({"subtotalCents": 50.5}, id="half a cent"),
        pytest.param({"subtotalCents": 1, "shippingCents": -1}, id="negative postage"),
        pytest.param({"subtotalCents": 1, "rate": 0}, id="a rate of one's own"),
        pytest.param({"subtotalCents": 1, "billingAddress": {"country": "X"}}, id="no country"),
    ],
)
def test_sums_that_are_none_are_refused(running: Running, body: dict[str, Any]) -> None:
    assert asked(running, "", "/tax/quote", **body).status_code == 400


@pytest.mark.parametrize(
    ("body", "collected"),
    [
        pytest.param({"shipping_address": HOME}, ["US"], id="where the quote holds"),
        pytest.param({}, ["DE", "US"], id="everywhere things are posted to"),
    ],
)
async def test_stripes_page_collects_addresses_only_where_the_price_holds(
    floor: Floor, checkout: Checkout, sandbox: Sandbox, body: dict[str, Any], collected: list[str]
) -> None:
    rules = PlatformDefinition(version=1, shipping_countries={"US": None, "DE": None})
    await floor.do(campaigns.upsert_platform, rules)
    film = await floor.publish(tiers=(SHIRT,))
    settings = msgspec.structs.replace(checkout.settings, stripe_publishable_key="")
    hosted = Checkout(checkout.pool, checkout.stripe, settings)

    started = await start_checkout(hosted, a_cart(f"{film.slug}__frame", **body), None)

    session = sandbox.session(started.session_id)
    allowed = session["shipping_address_collection"]["allowed_countries"]
    assert sorted(allowed) == collected

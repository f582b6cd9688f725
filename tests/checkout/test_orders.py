"""An order's life: deadlines, what the ledger says, and what Stripe is asked for."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.events.checkout import StockLevel
from contracts.ids import CampaignSlug, OrderId
from contracts.pricing import Address
from contracts.refusals import InputRefused
from services.checkout.domain.bodies import require_address
from services.checkout.domain.orders import (
    CampaignShare,
    Door,
    Order,
    is_too_late,
    order_hash,
    public_status,
    status_of,
)
from services.checkout.domain.sessions import METADATA_LENGTH_MAX, fitting, params_for
from services.checkout.domain.stock import remaining, things_of
from services.checkout.domain.stripe_objects import session_form
from tests.checkout.samples import a_campaign, a_tier
from tests.checkout.test_pricing import priced

DEADLINE = datetime(2026, 3, 1, 7, tzinfo=UTC)
ORDER = OrderId("pool-intent-0123456789abcdef0123456789abcdef")


def a_door(*, is_drained: bool = False) -> Door:
    return Door(slug=CampaignSlug("film"), deadline_at=DEADLINE, is_drained=is_drained)


def an_order(**facts: Any) -> Order:
    return Order(
        **{
            "order_id": ORDER,
            "status": "opening",
            "request_hash": "x",
            "language": "en",
            "ui_mode": "custom",
            "pledges": priced(a_tier()),
            "page": CampaignSlug("film"),
            "created_at": DEADLINE,
            **facts,
        }
    )


def shares(*states: str) -> list[CampaignShare]:
    return [
        CampaignShare(campaign=CampaignSlug(f"c{n}"), state=state)  # type: ignore[arg-type]
        for n, state in enumerate(states)
    ]


def test_the_deadline_itself_is_too_late_for_a_card() -> None:
    assert not is_too_late(a_door(), DEADLINE - timedelta(seconds=1))
    assert is_too_late(a_door(), DEADLINE)


def test_after_the_drain_nothing_counts_whenever_it_happened() -> None:
    assert is_too_late(a_door(is_drained=True), DEADLINE - timedelta(days=1))


def test_the_hash_names_a_set_whatever_its_order() -> None:
    expected = hashlib.sha256(b"a\nb\nc").hexdigest()

    assert order_hash(["c", "a", "b"]) == order_hash(["a", "b", "c"]) == expected
    assert order_hash([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (("completed",), "completed"),
        (("persisted",), "persisted"),
        (("persisted", "completed"), "completed"),
        (("persisted", "refused"), "persisted"),
        (("refused", "refused"), "too_late"),
        (("refused", "completed"), "completed"),
    ],
)
def test_an_order_is_persisted_when_every_share_that_stands_is(
    states: tuple[str, ...], status: str
) -> None:
    assert status_of(shares(*states), "completed") == status


def test_opening_is_a_kind_of_open_to_people() -> None:
    assert public_status("opening") == "open"
    assert public_status("too_late") == "too_late"


def test_a_session_on_our_page_asks_for_a_card_and_nothing_else() -> None:
    form = session_form(params_for(an_order(), site_base="https://pool.example/"), "cus_1")

    assert form == {
        "mode": "setup",
        "ui_mode": "elements",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": ORDER,
        "customer": "cus_1",
        "expires_at": int((DEADLINE + timedelta(minutes=30, seconds=20)).timestamp()),
        "locale": "en",
        "metadata": {"orderId": ORDER, "campaigns": "film", "amountCents": "5644"},
        "setup_intent_data": {"metadata": {"orderId": ORDER}},
        "return_url": (
            "https://pool.example/campaigns/film/pledge-success/"
            f"?order={ORDER}&session_id={{CHECKOUT_SESSION_ID}}"
        ),
        "consent_collection": {"payment_method_reuse_agreement": {"position": "hidden"}},
    }


def test_stripes_own_page_speaks_the_language_and_asks_where_to_post() -> None:
    order = an_order(ui_mode="hosted", language="es", pledges=priced(a_tier(category="physical")))
    form = session_form(params_for(order, site_base="https://pool.example"), None)

    assert form["ui_mode"] == "hosted_page"
    assert form["customer_creation"] == "always"
    assert form["locale"] == "es"
    assert form["success_url"].startswith("https://pool.example/es/campaigns/film/pledge-success/")
    assert form["cancel_url"].startswith("https://pool.example/es/campaigns/film/pledge-cancel/")
    assert len(form["shipping_address_collection"]["allowed_countries"]) == 51
    assert "return_url" not in form


def test_metadata_never_outgrows_stripes_limit() -> None:
    slugs = [f"campaign-with-a-rather-long-name-{n}" for n in range(100)]
    text = fitting(slugs)
    named, _, rest = text.rpartition(",+")

    assert len(text) <= METADATA_LENGTH_MAX
    assert len(named.split(",")) + int(rest) == 100
    assert fitting(["x" * 600]) == "+1"
    assert fitting(slugs[:2]) == ",".join(slugs[:2])


def test_a_limit_below_what_is_held_leaves_none() -> None:
    assert remaining(StockLevel(limit_total=2, claimed=3, reserved=1)) == 0
    assert remaining(StockLevel(limit_total=5, claimed=3, reserved=1)) == 1


def test_no_limit_and_zero_are_unlimited() -> None:
    film = a_campaign("film", tiers=(a_tier("a", limit_total=0), a_tier("b", limit_total=3)))

    limits = {each.thing.item_id: each.limit_total for each in things_of(film)}

    assert limits == {"a": None, "b": 3}


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        pytest.param(None, ["shippingAddress"], id="none at all"),
        pytest.param(
            Address(),
            [
                "shippingAddress.country",
                "shippingAddress.postalCode",
                "shippingAddress.name",
                "shippingAddress.address1",
            ],
            id="an empty one",
        ),
        pytest.param(
            Address(name="N", address1="1 St", postal_code="87101", country="USA"),
            ["shippingAddress.country"],
            id="three letters",
        ),
    ],
)
def test_what_is_posted_needs_an_address(address: Address | None, fields: list[str]) -> None:
    with pytest.raises(InputRefused) as refused:
        require_address(address, "shippingAddress", is_posted_to=True)

    assert list(refused.value.fields) == fields

"""Starting a checkout against the sandbox: one session, nothing leaked, nothing twice."""

import asyncio
from typing import Any

import msgspec
import pytest

from contracts.pricing import Address
from contracts.refusals import InputRefused, StateRefused, Unavailable
from services.checkout.handlers.intend_order import intend
from services.checkout.queries import customers, orders
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.start_checkout import _hashed, start_checkout
from services.checkout.stripe_gateway import StripeGateway
from tests.checkout.floor import Floor, settled
from tests.checkout.samples import a_cart, a_tier, an_email
from tests.checkout.sandbox import Sandbox
from tests.support.unlimited import unlimited

HOME = Address(name="Noor", address1="1 Main St", postal_code="87101", country="US")


async def count(floor: Floor, table: str) -> int:
    found: int = await floor.owner.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def test_a_start_reserves_opens_and_tells_the_price(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=2),))

    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame", email=an_email()), None)
    order = await floor.order(started.order_id)
    session = sandbox.session(started.session_id)

    assert (started.checkout_ui_mode, started.url) == ("custom", None)
    assert started.client_secret == session["client_secret"]
    assert started.publishable_key == "pk_test_sandbox"
    assert started.totals.amount == 5_644
    assert (order.status, order.session_id) == ("open", started.session_id)
    assert (await floor.stock(film.slug))["frame"].reserved == 1
    assert session["mode"] == "setup"
    assert session["client_reference_id"] == started.order_id
    assert session["metadata"]["orderId"] == started.order_id
    assert 1_800 <= session["expires_at"] - session["created"] <= 1_830


async def test_without_a_publishable_key_the_card_step_is_stripes_page(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(category="physical"),))
    settings = msgspec.structs.replace(checkout.settings, stripe_publishable_key="")
    hosted = Checkout(checkout.pool, checkout.stripe, settings)

    started = await start_checkout(hosted, a_cart(f"{film.slug}__frame"), None)
    session = sandbox.session(started.session_id)

    assert started.checkout_ui_mode == "hosted"
    assert started.url == session["url"]
    assert started.client_secret is None
    assert session["customer_creation"] == "always"
    assert "NZ" not in session["shipping_address_collection"]["allowed_countries"]


async def test_an_address_has_one_customer_however_it_is_written(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film, email = await floor.publish(), an_email()
    cart = a_cart(f"{film.slug}__frame", email=email)

    first = await start_checkout(checkout, cart, None)
    other = await start_checkout(checkout, msgspec.structs.replace(cart, email=email.upper()), None)
    at_once, _ = await settled(*(start_checkout(checkout, cart, None) for _ in range(4)))

    customer_ids = {
        sandbox.session(each.session_id)["customer"] for each in (first, other, *at_once)
    }
    assert len(customer_ids) == 1
    assert await count(floor, "stripe_customers") == 1


async def test_first_starts_of_one_person_at_once_all_open(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film, email = await floor.publish(), an_email()
    cart = a_cart(f"{film.slug}__frame", email=email)

    sandbox.faults(latency_ms=200)
    opened, failed = await settled(*(start_checkout(checkout, cart, None) for _ in range(6)))
    sandbox.faults(reset=True)

    assert failed == []
    assert len({sandbox.session(each.session_id)["customer"] for each in opened}) == 1


async def test_the_same_key_brings_the_first_session_again(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", email=an_email())

    first = await start_checkout(checkout, cart, "key-1")
    again = await start_checkout(checkout, cart, "key-1")

    assert again == first
    assert (await floor.stock(film.slug))["frame"].reserved == 1


async def test_a_double_click_is_one_checkout(floor: Floor, checkout: Checkout) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    cart = a_cart(f"{film.slug}__frame")

    answers = await asyncio.gather(*(start_checkout(checkout, cart, "click") for _ in range(5)))

    assert len({answer.session_id for answer in answers}) == 1
    assert (await floor.stock(film.slug))["frame"].reserved == 1
    assert await count(floor, "orders") == 1


async def test_the_same_key_for_another_cart_is_a_conflict(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(is_stackable=True), a_tier("other")))
    await start_checkout(checkout, a_cart(f"{film.slug}__frame"), "key")

    with pytest.raises(StateRefused, match="conflict"):
        await start_checkout(checkout, a_cart(f"{film.slug}__other"), "key")


async def test_the_key_of_a_checkout_that_is_over_is_a_conflict(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish()
    cart = a_cart(f"{film.slug}__frame")
    order = await floor.order((await start_checkout(checkout, cart, "key")).order_id)
    await floor.complete(order)

    with pytest.raises(StateRefused, match="conflict") as refused:
        await start_checkout(checkout, cart, "key")

    assert refused.value.extra["orderId"] == order.order_id


async def test_keys_are_not_kept(floor: Floor, checkout: Checkout) -> None:
    film = await floor.publish()
    await start_checkout(checkout, a_cart(f"{film.slug}__frame"), "a-key-of-a-browser")

    kept = await floor.owner.fetchval("SELECT idempotency_hash FROM orders")

    assert len(kept) == 64
    assert "browser" not in kept


async def test_a_price_nobody_has_seen_is_not_taken(floor: Floor, checkout: Checkout) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", expected_amount=5_643)

    with pytest.raises(StateRefused, match="price_changed") as refused:
        await start_checkout(checkout, cart, None)

    extra: dict[str, Any] = refused.value.extra
    assert extra["totals"].amount == 5_644
    assert extra["campaigns"][0].campaign_slug == film.slug
    assert extra["states"] == {"tax": "quoted", "shipping": "quoted"}
    assert (await floor.stock(film.slug))["frame"].reserved == 0
    assert await count(floor, "orders") == 0


async def test_what_is_posted_needs_an_address_on_our_own_page(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(category="physical"),))

    with pytest.raises(InputRefused) as refused:
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    started = await start_checkout(
        checkout, a_cart(f"{film.slug}__frame", shipping_address=HOME), None
    )

    assert list(refused.value.fields) == ["shippingAddress"]
    assert (await floor.order(started.order_id)).shipping_address == HOME


async def test_an_address_of_nobody_is_refused_before_anything_is_kept(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish()

    with pytest.raises(InputRefused) as refused:
        await start_checkout(checkout, a_cart(f"{film.slug}__frame", email="noor@"), None)

    assert list(refused.value.fields) == ["email"]
    assert await count(floor, "orders") == 0


async def test_when_stripe_fails_units_are_free_and_the_same_key_may_try_again(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", email=an_email())
    sandbox.faults(error_rate=1)

    with pytest.raises(Unavailable, match="stripe_away") as refused:
        await start_checkout(checkout, cart, "key")
    freed = (await floor.stock(film.slug))["frame"]
    sandbox.faults(reset=True)
    started = await start_checkout(checkout, cart, "key")

    assert refused.value.retry_after_seconds > 0
    assert freed.reserved == 0
    assert (await floor.order(started.order_id)).status == "open"
    assert (await floor.stock(film.slug))["frame"].reserved == 1


async def test_nobody_at_stripes_address_is_a_503_too(floor: Floor, checkout: Checkout) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    away = StripeGateway(
        checkout.settings.stripe_secret_key, api_base="http://127.0.0.1:9", budget=unlimited()
    )

    with pytest.raises(Unavailable, match="stripe_away"):
        await start_checkout(
            Checkout(checkout.pool, away, checkout.settings), a_cart(f"{film.slug}__frame"), None
        )
    await away.close()

    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_a_wrong_secret_key_frees_the_units_at_once(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    secret = type(checkout.settings.stripe_secret_key)("sk_test_wrong")
    stranger = StripeGateway(secret, api_base=sandbox.url, budget=unlimited())

    with pytest.raises(Unavailable, match="stripe_refused"):
        await start_checkout(
            Checkout(checkout.pool, stranger, checkout.settings),
            a_cart(f"{film.slug}__frame"),
            None,
        )
    await stranger.close()

    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_an_order_given_up_meanwhile_hands_out_no_session(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    sandbox.faults(latency_ms=600)
    starting = asyncio.create_task(start_checkout(checkout, a_cart(f"{film.slug}__frame"), None))
    async with asyncio.timeout(5):
        while await count(floor, "orders") == 0:  # noqa: ASYNC110 (it happens in a database)
            await asyncio.sleep(0.02)
    await floor.owner.execute("UPDATE orders SET status = 'abandoned'")

    with pytest.raises(Unavailable, match="busy"):
        await starting
    sandbox.faults(reset=True)
    answer = sandbox.http.get("/v1/checkout/sessions", params={"status": "open", "limit": 100})

    order_id = await floor.owner.fetchval("SELECT order_id FROM orders")
    open_now = [each["client_reference_id"] for each in answer.json()["data"]]
    assert order_id not in open_now


async def test_the_customer_found_at_completion_is_the_supporters_from_then_on(
    floor: Floor,
) -> None:
    film = await floor.publish()
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))
    assert order.supporter_id is not None

    known = await floor.do(customers.ensure_customer, order.supporter_id, "x@y.example")
    told = {order.supporter_id: ("x@y.example", "cus_other")}
    kept = await floor.do(customers.record_customers, told)

    assert (known.customer_id, kept) == ("cus_1", {order.supporter_id: "cus_1"})


async def test_two_carts_with_one_key_are_one_intention(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    cart = a_cart(f"{film.slug}__frame")

    made, refused = await settled(
        *(floor.do(intend, cart, ui_mode="custom", hashed="h") for _ in range(6))
    )

    assert (len(made), len(refused)) == (1, 5)
    assert await floor.do(orders.find_by_key, "h") == made[0].order.order_id
    assert (await floor.stock(film.slug))["frame"].reserved == 1


async def test_a_start_whose_process_died_is_made_anew_with_its_own_units(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", email=an_email())
    first = await start_checkout(checkout, cart, "key")
    # As it was when the process died: reserved, and no session known.
    await floor.owner.execute(
        """
        ALTER TABLE orders DISABLE TRIGGER orders_only_go_forward;
        UPDATE orders
        SET status = 'opening', session_id = NULL,
            started_at = clock_timestamp() - interval '9 seconds';
        ALTER TABLE orders ENABLE TRIGGER orders_only_go_forward;
        """
    )

    again, rivals = await asyncio.gather(
        start_checkout(checkout, cart, "key"),
        settled(*(floor.intend(a_cart(f"{film.slug}__frame")) for _ in range(5))),
    )

    assert again.order_id != first.order_id
    assert (await floor.order(first.order_id)).status == "abandoned"
    assert (await floor.order(again.order_id)).status == "open"
    assert rivals[0] == []
    assert (await floor.stock(film.slug))["frame"].reserved == 1
    await floor.assert_units_add_up()


async def test_two_repetitions_of_a_start_that_was_left_get_one_order(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", email=an_email())
    left = (await floor.do(intend, cart, ui_mode="custom", hashed=_hashed(checkout, "key"))).order
    await floor.owner.execute(
        "UPDATE orders SET started_at = clock_timestamp() - interval '11 seconds'"
    )

    both = await asyncio.gather(*(start_checkout(checkout, cart, "key") for _ in range(2)))

    assert len({each.order_id for each in both}) == 1
    assert (await floor.order(left.order_id)).status == "abandoned"
    assert (await floor.stock(film.slug))["frame"].reserved == 1


async def test_two_starts_at_once_with_one_key_share_the_last_unit(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    cart = a_cart(f"{film.slug}__frame", email=an_email())

    started = await asyncio.gather(*(start_checkout(checkout, cart, "key") for _ in range(4)))

    assert len({each.session_id for each in started}) == 1

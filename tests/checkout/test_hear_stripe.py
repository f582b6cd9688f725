"""What Stripe tells us: believed only when signed, stored once, applied once, never lost."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from contracts.events.checkout import CheckoutCompleted
from contracts.refusals import InputRefused, NotAuthenticated, Unavailable
from services.chassis.storage.database import open_pool
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.steps.apply_stripe import Applying, Round
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.steps.store_event import store_delivery
from services.checkout.stripe_gateway import StripeGateway
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier
from tests.checkout.sandbox import WEBHOOK_SECRET, Sandbox
from tests.checkout.webhooks import a_session, an_event, apply_due, signed, tell
from tests.support.stack import Database


async def outcomes(floor: Floor) -> list[tuple[str | None, str | None]]:
    rows = await floor.owner.fetch("SELECT outcome, error FROM stripe_events ORDER BY received_at")
    return [(row["outcome"], row["error"]) for row in rows]


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="none"),
        pytest.param("t=1,v1=00", id="old and wrong"),
        pytest.param("nonsense", id="not a signature"),
        pytest.param("t=abc,v1=é", id="not even text"),
    ],
)
async def test_what_is_not_signed_is_refused(
    floor: Floor, checkout: Checkout, signature: str
) -> None:
    with pytest.raises(NotAuthenticated, match="invalid_signature"):
        await tell(floor, checkout.settings, an_event({}), signature)

    assert await outcomes(floor) == []


async def test_the_database_is_not_asked_before_the_signature_holds(checkout: Checkout) -> None:
    nowhere = Mock(spec=())

    with pytest.raises(NotAuthenticated):
        await store_delivery(nowhere, b"{}", "", settings=checkout.settings)


async def test_stripe_waits_for_one_statement(
    floor: Floor, checkout: Checkout, database: Database
) -> None:
    said: list[str] = []
    one = await open_pool(database.url("checkout"), schema="checkout", size_max=1)
    async with one.acquire() as conn:
        conn.add_query_logger(lambda query: said.append(query.query))
    event = msgspec.json.encode(an_event(a_session("pool-intent-1", "cs_1")))

    is_new = [
        await store_delivery(one, event, signed(event), settings=checkout.settings)
        for _ in range(2)
    ]
    await one.close()

    assert is_new == [True, False]
    assert [query.split()[:2] for query in said] == [["INSERT", "INTO"]] * 2
    assert await outcomes(floor) == [(None, None)]


async def test_a_signature_of_other_bytes_or_too_old_is_refused(
    floor: Floor, checkout: Checkout
) -> None:
    raw = msgspec.json.encode(an_event(a_session("x", "cs_1")))
    for signature in (
        signed(raw + b" "),
        signed(raw, secret="whsec_other"),
        signed(raw, age_seconds=301),
    ):
        with pytest.raises(NotAuthenticated):
            await store_delivery(floor.pool, raw, signature, settings=checkout.settings)


async def test_without_a_secret_nothing_is_taken_and_stripe_will_come_again(
    floor: Floor, checkout: Checkout
) -> None:
    secret = type(checkout.settings.stripe_webhook_secret)
    unset = msgspec.structs.replace(checkout.settings, stripe_webhook_secret=secret(""))

    with pytest.raises(Unavailable, match="webhook_not_configured"):
        await tell(floor, unset, an_event({}))


async def test_two_secrets_hold_while_one_is_replaced(floor: Floor, checkout: Checkout) -> None:
    secret = type(checkout.settings.stripe_webhook_secret)
    both = msgspec.structs.replace(
        checkout.settings, stripe_webhook_secret=secret(f"whsec_new,{WEBHOOK_SECRET}")
    )

    assert await tell(floor, both, an_event(a_session("pool-intent-1", "cs_1")))


async def test_signed_nonsense_is_a_400(floor: Floor, checkout: Checkout) -> None:
    for raw in (b"[]", b"{", b'{"id": 1}', b"[" * 3_000):
        with pytest.raises(InputRefused):
            await store_delivery(floor.pool, raw, signed(raw), settings=checkout.settings)


async def test_the_other_mode_is_answered_and_ignored(floor: Floor, checkout: Checkout) -> None:
    live = an_event(a_session("pool-intent-1", "cs_1"), livemode=True)

    assert await tell(floor, checkout.settings, live) is False
    assert await outcomes(floor) == []


async def test_what_concerns_no_order_of_ours_is_kept_as_ignored(
    floor: Floor, checkout: Checkout
) -> None:
    strangers = [
        {**an_event({}), "type": "balance.available"},
        an_event({"id": "cs_2", "mode": "payment", "metadata": {"orderId": "x"}}),
        an_event({"id": "cs_3", "mode": "setup", "metadata": None}),
    ]

    told = [await tell(floor, checkout.settings, event) for event in strangers]

    assert told == [False, False, False]
    assert await outcomes(floor) == [("ignored", None)] * 3


async def test_a_completed_session_told_three_times_completes_once_at_stripes_time(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=77)
    event = an_event(a_session(started.order_id, started.session_id), created=int(at.timestamp()))

    news = [await tell(floor, checkout.settings, event) for _ in range(3)]
    copy = {**event, "id": "evt_copy", "created": int(at.timestamp()) + 50}
    await tell(floor, checkout.settings, copy)
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))
    (said,) = await floor.said(CheckoutCompleted, started.order_id)

    assert news == [True, False, False]
    assert said.completed_at == at
    assert said.card.last4 == "4242"
    assert said.card.customer_id.startswith("cus_")
    assert said.email == "noor@halfmoon.example"
    assert await outcomes(floor) == [("applied", None)] * 2
    assert (await floor.stock(film.slug))["frame"].claimed == 1


async def test_without_the_event_the_attempts_time_counts(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    before = int(time.time())
    sandbox.save_card(started.session_id).raise_for_status()

    order = await decide_order(
        floor.pool, checkout.stripe, (await floor.order(started.order_id)).order_id
    )

    assert order.completed_at is not None
    assert before <= order.completed_at.timestamp() <= time.time()
    assert order.completed_at.microsecond == 0


async def test_the_webhook_before_our_own_record_completes_the_order(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()
    await _as_before_the_record(floor)

    await tell(floor, checkout.settings, an_event(a_session(started.order_id, started.session_id)))
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    order = await floor.order(started.order_id)
    assert (order.status, order.session_id) == ("completed", started.session_id)


async def test_an_expired_session_frees_its_units(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)

    await tell(
        floor,
        checkout.settings,
        an_event(a_session(started.order_id, started.session_id), "expired"),
    )
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    assert (await floor.order(started.order_id)).status == "expired"
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_an_event_of_an_unknown_order_waits_ten_minutes_and_is_then_seen(
    floor: Floor, checkout: Checkout
) -> None:
    await tell(floor, checkout.settings, an_event(a_session("pool-intent-nobody", "cs_1")))

    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))
    waiting = await outcomes(floor)
    await floor.owner.execute(
        "UPDATE stripe_events SET due_at = now(), received_at = now() - interval '11 minutes'"
    )
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    assert waiting == [(None, "unknown order")]
    assert await outcomes(floor) == [("parked", "unknown order")]


async def test_an_expired_session_of_an_order_a_restore_lost_needs_nothing(
    floor: Floor, checkout: Checkout
) -> None:
    lost = a_session("pool-intent-nobody", "cs_1")
    await tell(floor, checkout.settings, an_event(lost, "expired"))

    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    assert await outcomes(floor) == [("applied", None)]


async def test_an_event_that_names_somebody_elses_session_is_parked(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    mine, other = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    sandbox.save_card(other.session_id).raise_for_status()
    await _as_before_the_record(floor, mine.order_id)

    await tell(floor, checkout.settings, an_event(a_session(mine.order_id, other.session_id)))
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    assert await outcomes(floor) == [("parked", "conflict")]
    assert (await floor.order(mine.order_id)).status == "opening"


async def test_while_stripe_is_away_an_event_waits_and_nothing_is_parked(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    started = await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None)
    sandbox.save_card(started.session_id).raise_for_status()
    await tell(floor, checkout.settings, an_event(a_session(started.order_id, started.session_id)))
    sandbox.faults(error_rate=1)

    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))
    waiting = await outcomes(floor)
    sandbox.faults(reset=True)
    await floor.owner.execute("UPDATE stripe_events SET due_at = now()")
    await apply_due(Applying(floor.pool, checkout.stripe, checkout.limits))

    assert waiting == [(None, "StripeUnknown")]
    assert await outcomes(floor) == [("applied", None)]
    assert (await floor.order(started.order_id)).status == "completed"


async def _as_before_the_record(floor: Floor, order_id: str | None = None) -> None:
    """Put orders back to where a crash before the record would have left them."""
    await floor.owner.execute("ALTER TABLE orders DISABLE TRIGGER orders_only_go_forward")
    await floor.owner.execute(
        """
        UPDATE orders SET status = 'opening', session_id = NULL
        WHERE $1::text IS NULL OR order_id = $1
        """,
        order_id,
    )
    await floor.owner.execute("ALTER TABLE orders ENABLE TRIGGER orders_only_go_forward")


class Hesitant:
    """A Stripe that keeps one session's reader waiting until it is told to go on."""

    def __init__(self, stripe: StripeGateway, session_id: str) -> None:
        self._stripe = stripe
        self._session_id = session_id
        self.goes_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stripe, name)

    async def read_session(self, session_id: str) -> SessionState:
        if session_id == self._session_id:
            await self.goes_on.wait()
        return await self._stripe.read_session(session_id)


class Garbled(Hesitant):
    """A Stripe whose answer about one session is not like any we know."""

    async def read_session(self, session_id: str) -> SessionState:
        if session_id == self._session_id:
            raise KeyError("created")
        return await self._stripe.read_session(session_id)


async def test_a_session_nobody_can_read_keeps_no_other_from_being_completed(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    odd, plain = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    for started in (odd, plain):
        sandbox.save_card(started.session_id).raise_for_status()
        session = a_session(started.order_id, started.session_id)
        await tell(floor, checkout.settings, an_event(session))
    stripe = Garbled(checkout.stripe, odd.session_id)

    await apply_due(Applying(floor.pool, stripe, checkout.limits))  # type: ignore[arg-type]

    assert (await floor.order(plain.order_id)).status == "completed"
    assert (await floor.order(odd.order_id)).status == "open"
    assert sorted(await outcomes(floor), key=str) == [("applied", None), (None, "KeyError")]


async def test_an_event_that_waits_for_stripe_holds_up_no_other(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    slow, quick = [
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None) for _ in range(2)
    ]
    for started in (slow, quick):
        sandbox.save_card(started.session_id).raise_for_status()
    stripe = Hesitant(checkout.stripe, slow.session_id)
    round_ = Round(Applying(floor.pool, stripe, checkout.limits))  # type: ignore[arg-type]

    await tell(floor, checkout.settings, an_event(a_session(slow.order_id, slow.session_id)))
    took = [await round_.take(), await round_.take()]
    await tell(floor, checkout.settings, an_event(a_session(quick.order_id, quick.session_id)))
    took.append(await round_.take())
    async with asyncio.timeout(20):
        while (await floor.order(quick.order_id)).status != "completed":
            await round_.gather(0.05)
    waits = (await floor.order(slow.order_id)).status
    stripe.goes_on.set()
    await round_.gather(20)

    assert took == [1, 0, 1]
    assert waits == "open"
    assert (await floor.order(slow.order_id)).status == "completed"
    assert round_.is_idle
    assert await outcomes(floor) == [("applied", None)] * 2

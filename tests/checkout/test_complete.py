"""A saved card completes an order once, whoever tells us and how often."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from contracts.consent import CONSENT_VERSION, TEXTS
from contracts.events.checkout import CheckoutCompleted, CheckoutRefused, Consent
from contracts.events.pledges import TotalsChanged
from contracts.ids import CampaignSlug, OrderId, supporter_id
from contracts.money import Cents
from contracts.pricing import Address
from services.chassis.storage.database import transaction
from services.checkout.domain.bodies import ConsentBody
from services.checkout.domain.stock import Thing, Units
from services.checkout.handlers.hear_pledges import hear_created, hear_many_created, hear_totals
from services.checkout.queries import customers, stock
from tests.checkout.floor import Floor
from tests.checkout.samples import CARD, a_cart, a_tier, an_email, an_event_id, created


async def test_completing_says_everything_the_ledger_needs(floor: Floor) -> None:
    film = await floor.publish(version=4, tiers=(a_tier(category="physical"),))
    home = Address(name="Noor", address1="1 St", postal_code="87101", country="US")
    cart = a_cart(
        f"{film.slug}__frame",
        email="Noor@Halfmoon.example",
        preferred_lang="es-MX",
        shipping_address=home,
        consent=ConsentBody(version=CONSENT_VERSION, language="es"),
        ref="poster",
        utm_source="radio",
    )
    at = datetime.now(UTC).replace(microsecond=0)

    order = await floor.complete(await floor.open(cart), at=at, email="other@halfmoon.example")
    (event,) = await floor.said(CheckoutCompleted, order.order_id)
    (pledge,) = event.pledges

    assert (event.email, event.language) == ("noor@halfmoon.example", "es")
    assert event.supporter_id == supporter_id("noor@halfmoon.example")
    assert (event.card, event.completed_at) == (CARD, at)
    assert event.consent == Consent(
        version=CONSENT_VERSION,
        language="es",
        given_at=at,
        hash=TEXTS[CONSENT_VERSION, "es"].sha256,
    )
    assert (event.attribution.ref, event.attribution.utm_source) == ("poster", "radio")
    assert event.shipping_address == home
    assert (pledge.pledge_id, pledge.definition_version) == (order.order_id, 4)
    assert pledge.price.total_cents == 5_944


async def test_without_an_email_in_the_cart_the_one_given_to_stripe_counts(floor: Floor) -> None:
    film = await floor.publish()

    order = await floor.complete(
        await floor.open(a_cart(f"{film.slug}__frame")), email="A@B.EXAMPLE"
    )

    assert order.email == "a@b.example"
    assert order.supporter_id == supporter_id("a@b.example")


async def test_nobody_is_not_a_supporter(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=1),))

    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")), email=None)

    assert order.status == "abandoned"
    assert await floor.said(CheckoutCompleted, order.order_id) == []
    assert (await floor.stock(film.slug))["frame"].reserved == 0


async def test_ten_at_once_complete_an_order_once(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=3),))
    order = await floor.open(a_cart(f"{film.slug}__frame"))

    ended = await asyncio.gather(*(floor.complete(order) for _ in range(10)))

    assert {each.status for each in ended} == {"completed"}
    assert len(await floor.said(CheckoutCompleted, order.order_id)) == 1
    assert (await floor.stock(film.slug))["frame"].claimed == 1


async def test_one_persons_start_and_completion_do_not_wait_for_each_other(
    floor: Floor,
) -> None:
    film, email = await floor.publish(tiers=(a_tier(limit_total=3),)), an_email()
    order = await floor.open(a_cart(f"{film.slug}__frame", email=email))
    assert order.supporter_id is not None

    # What another start of the same person does, in its order, with a wait in between.
    async with transaction(floor.pool) as conn:
        await customers.ensure_customer(conn, order.supporter_id, email)
        completing = asyncio.create_task(floor.complete(order))
        await asyncio.sleep(0.3)
        thing = Thing(shelf=film.slug, kind="tier", item_id="frame")
        units = Units(thing=thing, campaign=film.slug, quantity=1)
        async with asyncio.timeout(0.5):
            assert await stock.reserve(conn, units)

    assert (await completing).status == "completed"


async def test_the_first_time_counts_and_a_later_telling_changes_nothing(floor: Floor) -> None:
    film = await floor.publish()
    first = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    again = await floor.complete(
        first, at=film.deadline_at + timedelta(days=1), email="x@y.example"
    )

    assert (again.status, again.completed_at, again.email) == (
        "completed",
        first.completed_at,
        first.email,
    )


@pytest.mark.parametrize(
    ("seconds", "status"), [pytest.param(-1, "completed", id="in time"), (0, "too_late")]
)
async def test_stripes_time_decides_about_the_deadline_not_ours(
    floor: Floor, seconds: int, status: str
) -> None:
    film = await floor.publish(deadline_at=datetime.now(UTC) + timedelta(days=1))
    order = await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.move_clock(timedelta(days=2))

    ended = await floor.complete(order, at=film.deadline_at + timedelta(seconds=seconds))
    refused = await floor.said(CheckoutRefused, order.order_id)

    assert ended.status == status
    assert [each.reason for each in refused] == (["deadline_passed"] if seconds == 0 else [])


async def test_an_order_is_persisted_when_all_its_pledges_are_heard_of(floor: Floor) -> None:
    one, two = await floor.publish(), await floor.publish()
    cart = a_cart(f"{one.slug}__frame", f"{two.slug}__frame")
    order = await floor.complete(await floor.open(cart))

    await floor.do(hear_created, created(order, order.pledges[1]))
    await floor.do(hear_created, created(order, order.pledges[1]))
    half = await floor.order(order.order_id)
    await floor.do(hear_created, created(order, order.pledges[0]))

    assert half.status == "completed"
    assert (await floor.order(order.order_id)).status == "persisted"


async def test_many_pledges_heard_of_together_are_what_each_would_be_alone(floor: Floor) -> None:
    one, two = await floor.publish(), await floor.publish()
    plain = await floor.complete(await floor.open(a_cart(f"{one.slug}__frame")))
    bundle, half = [
        await floor.complete(await floor.open(a_cart(f"{one.slug}__frame", f"{two.slug}__frame")))
        for _ in range(2)
    ]
    unknown = msgspec.structs.replace(plain, order_id=OrderId("pool-intent-nobody"))

    told = [
        created(plain),
        created(unknown),
        created(bundle, bundle.pledges[0]),
        created(half, half.pledges[0]),
        created(bundle, bundle.pledges[1]),
        created(plain),
    ]
    await floor.do(hear_many_created, told)

    assert (await floor.order(plain.order_id)).status == "persisted"
    assert (await floor.order(bundle.order_id)).status == "persisted"
    assert (await floor.order(half.order_id)).status == "completed"


async def test_a_pledge_of_an_order_nobody_knows_is_no_fault(floor: Floor) -> None:
    film = await floor.publish()
    order = await floor.open(a_cart(f"{film.slug}__frame"))
    await floor.owner.execute("DELETE FROM order_campaigns")
    await floor.owner.execute("DELETE FROM reservations")
    await floor.owner.execute("DELETE FROM orders")

    await floor.do(hear_created, created(order))


async def test_an_order_never_goes_back(floor: Floor) -> None:
    film = await floor.publish()
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))
    await floor.do(hear_created, created(order))

    for status in ("opening", "open", "completed", "expired", "abandoned", "too_late"):
        with pytest.raises(asyncpg.RaiseError, match="cannot go from persisted"):
            await floor.owner.execute(
                "UPDATE orders SET status = $2 WHERE order_id = $1", order.order_id, status
            )


async def test_the_service_cannot_rewrite_what_stripe_said(floor: Floor) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await floor.pool.execute("UPDATE stripe_events SET payload = NULL")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await floor.pool.execute("DELETE FROM orders")


async def test_totals_heard_late_do_not_shut_a_gate_that_is_open(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier(requires_threshold_cents=10_000),))
    for version, cents in ((2, 10_000), (1, 0)):
        await floor.do(hear_totals, totals(film.slug, version, cents))

    assert await floor.intend(a_cart(f"{film.slug}__frame"))


def totals(slug: str, version: int, cents: int) -> TotalsChanged:
    return TotalsChanged(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        campaign=CampaignSlug(slug),
        version=version,
        pledged_cents=Cents(cents),
        pledge_count=1,
        tier_counts={},
        support_item_cents={},
    )


@pytest.mark.parametrize("word", [7, True, "\x00\x01", "x" * 5_000, "", None], ids=repr)
async def test_a_mistyped_link_is_in_no_pledges_way(floor: Floor, word: object) -> None:
    film = await floor.publish()
    cart = a_cart(f"{film.slug}__frame", ref=word, utm_source="radio")

    order = await floor.complete(await floor.open(cart))
    (event,) = await floor.said(CheckoutCompleted, order.order_id)

    assert event.attribution.ref == (word[:200] if isinstance(word, str) and "x" in word else "")
    assert event.attribution.utm_source == "radio"

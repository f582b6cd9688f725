"""The ledger as a process on a real bus: copies, kills, and the way from order to charge."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable

import asyncpg
import msgspec
import pytest
from nats.js import JetStreamContext

from contracts.events.base import Event
from contracts.events.pledges import (
    ChargeRequested,
    PledgeCreated,
    PledgesCharged,
    TotalsChanged,
)
from contracts.subjects import tag
from tests.pledges.builders import (
    AMOUNT,
    SLUG,
    SUBTOTAL,
    a_definition,
    an_order,
    deadline_passed,
    drained,
    first_pledge,
    paid,
    published,
)
from tests.pledges.conftest import empty
from tests.pledges.process import Process, another_id, eventually, on_the_bus, say
from tests.support.stack import Database


@pytest.fixture
async def process(migrated: Database, nats_url: str) -> AsyncIterator[Process]:
    """A running ledger with nothing in it."""
    owner = await asyncpg.connect(migrated.owner_url)
    await empty(owner)
    await owner.close()
    running = Process(migrated, nats_url)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def bus(process: Process, nats_url: str) -> AsyncIterator[JetStreamContext]:
    """The bus the ledger is on; its streams stand because the ledger is ready."""
    assert process.process is not None
    async with on_the_bus(nats_url) as stream:
        yield stream


async def heard(
    bus: JetStreamContext, durable: str, event: type[Event], *, wanted: int
) -> list[Event]:
    """Take what the ledger said to a listener until so many of one kind were heard."""
    return await heard_until(bus, durable, event, lambda found: len(found) >= wanted)


async def heard_until(
    bus: JetStreamContext,
    durable: str,
    event: type[Event],
    is_enough: Callable[[list[Event]], bool],
) -> list[Event]:
    """Take what the ledger said to a listener until that is enough."""
    subscription = await bus.pull_subscribe_bind(durable=durable, stream="PLEDGES")
    found: list[Event] = []
    async with asyncio.timeout(30):
        while not is_enough(found):
            with contextlib.suppress(TimeoutError):
                for message in await subscription.fetch(64, timeout=0.5):
                    await message.ack()
                    if (message.headers or {}).get("Pool-Type") == tag(event):
                        found.append(msgspec.json.decode(message.data, type=event))
    return found


async def test_the_raw_bytes_five_times_with_and_without_ids_are_one_pledge(
    process: Process, bus: JetStreamContext
) -> None:
    order, last = an_order(), an_order()
    await say(bus, order, order.order_id)
    await say(bus, published(a_definition()), SLUG)
    for message_id in ("", "", None, another_id()):
        await say(bus, order, order.order_id, message_id)
    other_event = msgspec.structs.replace(order, event_id="the same fact in another event")
    await say(bus, other_event, order.order_id)
    await say(bus, last, last.order_id)

    async def both_counted() -> bool:
        return bool((await process.stats(SLUG))["pledgeCount"] == 2)

    await eventually(both_counted)
    created = await heard(bus, "notify-mails", PledgeCreated, wanted=2)

    assert {each.pledge.order_id for each in created} == {order.order_id, last.order_id}
    assert (await process.stats(SLUG))["pledgedAmount"] == 2 * SUBTOTAL
    await process.assert_in_sync()


async def test_killed_again_and_again_it_applies_and_tells_each_order_once(
    process: Process, bus: JetStreamContext
) -> None:
    orders = [an_order() for _ in range(600)]
    await say(bus, published(a_definition()), SLUG)

    async def publish() -> None:
        for order in orders:
            await say(bus, order, order.order_id)

    publishing = asyncio.create_task(publish())
    for delay in (0.3, 0.2, 0.4):
        await asyncio.sleep(delay)
        process.end(signal.SIGKILL)
        await process.start()
    await publishing

    async def all_counted() -> bool:
        return bool((await process.stats(SLUG))["pledgeCount"] == len(orders))

    await eventually(all_counted, seconds=60)
    created = await heard(bus, "notify-mails", PledgeCreated, wanted=len(orders))
    # Orders that are applied together change the totals once.
    totals = await heard_until(
        bus,
        "site-totals",
        TotalsChanged,
        lambda found: bool(found) and found[-1].pledge_count == len(orders),
    )

    assert sorted(each.pledge.order_id for each in created) == sorted(
        order.order_id for order in orders
    )
    assert [each.version for each in totals] == sorted({each.version for each in totals})
    assert totals[-1].pledged_cents == SUBTOTAL * len(orders)
    assert process.end(signal.SIGTERM) == 0
    await process.start()
    await process.assert_in_sync()


async def test_from_the_order_to_the_charge_over_the_bus(
    process: Process, bus: JetStreamContext
) -> None:
    order = an_order(email="noor@halfmoon.example")
    await say(bus, drained([order]), SLUG)
    await say(bus, published(a_definition(goal_cents=SUBTOTAL)), SLUG)
    await say(bus, deadline_passed(), SLUG)
    await say(bus, order, order.order_id)

    (request,) = await heard(bus, "settlement-pledges", ChargeRequested, wanted=1)
    await say(bus, paid(order.email), SLUG)
    (charged,) = await heard(bus, "notify-mails", PledgesCharged, wanted=1)

    assert request.pledge_ids == (first_pledge(order),)
    assert request.card_saved_at is not None
    assert request.amount_cents == charged.notice.total_cents == AMOUNT
    stats = await process.stats(SLUG)
    assert (stats["state"], stats["funded"], stats["collectedAmount"]) == ("post", True, SUBTOTAL)
    await process.assert_in_sync()

    async def none_is_closing() -> bool:
        return "ledger_closing_campaigns 0.0" in (await process.http.get("/metrics")).text

    await eventually(none_is_closing)

"""Where a reward was sent is forgotten once nothing is sent there any more, and not before."""

from typing import Any

import msgspec
import pytest

from services.chassis.storage.database import transaction
from services.pledges.handlers import forget_addresses as handler
from services.pledges.handlers.forget_addresses import forget_addresses
from tests.pledges.builders import DEADLINE, an_order, declined, first_pledge, late, lost, paid
from tests.pledges.ledger import Ledger
from tests.pledges.test_projections import a_whole_life, as_owner, checked, rebuilt


async def forget(ledger: Ledger) -> int:
    async with transaction(ledger.pool) as conn:
        return await forget_addresses(conn)


async def kept(ledger: Ledger, *orders: Any) -> list[bool]:
    """Tell of each order whether its pledge still says where to."""
    pledges = [await ledger.pledge(first_pledge(each)) for each in orders]
    return [each.shipping_address is not None for each in pledges]


async def long_after(ledger: Ledger, days: int) -> None:
    """Move the platform's clock to that many days after the deadline."""
    await ledger.advance(days=days, seconds=(DEADLINE - await ledger.now()).total_seconds())


async def test_what_was_paid_is_kept_for_two_years_and_the_rest_for_ninety_days(
    ledger: Ledger,
) -> None:
    await ledger.open(goal_cents=5_000)
    orders = [an_order(email=f"{name}@a.example") for name in ("paid", "lost", "gone", "failing")]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[2]))
    await ledger.end(orders)
    await ledger.hear(
        paid(orders[0].email),
        declined(orders[1].email, charge="ch_2"),
        declined(orders[3].email, charge="ch_3"),
    )
    await ledger.hear(lost(orders[1].email, charge="ch_2"))
    assert await kept(ledger, *orders) == [True] * 4

    outcomes = []
    for days in (89, 91, 729, 731):
        await long_after(ledger, days)
        outcomes.append((await forget(ledger), await kept(ledger, *orders)))

    assert outcomes == [
        (0, [True, True, True, True]),
        (2, [True, False, False, True]),
        (0, [True, False, False, True]),
        (1, [False, False, False, True]),
    ]


async def test_it_goes_by_portions_and_touches_no_live_pledge(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "PORTION", 1)
    await ledger.open()
    gone, also, live = (an_order(email=f"{name}@a.example") for name in "abc")
    await ledger.hear(gone, also, live)
    for order in (gone, also):
        await ledger.cancel(first_pledge(order))
    await long_after(ledger, 200)

    assert [await forget(ledger) for _ in range(3)] == [1, 1, 0]
    assert await kept(ledger, gone, also, live) == [False, False, True]


async def test_late_support_keeps_its_address_as_long_from_its_own_day_on(ledger: Ledger) -> None:
    await ledger.open(goal_cents=5_000)
    early = an_order(email="early@a.example")
    await ledger.hear(early)
    await ledger.end([early])
    await ledger.hear(paid(early.email))
    await long_after(ledger, 800)
    after = late(an_order(email="after@a.example", completed_at=await ledger.now()))
    await ledger.hear(after)
    charged = paid(after.email, charge="ch_2")
    await ledger.hear(msgspec.structs.replace(charged, purpose=f"late:{after.order_id}"))

    assert (await forget(ledger), await kept(ledger, early, after)) == (1, [False, True])

    await ledger.advance(days=731)
    assert (await forget(ledger), await kept(ledger, early, after)) == (1, [False, False])


async def test_the_check_takes_forgetting_for_no_alteration_and_still_finds_one(
    ledger: Ledger,
) -> None:
    orders = await a_whole_life(ledger)
    await ledger.advance(days=3_000)
    history = await ledger.owner.fetchval("SELECT json_agg(h) FROM pledges.pledge_history AS h")
    assert await forget(ledger) > 1

    assert (await checked(ledger)).in_sync
    assert not (await rebuilt(ledger)).corrected
    assert history == await ledger.owner.fetchval(
        "SELECT json_agg(h) FROM pledges.pledge_history AS h"
    )
    pledge = first_pledge(orders[2])
    await as_owner(
        ledger,
        "UPDATE pledges.pledge_history SET recorded_at = recorded_at - interval '1 day'"
        f" WHERE pledge_id = '{pledge}' AND version = 1",
    )
    found = await checked(ledger)
    assert [(each.what, each.history) for each in found.differences] == [
        (f"{pledge} line 1", "altered")
    ]


TAKING = [
    pytest.param("shipping_address = NULL, email = 'x'", id="more than the address"),
    pytest.param("shipping_address = NULL", id="the address, without the function"),
]


@pytest.mark.parametrize("taken", TAKING)
@pytest.mark.parametrize("said", ["addresses", ""])
async def test_the_service_takes_nothing_off_a_pledge_itself(
    ledger: Ledger, taken: str, said: str
) -> None:
    await ledger.open()
    await ledger.hear(an_order())

    async with transaction(ledger.pool) as conn:
        await conn.execute("SELECT set_config('pledges.forgetting', $1, true)", said)
        with pytest.raises(Exception, match="every_change_is_a_revision"):
            async with conn.transaction():
                await conn.execute(f"UPDATE pledges SET {taken}")

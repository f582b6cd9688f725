"""What is derived can be made again from history, and history itself can be trusted."""

import asyncio
from typing import Any

import msgspec
import pytest

from contracts.events.pledges import TotalsChanged
from contracts.refusals import StateRefused
from services.chassis.storage.database import transaction
from services.pledges.domain.figures import CampaignCheck, IndexRebuilt
from services.pledges.handlers.check_projections import check_all, rebuild_index
from tests.pledges.builders import (
    AMOUNT,
    SLUG,
    an_order,
    declined,
    first_pledge,
    late,
    lost,
    paid,
    refunded,
)
from tests.pledges.ledger import Ledger


async def a_whole_life(ledger: Ledger) -> list[Any]:
    """Let everything happen to a campaign that can."""
    await ledger.open(goal_cents=5_000)
    orders = [an_order(email=f"{name}@halfmoon.example") for name in ("a", "a", "b", "c", "d", "e")]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[5]))
    assert await ledger.end(orders) == "closed"
    await ledger.hear(
        paid(orders[0].email, amount=2 * AMOUNT, charge="ch_a"),
        paid(orders[2].email, charge="ch_b"),
        declined(orders[3].email, charge="ch_c"),
        declined(orders[4].email, charge="ch_d"),
    )
    await ledger.hear(
        lost(orders[4].email, charge="ch_d"), refunded(orders[2].email, 1_000, charge="ch_b")
    )
    await ledger.hear(late(an_order(email="late@halfmoon.example")))
    return orders


async def checked(ledger: Ledger) -> CampaignCheck:
    """Return what the check finds."""
    async with transaction(ledger.pool) as conn:
        (found,) = (await check_all(conn)).campaigns
    return found


async def rebuilt(ledger: Ledger) -> IndexRebuilt:
    """Rebuild as an operator would."""
    async with transaction(ledger.pool) as conn:
        return await rebuild_index(conn, SLUG)


async def as_owner(ledger: Ledger, *statements: str) -> None:
    """Do what a superuser can who switches triggers and foreign keys off."""
    async with ledger.owner.transaction():
        await ledger.owner.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await ledger.owner.execute(statement)


async def derived(ledger: Ledger) -> bytes:
    """Return everything that is derived, as bytes; versions and times are not derived."""
    rows = await ledger.owner.fetch(
        "SELECT (to_jsonb(t) - 'version' - 'updated_at')::text FROM pledges.campaign_totals AS t"
    )
    (*_, newest) = await ledger.told(TotalsChanged)
    said = msgspec.to_builtins(newest)
    for name in ("event_id", "occurred_at", "version"):
        del said[name]
    return b"\n".join([rows[0][0].encode(), msgspec.json.encode(said)])


async def test_what_is_rebuilt_from_history_is_the_same_byte_for_byte(ledger: Ledger) -> None:
    await a_whole_life(ledger)
    live = await derived(ledger)
    untouched = await rebuilt(ledger)
    numbers = await ledger.owner.fetchval(
        "SELECT string_agg(format('%I = 0', attname), ', ') FROM pg_attribute"
        " WHERE attrelid = 'pledges.campaign_totals'::regclass AND attname LIKE '%\\_c%'"
        " AND atttypid = 'bigint'::regtype"
    )
    await as_owner(
        ledger,
        f"UPDATE pledges.campaign_totals SET {numbers}, tier_counts = '{{\"x\": 1}}',"
        " support_item_cents = '{}'",
    )

    again = await rebuilt(ledger)

    assert await derived(ledger) == live
    assert (untouched.corrected, again.corrected, again.in_sync) == (False, True, True)
    assert (untouched.indexed, again.indexed) == (6, 6)
    assert again.version == untouched.version + 1
    assert (await ledger.stats()).recovering_amount == 5_000
    assert (await ledger.stats()).lost_amount == 5_000


ALTERED = [
    pytest.param("recorded_at = recorded_at - interval '1 day'", id="its time"),
    pytest.param("decline_code = 'expired_card'", id="why a bank said no"),
    pytest.param("tax_delta_cents = 0, shipping_delta_cents = 694", id="sums that still add up"),
    pytest.param("lines = jsonb_set(lines, '{0,label}', '\"Other\"')", id="what was chosen"),
    pytest.param("cause = 'something else'", id="its cause"),
]


@pytest.mark.parametrize("change", ALTERED)
async def test_an_altered_line_is_found_and_named(ledger: Ledger, change: str) -> None:
    orders = await a_whole_life(ledger)
    pledge = first_pledge(orders[3])
    version = 2 if "decline" in change else 1
    await as_owner(
        ledger,
        f"UPDATE pledges.pledge_history SET {change}"
        f" WHERE pledge_id = '{pledge}' AND version = {version}",
    )

    found = await checked(ledger)

    assert not found.in_sync
    assert (f"{pledge} line {version}", "altered") in [
        (each.what, each.history) for each in found.differences
    ]


@pytest.mark.parametrize("version", [1, 2])
async def test_a_missing_line_is_found_and_named(ledger: Ledger, version: int) -> None:
    orders = await a_whole_life(ledger)
    pledge = first_pledge(orders[3])
    await as_owner(
        ledger,
        f"DELETE FROM pledges.pledge_history WHERE pledge_id = '{pledge}' AND version = {version}",
    )

    found = await checked(ledger)

    assert (f"{pledge} line {version}", "missing") in [
        (each.what, each.history) for each in found.differences
    ]


async def test_a_seal_is_the_databases_and_nobody_elses(ledger: Ledger) -> None:
    await a_whole_life(ledger)
    await as_owner(
        ledger, "UPDATE pledges.pledge_history SET seal = '\\x00' WHERE entry_type = 'lost'"
    )

    found = await checked(ledger)

    assert [each.history for each in found.differences] == ["altered"]


async def test_the_seal_does_not_depend_on_where_one_looks_from(ledger: Ledger) -> None:
    await a_whole_life(ledger)
    for zone in ("UTC", "America/Denver", "Asia/Kathmandu"):
        await ledger.owner.execute(f"SET timezone = '{zone}'")
        assert not await ledger.owner.fetchval(
            "SELECT count(*) FROM pledges.pledge_history AS line"
            " WHERE seal <> pledges.history_seal(line)"
        )


async def test_rebuilding_disturbs_nobody_who_pledges_or_cancels_meanwhile(ledger: Ledger) -> None:
    await ledger.open()
    orders = [an_order() for _ in range(30)]
    await ledger.hear(*orders[:15])

    async def live() -> None:
        for here, gone in zip(orders[15:], orders[:15], strict=True):
            await ledger.hear(here)
            try:
                await ledger.cancel(first_pledge(gone))
            except StateRefused:
                raise AssertionError("nobody cancelled it before") from None

    async def rebuild() -> list[IndexRebuilt]:
        return [await rebuilt(ledger) for _ in range(15)]

    _, *rounds = await asyncio.gather(live(), rebuild(), rebuild())

    assert not any(each.corrected for found in rounds for each in found)
    assert (await ledger.stats()).pledge_count == 15
    assert (await checked(ledger)).in_sync

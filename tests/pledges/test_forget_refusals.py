"""Who was refused is told so at once, and nobody after a while."""

import asyncpg
import pytest

from services.chassis.storage.database import transaction
from services.pledges.handlers import forget_refusals as handler
from services.pledges.handlers.forget_refusals import forget_refusals
from tests.pledges.builders import DEADLINE, an_order
from tests.pledges.ledger import Ledger


async def forget(ledger: Ledger) -> int:
    async with transaction(ledger.pool) as conn:
        return await forget_refusals(conn)


async def refused(ledger: Ledger, *emails: str) -> None:
    """Let people save their card at the deadline, which is too late."""
    await ledger.open()
    await ledger.advance(seconds=(DEADLINE - await ledger.now()).total_seconds())
    await ledger.hear(*(an_order(email=each, completed_at=DEADLINE) for each in emails))


async def kept(ledger: Ledger) -> list[str]:
    rows = await ledger.owner.fetch("SELECT email FROM pledges.refused_orders ORDER BY email")
    return [row["email"] for row in rows]


async def test_who_was_refused_is_known_for_ninety_days(ledger: Ledger) -> None:
    await refused(ledger, "late@a.example")

    await ledger.advance(days=89)
    young = (await forget(ledger), await kept(ledger))
    await ledger.advance(days=2)
    old = (await forget(ledger), await kept(ledger))

    assert (young, old) == ((0, ["late@a.example"]), (1, [""]))
    assert (
        await ledger.owner.fetchval("SELECT reason FROM pledges.refused_orders")
        == "deadline_passed"
    )
    assert await forget(ledger) == 0


async def test_a_portion_at_a_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "PORTION", 2)
    await refused(ledger, "a@a.example", "b@a.example", "c@a.example")
    await ledger.advance(days=91)

    assert [await forget(ledger) for _ in range(3)] == [2, 1, 0]


async def test_the_service_itself_may_write_no_address(ledger: Ledger) -> None:
    await refused(ledger, "late@a.example")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ledger.pool.execute("UPDATE refused_orders SET email = 'somebody@a.example'")
    assert await kept(ledger) == ["late@a.example"]

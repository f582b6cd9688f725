"""Notify forgets to whom it wrote, and still sends what it owes."""

from datetime import UTC, datetime

import pytest

from contracts.events.pledges import PledgeErased, PledgesRefunded
from contracts.ids import canonical_email, pseudonym, supporter_id
from contracts.money import Cents
from services.chassis.storage.database import Pool, transaction
from services.notify.handlers.forgetting import forget_person, forget_what_is_done
from tests.notify.samples import EMAIL, ORDER, SLUG, a_notice
from tests.notify.telling import every_event, mails, tell, told


def erased() -> PledgeErased:
    """Return the news that a supporter is to be forgotten."""
    return PledgeErased(
        event_id="e-1",  # type: ignore[arg-type]
        occurred_at=datetime.now(UTC),
        pledge_id=ORDER,  # type: ignore[arg-type]
        order_id=ORDER,
        campaign=SLUG,
        supporter_id=supporter_id(EMAIL),
        email=canonical_email(EMAIL),
    )


async def test_mails_that_are_done_with_lose_their_person(pool: Pool) -> None:
    await tell(pool, *every_event()[:2])
    await pool.execute(
        "UPDATE mails SET status = 'sent', sent_at = clock_timestamp() WHERE mail_number = ("
        " SELECT min(mail_number) FROM mails)"
    )

    async with transaction(pool) as conn:
        await forget_person(conn, erased())

    done, owed = await pool.fetch(
        "SELECT kind, recipient, address, facts FROM mails ORDER BY mail_number"
    )
    assert (done["recipient"], done["address"]) == ("", "")
    assert set(done["facts"]) <= {"pledge_id"}
    assert owed["address"] == EMAIL


async def test_what_was_still_to_be_sent_loses_its_person_once_it_is_sent(pool: Pool) -> None:
    await tell(pool, *every_event()[:2])
    async with transaction(pool) as conn:
        await forget_person(conn, erased())
        assert await forget_what_is_done(conn) == 0

    await pool.execute("UPDATE mails SET status = 'sent', sent_at = clock_timestamp()")
    async with transaction(pool) as conn:
        assert await forget_what_is_done(conn) == 2

    rows = await pool.fetch("SELECT recipient, address, facts FROM mails")
    assert {(row["recipient"], row["address"]) for row in rows} == {("", "")}
    assert all(set(row["facts"]) <= {"pledge_id"} for row in rows)


async def test_who_was_not_asked_about_keeps_their_mails(pool: Pool) -> None:
    await tell(pool, *every_event()[:1])
    await pool.execute("UPDATE mails SET status = 'sent', sent_at = clock_timestamp()")

    async with transaction(pool) as conn:
        assert await forget_what_is_done(conn) == 0

    assert await pool.fetchval("SELECT address FROM mails") == EMAIL


@pytest.mark.parametrize("state", ["returned", "failed"])
async def test_nobody_is_written_to_about_money_of_somebody_erased(pool: Pool, state: str) -> None:
    nobody = pseudonym(supporter_id(EMAIL))
    refunds = [
        told(
            PledgesRefunded,
            campaign=SLUG,
            notice=a_notice(email=address),
            refund_id=f"rf_{number}",
            state=state,
            amount_cents=Cents(1_000),
            returned_cents=Cents(1_000),
            refunded_at=datetime.now(UTC),
        )
        for number, address in enumerate((nobody, EMAIL))
    ]

    await tell(pool, *refunds)

    assert [each["address"] for each in await mails(pool)] == [EMAIL]

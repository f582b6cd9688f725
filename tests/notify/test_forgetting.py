"""Notify forgets to whom it wrote, and still sends what it owes."""

from datetime import UTC, datetime

from contracts.events.pledges import PledgeErased
from contracts.ids import canonical_email, supporter_id
from services.chassis.database import Pool, transaction
from services.notify.handlers.forgetting import forget_person
from tests.notify.samples import EMAIL, ORDER, SLUG
from tests.notify.telling import every_event, tell


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

"""News to many: once for its cause, by the hundred, rather never than twice."""

from collections import Counter
from datetime import timedelta

import pytest

from contracts.events.pledges import PledgeCancelled, PledgeErased
from contracts.ids import OrderId, PledgeId, supporter_id
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.handlers.broadcasting import PORTION, decide, write_portion
from services.notify.queries import audiences
from services.notify.schedules.send_mails import Sender
from tests.notify.audience import (
    NEWS,
    announce,
    crowd,
    email,
    send_nothing_else,
    statuses,
    write_all_news,
)
from tests.notify.recorder import Recorder
from tests.notify.samples import SLUG, a_pledge
from tests.notify.telling import pledge, tell, told


async def _write_and_die(pool: Pool) -> None:
    async with transaction(pool) as conn:
        await write_portion(conn)
        raise RuntimeError("killed")


async def _make_due(owner: Connection) -> None:
    await owner.execute("UPDATE batches SET next_attempt_at = clock_timestamp() WHERE is_open")


async def test_news_reaches_everybody_once_by_the_hundred(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 230)
    await send_nothing_else(owner)

    decided = await announce(pool)
    await sender.work.finish()

    assert decided.audience_count == 230
    assert sorted(resend_stub.people) == [email(number) for number in range(230)]
    assert sorted(len(each.body) for each in resend_stub.requests) == [30, 100, 100]
    assert await statuses(pool) == {"sent": 230}
    keys = await pool.fetch("SELECT batch_id FROM batches ORDER BY batch_id")
    assert sorted(resend_stub.keys) == [row["batch_id"] for row in keys]


async def test_the_same_news_is_decided_once_whoever_asks_again(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 3)
    await send_nothing_else(owner)

    first, second = await announce(pool), await announce(pool)
    await sender.work.finish()

    assert (first.is_new, second.is_new) == (True, False)
    assert second.broadcast_id == first.broadcast_id
    assert len(resend_stub.people) == 3


async def test_two_pledges_of_one_person_get_one_mail_with_a_link_to_the_newest(
    pool: Pool, owner: Connection
) -> None:
    for name in ("pool-intent-a", "pool-intent-b"):
        await pledge(pool, name)

    await announce(pool)

    rows = await pool.fetch(
        "SELECT facts ->> 'pledge_id' AS pledge FROM mails WHERE broadcast_id IS NOT NULL"
    )
    assert [row["pledge"] for row in rows] == ["pool-intent-b"]


async def test_who_cancelled_before_or_after_the_mail_was_written_hears_nothing(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 3)
    before = a_pledge(
        pledge_id=PledgeId(f"pool-intent-{0:032x}"), email=email(0), status="cancelled"
    )
    after = a_pledge(
        pledge_id=PledgeId(f"pool-intent-{1:032x}"), email=email(1), status="cancelled"
    )
    await tell(pool, told(PledgeCancelled, pledge=before))

    await announce(pool)
    await tell(pool, told(PledgeCancelled, pledge=after))
    await send_nothing_else(owner)
    await sender.work.finish()

    assert resend_stub.people == [email(2)]
    assert await statuses(pool) == {"sent": 1, "withheld": 1}


@pytest.mark.parametrize("how", ["suppressed", "unsubscribed", "forgotten"])
async def test_who_may_not_be_written_to_any_more_is_left_out_at_the_last_moment(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder, how: str
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)

    async with transaction(pool) as conn:
        if how == "suppressed":
            await audiences.suppress(conn, supporter_id(email(0)), "bounced")
        elif how == "unsubscribed":
            await audiences.save_preference(
                conn,
                campaign=SLUG,
                topic="news",
                supporter=supporter_id(email(0)),
                wants_it=False,
            )
    if how == "forgotten":
        await tell(
            pool,
            told(
                PledgeErased,
                pledge_id=PledgeId("p"),
                order_id=OrderId("o"),
                campaign=SLUG,
                supporter_id=supporter_id(email(0)),
                email=email(0),
            ),
        )
    await sender.work.finish()

    assert resend_stub.people == [email(1)]
    assert await statuses(pool) == {"sent": 1, "withheld": 1}


async def test_who_pledges_after_the_decision_is_not_in_the_audience(pool: Pool) -> None:
    await crowd(pool, 2)
    async with transaction(pool) as conn:
        await decide(conn, "announcement", SLUG, NEWS, cause="one")
    await pledge(pool, "late", email="late@crowd.example")

    await write_all_news(pool)

    assert await statuses(pool) == {"queued": 2}


async def test_a_writer_that_dies_between_two_portions_leaves_nobody_out_or_doubled(
    pool: Pool,
) -> None:
    await crowd(pool, PORTION + 7)
    async with transaction(pool) as conn:
        await decide(conn, "announcement", SLUG, NEWS, cause="one")
    async with transaction(pool) as conn:
        assert await write_portion(conn) == PORTION
    with pytest.raises(RuntimeError, match="killed"):
        await _write_and_die(pool)

    await write_all_news(pool)

    rows = await pool.fetch("SELECT recipient FROM mails WHERE broadcast_id IS NOT NULL")
    copies = Counter(row["recipient"] for row in rows)
    assert (len(copies), max(copies.values())) == (PORTION + 7, 1)


async def test_a_batch_without_an_answer_is_the_same_request_again(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 3)
    await send_nothing_else(owner)
    await announce(pool)
    resend_stub.hang_up()

    await sender.work.finish()
    assert await statuses(pool) == {"sending": 3}
    await _make_due(owner)
    await sender.work.finish()

    first, second = resend_stub.requests
    assert (first.key, first.body) == (second.key, second.body)
    assert await statuses(pool) == {"sent": 3}


async def test_what_may_have_arrived_is_never_sent_under_another_key(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    resend_stub.hang_up()
    await sender.work.finish()
    await owner.execute(
        "UPDATE batches SET first_attempt_at = first_attempt_at - $1::interval",
        timedelta(hours=23) - timedelta(minutes=1),
    )
    await _make_due(owner)
    resend_stub.hang_up()

    await sender.work.finish()
    await _make_due(owner)
    await sender.work.finish()

    assert len(resend_stub.requests) == 2
    assert await statuses(pool) == {"unknown": 2}


async def test_a_batch_whose_sender_was_away_for_a_day_is_not_offered_again(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    """Resend took it, our process died, and it came back when the key was forgotten."""
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    await sender._batches.take()
    await owner.execute(
        """
        UPDATE batches
        SET first_attempt_at = first_attempt_at - interval '25 hours',
            next_attempt_at = clock_timestamp()
        """
    )

    await sender.work.finish()

    assert resend_stub.requests == []
    assert await statuses(pool) == {"unknown": 2}


async def test_another_wording_of_a_batch_is_not_sent_a_second_time(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    resend_stub.refuse(409, "invalid_idempotent_request")

    await sender.work.finish()

    assert len(resend_stub.requests) == 1
    assert await statuses(pool) == {"unknown": 2}


async def test_one_wrong_address_harms_none_of_the_others(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 3)
    await send_nothing_else(owner)
    await announce(pool)
    resend_stub.answer(
        {"data": [{"id": "a"}, {"id": "c"}], "errors": [{"index": 1, "message": "Invalid `to`"}]}
    )

    await sender.work.finish()

    rows = await pool.fetch(
        "SELECT status, resend_id FROM mails WHERE broadcast_id IS NOT NULL ORDER BY mail_number"
    )
    assert [tuple(row) for row in rows] == [
        ("sent", "a"),
        ("undeliverable", None),
        ("sent", "c"),
    ]


async def test_what_one_person_waits_for_goes_out_before_news(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    await pledge(pool, "p1")

    await sender.work.finish()

    assert [isinstance(each.body, list) for each in resend_stub.requests] == [False, True]


async def test_news_carries_the_way_to_end_it(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 1, language="es")
    await send_nothing_else(owner)
    await announce(pool)

    await sender.work.finish()

    (mail,) = resend_stub.requests[0].body
    address = mail["headers"]["List-Unsubscribe"]
    assert address.startswith("<https://pool.example/campaign-email/unsubscribe?t=")
    assert address.endswith("&l=es>")
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.strip("<>") in mail["text"]
    assert "/es/manage/?t=" in mail["text"]

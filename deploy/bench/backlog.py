"""A backlog: thousands of completed orders that the ledger has not heard of yet."""

import secrets
import time
from datetime import UTC, datetime

import asyncpg
import msgspec

from contracts.events.checkout import CheckoutCompleted
from contracts.ids import OrderId, PledgeId, supporter_id
from contracts.subjects import subject
from deploy.chaos.stage import Stage, until
from services.chassis.events.outbox import new_event_id

EVENTS = 10_000
# Everybody who would do something about a pledge but the ledger itself.
LISTENERS = ("checkout", "settlement", "notify", "site")
DRAIN_SECONDS = 240.0


async def drained_per_second(stage: Stage, order_id: str) -> tuple[int, float]:
    """Return how many orders waited, and how many a second became pledges.

    They are copies of a real one, each of somebody else, so nothing about them is made
    easier; nobody else is awake, so the rate is the ledger's own.
    """
    conn = await asyncpg.connect(stage.owner_url)
    try:
        # The relay has to publish them first; the ledger sleeps from here on.
        asleep = stage.freeze("pledges")
        before = await conn.fetchval("SELECT count(*) FROM pledges.pledges")
        await copy_order(conn, order_id, EVENTS)

        async def is_published() -> bool:
            waiting = await conn.fetchval(
                "SELECT count(*) FROM checkout.outbox WHERE published_at IS NULL"
            )
            return not waiting

        await until(is_published, seconds=DRAIN_SECONDS, what="the backlog is on the bus")
        others = [pid for name in LISTENERS for pid in stage.freeze(name)]
        stage.thaw(asleep)
        first = await _reached(conn, before + 1)
        last = await _reached(conn, before + EVENTS)
        stage.thaw(others)
        return EVENTS, (EVENTS - 1) / (last - first)
    finally:
        await conn.close()


async def _reached(conn: asyncpg.Connection, count: int) -> float:
    """Return when the ledger had so many pledges."""

    async def has_reached() -> float:
        there = await conn.fetchval("SELECT count(*) FROM pledges.pledges")
        return time.perf_counter() if there >= count else 0.0

    return await until(has_reached, seconds=DRAIN_SECONDS, what=f"{count} pledges", every=0.02)


async def copy_order(conn: asyncpg.Connection, order_id: str, count: int) -> None:
    """Let checkout say that `count` others completed the very same order."""
    row = await conn.fetchrow(
        "SELECT payload, headers FROM checkout.outbox WHERE aggregate_id = $1", order_id
    )
    assert row is not None, order_id
    one = msgspec.json.decode(row["payload"], type=CheckoutCompleted)
    copies = [_another(one) for _ in range(count)]
    headers = msgspec.json.decode(row["headers"], type=dict[str, str])
    await conn.executemany(
        """
        INSERT INTO checkout.outbox
            (event_id, subject, event_type, aggregate_id, aggregate_version, payload, headers)
        VALUES ($1, $2, $3, $4, 1, $5, $6)
        """,
        [
            (
                each.event_id,
                subject(CheckoutCompleted, each.order_id),
                "checkout.completed",
                each.order_id,
                msgspec.json.encode(each),
                msgspec.json.encode(_headers_of(each, headers)).decode(),
            )
            for each in copies
        ],
    )


def _headers_of(order: CheckoutCompleted, headers: dict[str, str]) -> dict[str, str]:
    """Return the envelope: under the old message id the bus would take it for a copy."""
    return {**headers, "Nats-Msg-Id": order.event_id, "Pool-Aggregate": order.order_id}


def _another(order: CheckoutCompleted) -> CheckoutCompleted:
    """Return the same order of somebody else."""
    word = secrets.token_hex(16)
    order_id = OrderId(f"pool-intent-{word}")
    email = f"backlog.{word}@halfmoon.example"
    return msgspec.structs.replace(
        order,
        event_id=new_event_id(),
        occurred_at=datetime.now(UTC),
        order_id=order_id,
        email=email,
        supporter_id=supporter_id(email),
        pledges=tuple(
            msgspec.structs.replace(each, pledge_id=PledgeId(order_id)) for each in order.pledges
        ),
    )

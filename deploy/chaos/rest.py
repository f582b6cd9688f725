"""Is everything at rest? What must come true in the end can be judged only then."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import nats
from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError

from contracts.streams import CONSUMERS
from deploy.chaos.checker import SCHEMAS, Connection
from deploy.chaos.outside import Outside

LOOK_SECONDS = 0.25
BUS_SECONDS = 2.0
AWAY = (NATSError, JetStreamError, OSError, TimeoutError)

# What of each kind is still to come. A mail that waits for its next attempt, or a session
# that a person may still complete, is at rest.
UNDONE = """
    SELECT 'orders nobody has decided' AS what, count(*) AS number
    FROM checkout.orders
    WHERE status IN ('opening', 'completed')
    UNION ALL
    SELECT 'events of Stripe not applied', count(*)
    FROM checkout.stripe_events
    WHERE outcome IS NULL
    UNION ALL
    SELECT 'cards nobody needs', count(*)
    FROM checkout.card_detachments AS queued
    WHERE detached_at IS NULL
      AND NOT EXISTS (
          SELECT FROM checkout.card_uses AS use
          WHERE use.payment_method_id = queued.payment_method_id AND use.ended_as IS NULL
      )
    UNION ALL
    SELECT 'timers that are due', count(*)
    FROM settlement.timers
    WHERE fired_at IS NULL AND due_at <= platform.now()
    UNION ALL
    SELECT 'campaigns to close', count(*)
    FROM pledges.campaign_state
    WHERE state <> 'closed' AND deadline_at <= platform.now()
    UNION ALL
    SELECT 'charges not asked for', count(*)
    FROM pledges.charge_requests
    WHERE announced_at IS NULL
    UNION ALL
    SELECT 'releases not told', count(*)
    FROM pledges.releases
    WHERE announced_at IS NULL
    UNION ALL
    SELECT 'charges undecided', count(*)
    FROM settlement.charges
    WHERE status IN ('new', 'sending', 'unknown')
    UNION ALL
    SELECT 'refunds not answered', count(*)
    FROM settlement.refunds
    WHERE status IN ('new', 'sending')
    UNION ALL
    SELECT 'campaigns that still give back', count(*)
    FROM settlement.campaign_refunds
    WHERE ended_at IS NULL
    UNION ALL
    SELECT 'things at Stripe to read back', count(*)
    FROM settlement.looks
    WHERE done_at IS NULL AND due_at < clock_timestamp() + interval '2 seconds'
    UNION ALL
    SELECT 'mails that are due', count(*)
    FROM notify.mails
    WHERE broadcast_id IS NULL
      AND (
          status = 'sending'
          OR status = 'queued' AND next_attempt_at < clock_timestamp() + interval '2 seconds'
      )
    UNION ALL
    SELECT 'news in no batch', count(*)
    FROM notify.mails
    WHERE broadcast_id IS NOT NULL AND status = 'queued'
    UNION ALL
    SELECT 'batches that are due', count(*)
    FROM notify.batches
    WHERE is_open AND next_attempt_at < clock_timestamp() + interval '2 seconds'
"""


@dataclass(frozen=True)
class Look:
    """What is still to come, and how much was ever said: it must not grow between two looks."""

    undone: tuple[str, ...]
    said: int


async def wait_for_rest(
    owner_url: str, nats_url: str, outside: Outside | None, *, seconds: float
) -> tuple[str, ...]:
    """Wait until nothing is to come any more; return what still was when the time was up."""
    limit = time.monotonic() + seconds
    before: Look | None = None
    while True:
        now = await _look(owner_url, nats_url, outside)
        if not now.undone and before is not None and before == now:
            return ()
        if time.monotonic() > limit:
            return now.undone or ("more and more is said",)
        before = now
        await asyncio.sleep(LOOK_SECONDS)


async def _look(owner_url: str, nats_url: str, outside: Outside | None) -> Look:
    try:
        conn = await asyncpg.connect(owner_url, timeout=5, command_timeout=30)
    except (OSError, TimeoutError, asyncpg.PostgresError) as exc:
        return Look((f"Postgres does not answer: {type(exc).__name__}",), 0)
    try:
        undone, said = await _in_the_database(conn, outside)
    finally:
        await conn.close()
    return Look((*undone, *await _on_the_bus(nats_url)), said)


async def _in_the_database(conn: Connection, outside: Outside | None) -> tuple[list[str], int]:
    unpublished = " UNION ALL ".join(
        f"SELECT 'events of {schema} not published', count(*) FROM {schema}.outbox"  # noqa: S608
        " WHERE published_at IS NULL"
        for schema in SCHEMAS
    )
    said = " + ".join(
        f"(SELECT coalesce(max(outbox_id), 0) FROM {schema}.outbox)"  # noqa: S608
        for schema in SCHEMAS
    )
    early = " UNION ALL ".join(
        f"SELECT 'events too early for {schema}', count(*) FROM {schema}.parked_events"  # noqa: S608
        " WHERE resolved_at IS NULL AND try_again_at IS NOT NULL"
        for schema in SCHEMAS
    )
    rows = await conn.fetch(f"{UNDONE} UNION ALL {unpublished} UNION ALL {early}")
    undone = [f"{row['number']} {row['what']}" for row in rows if row["number"]]
    if outside is not None and (waiting := await _saved_and_open(conn, outside)):
        undone.append(f"{waiting} sessions whose card is saved")
    return undone, int(await conn.fetchval(f"SELECT {said}") or 0)


async def _saved_and_open(conn: Connection, outside: Outside) -> int:
    """Count the orders and card updates that Stripe completed and checkout has not heard of."""
    complete = [session["id"] for session in outside.sessions if session["status"] == "complete"]
    found = await conn.fetchval(
        """
        SELECT (SELECT count(*) FROM checkout.orders
                WHERE status = 'open' AND session_id = ANY($1))
             + (SELECT count(*) FROM checkout.card_updates
                WHERE status = 'open' AND session_id = ANY($1))
        """,
        complete,
    )
    return int(found or 0)


async def _on_the_bus(nats_url: str) -> list[str]:
    """Return what each durable has still to hear."""
    try:
        await _greeted(nats_url)
        client = await nats.connect(
            nats_url.split(","),
            connect_timeout=BUS_SECONDS,
            allow_reconnect=False,
            error_cb=_ignore,
        )
    except AWAY as exc:
        return [f"NATS does not answer: {type(exc).__name__}"]
    bus = client.jetstream(timeout=BUS_SECONDS)
    waiting: list[str] = []
    try:
        for each in CONSUMERS:
            info = await bus.consumer_info(each.stream, each.durable)
            behind = (info.num_pending or 0) + (info.num_ack_pending or 0)
            if behind:
                waiting.append(f"{behind} messages for {each.durable}")
    except AWAY as exc:
        waiting.append(f"NATS does not answer: {type(exc).__name__}")
    finally:
        await client.close()
    return waiting


async def _greeted(nats_url: str) -> None:
    """Wait for the server's first word: the client leaves a socket behind when none comes.

    Of a cluster the first node is asked; it is back within seconds.
    """
    parts = urlsplit(nats_url.split(",", maxsplit=1)[0])
    async with asyncio.timeout(BUS_SECONDS):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            if not await reader.read(1):
                raise ConnectionResetError
        finally:
            writer.transport.abort()


async def _ignore(_: Exception) -> None:
    """The client's own callback prints."""

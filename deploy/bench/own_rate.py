"""What Postgres itself can do: the rows a run has left, written again without us.

One transaction for each order, holding exactly the rows we wrote for it, in tables of the
same shape (keys, checks and indexes too). No HTTP, no bus, no Stripe, no decisions: what
is left is the database's own rate for the same rows.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import asyncpg

Connection = Any

PLEDGES = "SELECT pledge_id FROM pledges.pledges WHERE order_id = $1"

# Which rows belong to an order. Its events are found by what they say of it.
TABLES = {
    "checkout.orders": "order_id = $1",
    "checkout.order_campaigns": "order_id = $1",
    "checkout.reservations": "order_id = $1",
    "checkout.stripe_events": "order_id = $1",
    "checkout.outbox": "aggregate_id = $1",
    "pledges.pledges": "order_id = $1",
    "pledges.pledge_lines": f"pledge_id IN ({PLEDGES})",
    "pledges.pledge_history": f"pledge_id IN ({PLEDGES})",
    "pledges.outbox": f"aggregate_id IN ({PLEDGES})",
    "pledges.inbox": "event_id IN (SELECT event_id FROM checkout.outbox WHERE aggregate_id = $1)",
}


async def per_second(
    owner_url: str, order_ids: Sequence[str], *, connections: int, group: int = 1
) -> float:
    """Return how many orders a second Postgres takes, `group` of them in a transaction."""
    conn = await asyncpg.connect(owner_url)
    try:
        copies = [await _copied(conn, order_id) for order_id in order_ids]
        statement = await _make_tables(conn)
    finally:
        await conn.close()
    clients = await asyncio.gather(*(asyncpg.connect(owner_url) for _ in range(connections)))
    try:
        waiting = [_together(copies[at : at + group]) for at in range(0, len(copies), group)]
        began = time.perf_counter()
        await asyncio.gather(*(_write(client, statement, waiting) for client in clients))
        return len(copies) / (time.perf_counter() - began)
    finally:
        await clients[0].execute("DROP SCHEMA bench CASCADE")
        await asyncio.gather(*(client.close() for client in clients))


async def _copied(conn: Connection, order_id: str) -> list[str]:
    """Return the rows of an order, a JSON document for each table."""
    return [
        await conn.fetchval(
            f"SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]')::text FROM {table} AS r WHERE {mine}",  # noqa: S608
            order_id,
        )
        for table, mine in TABLES.items()
    ]


def _together(copies: list[list[str]]) -> list[str]:
    """Return the rows of several orders as those of one transaction."""
    return [
        json.dumps([row for rows in table for row in json.loads(rows)])
        for table in zip(*copies, strict=True)
    ]


async def _make_tables(conn: Connection) -> str:
    """Make empty tables of the same shape; return the one statement that fills them."""
    await conn.execute("CREATE SCHEMA bench")
    inserts = []
    for number, table in enumerate(TABLES, start=1):
        copy = f"bench.{table.replace('.', '_')}"
        await conn.execute(f"CREATE TABLE {copy} (LIKE {table} INCLUDING ALL)")
        columns = await conn.fetchval(
            """
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = $1::text::regclass
              AND attnum > 0
              AND NOT attisdropped
              AND attgenerated = ''
            """,
            copy,
        )
        inserts.append(
            f"INSERT INTO {copy} ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608
            f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{copy}, ${number}::text::jsonb)"
        )
    *first, last = inserts
    parts = ", ".join(f"t{number} AS ({each})" for number, each in enumerate(first))
    return f"WITH {parts} {last}"


async def _write(conn: Connection, statement: str, waiting: list[list[str]]) -> None:
    prepared = await conn.prepare(statement)
    while waiting:
        # One statement is one transaction: it returns when it is on the disk.
        await prepared.fetch(*waiting.pop())

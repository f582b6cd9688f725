"""SQL about money that moved after a charge: rows that are only ever added."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.ids import ChargeId, PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.returning import Money, MoneyKind


async def list_moved(conn: Connection, charge_id: ChargeId) -> list[Money]:
    """Return everything that moved of a charge so far."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, kind, source, charge_id, cents
        FROM pledge_money
        WHERE charge_id = $1
        ORDER BY pledge_id, kind, source
        """,
        charge_id,
    )
    return decode_rows(rows, Money)


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of one pledge's money, and when we wrote it down."""

    kind: MoneyKind
    at: datetime
    cents: int


async def list_dated(conn: Connection, pledge_id: PledgeId) -> list[Dated]:
    """Return what moved of one pledge, the oldest first."""
    rows = await conn.fetch(
        """
        SELECT kind, recorded_at AS at, cents
        FROM pledge_money
        WHERE pledge_id = $1
        ORDER BY recorded_at, kind, source
        LIMIT 200
        """,
        pledge_id,
    )
    return decode_rows(rows, Dated)


async def insert_moved(conn: Connection, moved: Sequence[Money], now: datetime) -> int:
    """Add movements; return how many of them are new."""
    status = await conn.execute(
        """
        INSERT INTO pledge_money (pledge_id, kind, source, charge_id, cents, recorded_at)
        SELECT pledge_id, kind, source, charge_id, cents, $2
        FROM jsonb_populate_recordset(NULL::pledge_money, $1)
        ON CONFLICT DO NOTHING
        """,
        moved,
        now,
    )
    return int(status.split()[-1])


async def take_version(conn: Connection, dispute_id: str, version: int) -> bool:
    """Note the newest version of a dispute; False when we have heard as new a one."""
    done = await conn.fetchval(
        """
        INSERT INTO pledge_disputes (dispute_id, version)
        VALUES ($1, $2)
        ON CONFLICT (dispute_id) DO UPDATE
        SET version = excluded.version
        WHERE pledge_disputes.version < excluded.version
        RETURNING true
        """,
        dispute_id,
        version,
    )
    return done is not None


async def sum_refunded(conn: Connection, pledge_ids: Sequence[PledgeId]) -> int:
    """Return how much of these pledges went back by refunds that stand."""
    found: int = await conn.fetchval(
        """
        SELECT coalesce(-sum(cents), 0)::bigint
        FROM pledge_money
        WHERE pledge_id = ANY($1)
          AND kind IN ('refund', 'refund_failed')
        """,
        pledge_ids,
    )
    return found

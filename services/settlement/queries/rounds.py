"""SQL of the loops that look after charges: reading back, re-queueing, counting."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from contracts.ids import CampaignSlug, ChargeId
from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.charging import ChargeRow
from services.settlement.domain.runs import Amounts, Tally
from services.settlement.queries.charges import CHARGE


class Queued(msgspec.Struct, frozen=True):
    """A charge that gets a wake-up message."""

    charge_id: ChargeId
    campaign: CampaignSlug
    version: int


class Gauges(msgspec.Struct, frozen=True):
    """The figures an operator watches."""

    by_status: dict[str, int]
    oldest_due_seconds: float


async def lease_open(
    conn: Connection,
    lease: timedelta,
    delays: Sequence[timedelta],
    person_delays: Sequence[timedelta],
    *,
    limit: int,
) -> list[ChargeRow]:
    """Take charges whose outcome is open and due to be read, and set the look after that."""
    rows = await conn.fetch(
        f"""
        UPDATE charges
        SET lease_until = clock_timestamp() + $1, lease_token = lease_token + 1,
            checks = checks + 1,
            due_at = clock_timestamp() + CASE status
                WHEN 'unknown' THEN ($2::interval[])[least(checks + 2, cardinality($2))]
                ELSE ($3::interval[])[least(checks + 2, cardinality($3))]
            END
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE status IN ('unknown', 'with_person')
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
            ORDER BY due_at
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        RETURNING {CHARGE}
        """,  # noqa: S608
        lease,
        list(delays),
        list(person_delays),
        limit,
    )
    return decode_rows(rows, ChargeRow)


async def release(conn: Connection, charge_id: ChargeId, token: int) -> None:
    await conn.execute(
        "UPDATE charges SET lease_until = '-infinity' WHERE charge_id = $1 AND lease_token = $2",
        charge_id,
        token,
    )


async def resume_sending(conn: Connection, charge_id: ChargeId, token: int) -> Queued | None:
    """Let chargers have the charge again; return its wake-up. None: the lease was lost."""
    row = await conn.fetchrow(
        """
        UPDATE charges
        SET status = 'sending', due_at = clock_timestamp(), queued_at = clock_timestamp(),
            lease_until = '-infinity', version = version + 1
        WHERE charge_id = $1
          AND lease_token = $2
          AND status = 'unknown'
        RETURNING charge_id, campaign, version
        """,
        charge_id,
        token,
    )
    return None if row is None else msgspec.convert(row, Queued)


async def give_up_lost_leases(conn: Connection, *, limit: int) -> int:
    """Hand to the janitor what a process that died had sent; return how many."""
    rows = await conn.fetch(
        """
        WITH lost AS (
            SELECT charges.charge_id
            FROM charges
            JOIN charge_attempts USING (charge_id)
            WHERE charges.status = 'sending'
              AND charges.lease_until < clock_timestamp()
              AND charge_attempts.state = 'sending'
              AND charge_attempts.sent_at IS NOT NULL
            ORDER BY charges.charge_id
            LIMIT $1
            FOR UPDATE OF charges SKIP LOCKED
        ), handed AS (
            UPDATE charges
            SET status = 'unknown', lease_token = lease_token + 1, lease_until = '-infinity',
                unknown_since = coalesce(unknown_since, clock_timestamp()),
                due_at = clock_timestamp()
            FROM lost
            WHERE charges.charge_id = lost.charge_id
        )
        UPDATE charge_attempts
        SET state = 'unknown', unknown_because = 'lease_expired'
        FROM lost
        WHERE charge_attempts.charge_id = lost.charge_id
          AND charge_attempts.state = 'sending'
        RETURNING charge_attempts.charge_id
        """,
        limit,
    )
    return len(rows)


async def queue_due(conn: Connection, *, is_queue_empty: bool, limit: int) -> list[Queued]:
    """Mark charges that are due and have no message, as far as we can tell.

    Not queued since it became due: it has none. Queued a minute ago and the queue is
    empty: its message was lost.
    """
    rows = await conn.fetch(
        """
        UPDATE charges
        SET queued_at = clock_timestamp(), version = version + 1
        WHERE charge_id IN (
            SELECT charge_id
            FROM charges
            WHERE status IN ('new', 'sending')
              AND due_at <= clock_timestamp()
              AND lease_until < clock_timestamp()
              AND NOT stands_still(campaign)
              AND (
                  queued_at < greatest(due_at, lease_until)
                  OR ($1 AND queued_at < clock_timestamp() - interval '60 seconds')
              )
            ORDER BY due_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING charge_id, campaign, version
        """,
        is_queue_empty,
        limit,
    )
    return decode_rows(rows, Queued)


async def count_charges(conn: Connection, slug: CampaignSlug) -> Tally:
    """Count the settlement's charges; late support has its own figures."""
    row = await conn.fetchrow(
        """
        SELECT coalesce(sum(cardinality(pledge_ids)), 0)::bigint AS pledges,
               count(*) AS planned,
               count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
               count(*) FILTER (WHERE status IN ('declined', 'with_person', 'ending'))
                   AS failed,
               count(*) FILTER (WHERE status = 'unknown') AS unknown,
               count(*) FILTER (WHERE status = 'lost') AS lost,
               coalesce(sum(amount_cents), 0)::bigint AS planned_cents,
               coalesce(sum(amount_cents) FILTER (WHERE status = 'succeeded'), 0)::bigint
                   AS succeeded_cents,
               coalesce(sum(amount_cents) FILTER (
                   WHERE status IN ('declined', 'with_person', 'ending')), 0)::bigint
                   AS failed_cents,
               coalesce(sum(amount_cents) FILTER (WHERE status = 'lost'), 0)::bigint
                   AS lost_cents,
               coalesce(sum(amount_cents) FILTER (WHERE status = 'unknown'), 0)::bigint
                   AS unknown_cents,
               min(requested_at) AS started_at,
               max(decided_at) AS decided_at,
               clock_timestamp() - min(unknown_since) FILTER (WHERE status = 'unknown')
                   AS oldest_unknown,
               coalesce(bool_or(status = 'sending' AND postponed_because LIKE 'refused%'), false)
                   AS is_held_up
        FROM charges
        WHERE campaign = $1
          AND purpose = 'settlement'
        """,
        slug,
    )
    assert row is not None
    names = ("planned", "succeeded", "failed", "unknown", "lost")
    amounts = Amounts(**{name: row[f"{name}_cents"] for name in names})
    plain = (name for name in Tally.__struct_fields__ if name != "amounts")
    return Tally(amounts=amounts, **{name: row[name] for name in plain})


async def read_gauges(conn: Connection) -> Gauges:
    rows = await conn.fetch(
        """
        SELECT status, count(*) AS charges,
               extract(epoch FROM clock_timestamp() - min(due_at))::float8 AS oldest
        FROM charges
        GROUP BY status
        """
    )
    waiting = [row["oldest"] for row in rows if row["status"] in ("new", "sending", "unknown")]
    return Gauges({row["status"]: row["charges"] for row in rows}, max(0.0, *waiting, 0.0))

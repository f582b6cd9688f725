"""SQL about comparing ourselves with Stripe: what we hold, and what differs since when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from services.chassis.storage.database import Connection, decode_rows
from services.settlement.domain.reconciling import Break, BreakKind, OurCharge

EVERY = timedelta(hours=24)
REACH = timedelta(days=60)
"""How far back a charge is compared: recovery ends after three weeks, most disputes later
are told by events of their own."""

SLACK = timedelta(hours=1)
"""Stripe's clock and ours differ; what it made a little before the window is asked for too."""

CHARGES_MAX = 1_000_000
LONG_SECONDS = 60

RUN = """
    run_id AS "runId", is_dry_run AS "isDryRun", requested_by AS "requestedBy",
    requested_at AS "requestedAt", finished_at AS "finishedAt", since, charges, intents,
    breaks, error
"""


class Run(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reconciliation: what was compared, what was found. Times are real."""

    run_id: int
    is_dry_run: bool
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    since: datetime | None
    charges: int | None
    intents: int | None
    breaks: list[Break] | None
    error: str | None


class KnownBreak(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A break and how long it has been there."""

    kind: BreakKind
    subject: str
    campaign_slug: str
    ours: str
    theirs: str
    first_seen: datetime
    last_seen: datetime
    times_seen: int
    closed_at: datetime | None


async def request(conn: Connection, *, is_dry_run: bool, requested_by: str) -> int:
    """Write that a run is wanted; return its number."""
    run_id: int = await conn.fetchval(
        """
        INSERT INTO reconciliations (is_dry_run, requested_by)
        VALUES ($1, $2)
        RETURNING run_id
        """,
        is_dry_run,
        requested_by,
    )
    return run_id


async def request_daily(conn: Connection) -> None:
    """Write the day's run, when the last one is a day old and somebody was ever charged."""
    await conn.execute(
        """
        INSERT INTO reconciliations (is_dry_run, requested_by)
        SELECT false, 'the calendar'
        WHERE NOT EXISTS (
            SELECT FROM reconciliations
            WHERE NOT is_dry_run
              AND (finished_at IS NULL OR requested_at > clock_timestamp() - $1::interval)
        )
          AND EXISTS (SELECT FROM charges)
        """,
        EVERY,
    )


async def next_run(conn: Connection) -> tuple[Run, datetime] | None:
    """Return the oldest run that nobody has finished, and since when it compares."""
    row = await conn.fetchrow(
        f"""
        SELECT {RUN}, platform.now() - $1::interval AS from_then
        FROM reconciliations
        WHERE finished_at IS NULL
        ORDER BY run_id
        LIMIT 1
        """,  # noqa: S608
        REACH,
    )
    return None if row is None else (msgspec.convert(row, Run), row["from_then"])


async def compared_since_restore(conn: Connection) -> int | None:
    """Return how many breaks the newest comparison since the restore found; None: there is none."""
    found: int | None = await conn.fetchval(
        """
        SELECT jsonb_array_length(breaks)
        FROM reconciliations
        JOIN platform.recovery ON requested_at >= restored_at
        WHERE finished_at IS NOT NULL
          AND error IS NULL
        ORDER BY run_id DESC
        LIMIT 1
        """
    )
    return found


async def list_ours(conn: Connection, since: datetime) -> list[OurCharge]:
    """Return our charges since then, with what went back of each."""
    rows = await conn.fetch(
        """
        SELECT charge_id, campaign, payment_intent_id, charges.status, amount_cents, currency,
            coalesce((
                SELECT sum(refunds.amount_cents)
                FROM refunds
                WHERE refunds.charge_id = charges.charge_id
                  AND refunds.status IN ('pending', 'succeeded')
            ), 0)::bigint AS refunded_cents
        FROM charges
        WHERE requested_at >= $1
        ORDER BY charge_id
        LIMIT $2
        """,
        since,
        CHARGES_MAX,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, OurCharge)


async def allow_long_statements(conn: Connection) -> None:
    """Give the rest of this transaction a time budget for whole campaigns."""
    await conn.execute(f"SET LOCAL statement_timeout = '{LONG_SECONDS}s'")


async def list_older(conn: Connection, since: datetime, intent_ids: Sequence[str]) -> set[str]:
    """Return which of these PaymentIntents are of charges from before the window."""
    rows = await conn.fetch(
        """
        SELECT payment_intent_id
        FROM charges
        WHERE payment_intent_id = ANY($1)
          AND requested_at < $2
        """,
        intent_ids,
        since,
    )
    return {row["payment_intent_id"] for row in rows}


async def intent_of(conn: Connection, charge_id: str) -> str | None:
    intent_id: str | None = await conn.fetchval(
        "SELECT payment_intent_id FROM charges WHERE charge_id = $1", charge_id
    )
    return intent_id


async def keep_breaks(conn: Connection, found: Sequence[Break]) -> None:
    """Write what was found, and close what was not found any more."""
    rows = [msgspec.structs.asdict(each) for each in found]
    await conn.execute(
        """
        WITH found AS (
            SELECT kind, subject, campaign_slug, ours, theirs
            FROM jsonb_to_recordset($1) AS told (
                kind text, subject text, campaign_slug text, ours text, theirs text
            )
        ), closed AS (
            UPDATE reconciliation_breaks AS known
            SET closed_at = clock_timestamp()
            WHERE closed_at IS NULL
              AND NOT EXISTS (
                  SELECT FROM found
                  WHERE found.kind = known.kind AND found.subject = known.subject
              )
        )
        INSERT INTO reconciliation_breaks
            (kind, subject, campaign, ours, theirs, first_seen, last_seen)
        SELECT kind, subject, campaign_slug, ours, theirs, clock_timestamp(), clock_timestamp()
        FROM found
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE
        SET last_seen = excluded.last_seen, times_seen = reconciliation_breaks.times_seen + 1,
            ours = excluded.ours, theirs = excluded.theirs
        """,
        rows,
    )


async def finish(
    conn: Connection,
    run_id: int,
    *,
    since: datetime,
    charges: int,
    intents: int,
    found: Sequence[Break],
    error: str | None = None,
) -> None:
    await conn.execute(
        """
        UPDATE reconciliations
        SET finished_at = clock_timestamp(), since = $2, charges = $3, intents = $4,
            breaks = $5, error = $6
        WHERE run_id = $1
        """,
        run_id,
        since,
        charges,
        intents,
        list(found),
        error,
    )


async def find_run(conn: Connection, run_id: int | None) -> Run | None:
    """Return a run; without a number the newest."""
    row = await conn.fetchrow(
        f"""
        SELECT {RUN}
        FROM reconciliations
        WHERE $1::bigint IS NULL OR run_id = $1
        ORDER BY run_id DESC
        LIMIT 1
        """,  # noqa: S608
        run_id,
    )
    return None if row is None else msgspec.convert(row, Run)


async def list_breaks(conn: Connection, *, limit: int) -> list[KnownBreak]:
    """Return breaks that are open, the oldest first."""
    rows = await conn.fetch(
        """
        SELECT kind, subject, campaign AS "campaignSlug", ours, theirs,
            first_seen AS "firstSeen", last_seen AS "lastSeen", times_seen AS "timesSeen",
            closed_at AS "closedAt"
        FROM reconciliation_breaks
        WHERE closed_at IS NULL
        ORDER BY first_seen, kind, subject
        LIMIT $1
        """,
        limit,
    )
    return decode_rows(rows, KnownBreak)

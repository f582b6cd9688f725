"""What is changed in restored data before anything runs on it.

The world went on after the backup: Stripe took money, Resend delivered. So nothing moves
or mails until an operator has compared. Source: reliability 6.1, B-4, B-5, I-22.
"""

import asyncio
from datetime import datetime

from deploy.chaos import checker
from deploy.recovery.manifest import Manifest, Refused
from deploy.recovery.owner import Connection, connected
from deploy.recovery.snapshot import counts

PAUSED_BECAUSE = "restored from a backup"


def compare(owner_url: str, manifest: Manifest) -> None:
    """Raise `Refused` when rows or sums are not those that were backed up."""
    asyncio.run(_compare(owner_url, manifest))


def settle_down(owner_url: str, manifest: Manifest, by: str) -> dict[str, int]:
    """Hold money and mail; return how many mails, news and sign-ins were put aside."""
    return asyncio.run(_settle_down(owner_url, manifest, by))


def check(owner_url: str) -> tuple[str, ...]:
    """Return which invariants do not hold in what came back: those that hold at any moment."""
    return asyncio.run(_check(owner_url))


async def _check(owner_url: str) -> tuple[str, ...]:
    async with checker.snapshot(owner_url) as conn:
        report = await checker.evaluate(conn, None, is_at_rest=False)
    return tuple(str(each) for each in report.violations)


async def _compare(owner_url: str, manifest: Manifest) -> None:
    async with connected(owner_url) as conn, conn.transaction(readonly=True):
        found = await counts(conn)
    if found.rows != manifest.rows or found.campaigns != manifest.campaigns:
        raise Refused("What came back is not what was backed up: its counts differ.")


async def _settle_down(owner_url: str, manifest: Manifest, by: str) -> dict[str, int]:
    async with connected(owner_url) as conn, conn.transaction():
        await _hold_everything(conn, manifest.made_at, by)
        return await _put_aside(conn, by)


async def _hold_everything(conn: Connection, made_at: datetime, by: str) -> None:
    await conn.execute(
        """
        INSERT INTO platform.recovery (backed_up_at)
        VALUES ($1)
        ON CONFLICT (only_row) DO UPDATE
        SET backed_up_at = excluded.backed_up_at, restored_at = clock_timestamp(),
            ended_at = NULL, ended_by = NULL
        """,
        made_at,
    )
    await conn.execute(
        """
        INSERT INTO settlement.pauses (is_paused, because, changed_by)
        VALUES (true, $1, $2)
        ON CONFLICT (only_row) DO UPDATE
        SET is_paused = true, because = excluded.because, changed_by = excluded.changed_by,
            changed_at = clock_timestamp()
        """,
        PAUSED_BECAUSE,
        by,
    )
    await conn.execute(
        """
        INSERT INTO site.admin_audit (at, actor, role, action, subject, campaign, details)
        VALUES (clock_timestamp(), $1, 'super', 'restored', '', '',
                jsonb_build_object('backed_up_at', $2::timestamptz))
        """,
        by,
        made_at,
    )


async def _put_aside(conn: Connection, by: str) -> dict[str, int]:
    """Park mails that may have gone out since, end news half told, and everybody's session."""
    mails = await conn.execute(
        """
        UPDATE notify.mails
        SET status = CASE WHEN broadcast_id IS NULL THEN 'parked' ELSE 'unknown' END
        WHERE status IN ('queued', 'sending')
        """
    )
    news = await conn.execute("UPDATE notify.broadcasts SET is_written = true WHERE NOT is_written")
    await conn.execute("UPDATE notify.batches SET is_open = false WHERE is_open")
    # Spent, not deleted: each was announced, and an announcement has its fact.
    await conn.execute(
        "UPDATE site.admin_sign_ins SET used_at = clock_timestamp() WHERE used_at IS NULL"
    )
    # A reviewer's link that was taken back since would work again.
    await conn.execute("DELETE FROM site.preview_reviewers")
    sessions = await conn.execute(
        """
        UPDATE site.admin_sessions
        SET ended_at = clock_timestamp(), ended_by = $1
        WHERE ended_at IS NULL
        """,
        by,
    )
    return {"mails": _count(mails), "news": _count(news), "sessions": _count(sessions)}


def _count(status: str) -> int:
    return int(status.rsplit(maxsplit=1)[-1])

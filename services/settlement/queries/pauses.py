"""SQL about the switch that stops all payments."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection


class Pause(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether payments stand still, since when, and who said so."""

    is_paused: bool
    because: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


async def read(conn: Connection) -> Pause:
    row = await conn.fetchrow(
        """
        SELECT is_paused AS "isPaused", because, changed_by AS "changedBy",
            changed_at AS "changedAt"
        FROM pauses
        """
    )
    return Pause(is_paused=False) if row is None else msgspec.convert(row, Pause)


async def change(conn: Connection, *, is_paused: bool, because: str, changed_by: str) -> bool:
    """Set the switch; tell whether that changed anything."""
    done = await conn.fetchval(
        """
        INSERT INTO pauses (is_paused, because, changed_by)
        VALUES ($1, $2, $3)
        ON CONFLICT (only_row) DO UPDATE
        SET is_paused = excluded.is_paused, because = excluded.because,
            changed_by = excluded.changed_by, changed_at = clock_timestamp()
        WHERE pauses.is_paused <> excluded.is_paused
        RETURNING true
        """,
        is_paused,
        because,
        changed_by,
    )
    return done is not None


async def is_recovering(conn: Connection) -> bool:
    """Tell whether the platform was restored and nobody has let it go on since."""
    found: bool = await conn.fetchval("SELECT platform.recovering()")
    return found


async def end_recovery(conn: Connection, by: str) -> None:
    """Let the platform go on after a restore."""
    await conn.execute("SELECT platform.end_recovery($1)", by)


async def stands_still(conn: Connection, slug: CampaignSlug) -> bool:
    """Tell whether nothing of a campaign may be charged now."""
    found: bool = await conn.fetchval("SELECT stands_still($1)", slug)
    return found


async def take_new_cards(conn: Connection) -> None:
    """Have cards tried that their owners saved while all stood still."""
    await conn.execute(
        """
        UPDATE charges
        SET next_attempt_at = platform.now()
        WHERE status = 'declined'
          AND has_new_card
          AND recovery_ends_at > platform.now()
        """
    )


async def requeue(conn: Connection) -> None:
    """Have everything that is due queued anew: its wake-ups went by while all stood still."""
    await conn.execute(
        """
        UPDATE charges
        SET queued_at = '-infinity'
        WHERE status IN ('new', 'sending')
          AND due_at <= clock_timestamp()
          AND lease_until < clock_timestamp()
        """
    )

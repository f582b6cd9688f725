"""SQL about notices before a charge: what they say, who is due one, who was told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.events.pledges import PledgeSnapshot
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows

AHEAD = timedelta(hours=48)
Moment = Literal["two_days", "close"]


class DueNotice(msgspec.Struct, frozen=True):
    """A supporter to be told before the deadline, and whether there is still time."""

    campaign: CampaignSlug
    supporter_id: SupporterId
    deadline_at: datetime
    is_in_time: bool


async def save_snapshots(conn: Connection, pledges: Sequence[PledgeSnapshot]) -> None:
    """Keep what a notice would say of pledges, unless something newer is known."""
    await conn.execute(
        """
        INSERT INTO notice_copies (pledge_id, campaign, supporter_id, revision, status, snapshot)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::jsonb[])
        ON CONFLICT (pledge_id) DO UPDATE
        SET revision = excluded.revision, status = excluded.status,
            snapshot = excluded.snapshot
        WHERE notice_copies.revision < excluded.revision
        """,
        [each.pledge_id for each in pledges],
        [each.campaign for each in pledges],
        [each.supporter_id for each in pledges],
        [each.revision for each in pledges],
        [each.status for each in pledges],
        pledges,
    )


async def list_copies(
    conn: Connection, slug: CampaignSlug, supporters: Sequence[SupporterId]
) -> list[PledgeSnapshot]:
    """Return the active pledges of these supporters, in order."""
    rows = await conn.fetch(
        """
        SELECT snapshot
        FROM notice_copies
        WHERE campaign = $1
          AND supporter_id = ANY($2)
          AND status = 'active'
        ORDER BY supporter_id, pledge_id
        """,
        slug,
        supporters,
    )
    return [msgspec.convert(row["snapshot"], PledgeSnapshot) for row in rows]


async def list_copies_of(conn: Connection, pledge_ids: Sequence[PledgeId]) -> list[PledgeSnapshot]:
    rows = await conn.fetch(
        "SELECT snapshot FROM notice_copies WHERE pledge_id = ANY($1) ORDER BY pledge_id",
        pledge_ids,
    )
    return [msgspec.convert(row["snapshot"], PledgeSnapshot) for row in rows]


async def begin_rounds(conn: Connection) -> int:
    """Write who is to be told of each campaign that ends within two days; return how many.

    A campaign that has ended, or was ended early, gets no round any more.
    """
    status = await conn.execute(
        """
        WITH begun AS (
            INSERT INTO notice_rounds (campaign, begun_at)
            SELECT slug, platform.now()
            FROM campaigns
            WHERE starts_at <= platform.now()
              AND deadline_at > platform.now()
              AND deadline_at - $1::interval <= platform.now()
              AND NOT EXISTS (SELECT FROM closings WHERE closings.campaign = slug)
            ON CONFLICT DO NOTHING
            RETURNING campaign, begun_at
        )
        INSERT INTO charge_notices (campaign, supporter_id, moment, wanted_at)
        SELECT DISTINCT campaign, supporter_id, 'two_days', begun_at
        FROM begun
        JOIN notice_copies USING (campaign)
        WHERE status = 'active'
        ON CONFLICT DO NOTHING
        """,
        AHEAD,
    )
    return int(status.split()[-1])


async def take_due(conn: Connection, *, limit: int) -> list[DueNotice]:
    """Take the next supporters to be told, and say whether the deadline is still ahead."""
    rows = await conn.fetch(
        """
        WITH due AS (
            SELECT notice.campaign, notice.supporter_id, moment, campaigns.deadline_at,
                campaigns.deadline_at > platform.now() AND NOT EXISTS (
                    SELECT FROM closings WHERE closings.campaign = notice.campaign
                ) AS is_in_time
            FROM charge_notices AS notice
            JOIN campaigns ON slug = notice.campaign
            WHERE decided_at IS NULL
            ORDER BY notice.campaign, notice.supporter_id
            LIMIT $1
            FOR UPDATE OF notice SKIP LOCKED
        )
        UPDATE charge_notices AS notice
        SET decided_at = platform.now()
        FROM due
        WHERE notice.campaign = due.campaign
          AND notice.supporter_id = due.supporter_id
          AND notice.moment = due.moment
        RETURNING notice.campaign, notice.supporter_id, due.deadline_at, due.is_in_time
        """,
        limit,
    )
    return decode_rows(rows, DueNotice)


async def mark_told(
    conn: Connection, slug: CampaignSlug, supporters: Sequence[SupporterId]
) -> None:
    await conn.execute(
        """
        UPDATE charge_notices
        SET is_told = true
        WHERE campaign = $1
          AND supporter_id = ANY($2)
          AND moment = 'two_days'
        """,
        slug,
        supporters,
    )


async def insert_told(
    conn: Connection, told: Sequence[tuple[CampaignSlug, SupporterId]], moment: Moment
) -> set[tuple[CampaignSlug, SupporterId]]:
    """Write who is told of a moment; return those who had not been told before."""
    rows = await conn.fetch(
        """
        INSERT INTO charge_notices
            (campaign, supporter_id, moment, wanted_at, decided_at, is_told)
        SELECT campaign, supporter_id, $3, platform.now(), platform.now(), true
        FROM unnest($1::text[], $2::text[]) AS told (campaign, supporter_id)
        ORDER BY campaign, supporter_id
        ON CONFLICT DO NOTHING
        RETURNING campaign, supporter_id
        """,
        [slug for slug, _ in told],
        [supporter for _, supporter in told],
        moment,
    )
    return {(row["campaign"], row["supporter_id"]) for row in rows}

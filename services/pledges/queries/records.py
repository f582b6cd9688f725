"""One pledge with all a person is shown of it, in one round trip."""

from datetime import datetime

import msgspec

from contracts.ids import PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.pledge import Campaign, Entry, Pledge


class WholeRecord(msgspec.Struct, frozen=True):
    """A pledge, its campaign, its history, and the platform's time."""

    pledge: Pledge
    campaign: Campaign
    history: tuple[Entry, ...]
    now: datetime


async def read_record(conn: Connection, pledge_id: PledgeId) -> WholeRecord | None:
    """Return all there is to show of a pledge."""
    rows = await conn.fetch(
        """
        SELECT
            to_jsonb(whole) AS pledge,
            jsonb_build_object(
                'campaign', campaign,
                'title', title,
                'starts_at', starts_at,
                'deadline_at', deadline_at,
                'goal_cents', goal_cents,
                'currency', state.currency,
                'state', state,
                'is_funded', is_funded
            ) AS campaign,
            (
                SELECT jsonb_agg(to_jsonb(line) ORDER BY version)
                FROM history_lines AS line
                WHERE line.pledge_id = whole.pledge_id
            ) AS history,
            platform.now() AS now
        FROM whole_pledges AS whole
        JOIN campaign_state AS state USING (campaign)
        JOIN campaigns USING (campaign)
        WHERE pledge_id = $1
        """,
        pledge_id,
    )
    return next(iter(decode_rows(rows, WholeRecord)), None)


async def list_ids_of(conn: Connection, supporter_id: SupporterId) -> list[PledgeId]:
    """Return every pledge of a supporter, oldest first."""
    rows = await conn.fetch(
        "SELECT pledge_id FROM pledges WHERE supporter_id = $1 ORDER BY created_at, pledge_id",
        supporter_id,
    )
    return [row["pledge_id"] for row in rows]

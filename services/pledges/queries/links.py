"""Requests for lost links, and the generation that a supporter's links are of."""

from datetime import datetime

import msgspec

from contracts.ids import ERASED_HOST, CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows

PER_HOUR_MAX = 3
PLEDGES_MAX = 50
FORGET_AFTER_SECONDS = 24 * 3600


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for the links of an address; `recently` is how often they got some."""

    request_id: int
    supporter_id: SupporterId
    recently: int


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge that a fresh link opens."""

    pledge_id: PledgeId
    campaign: CampaignSlug
    title: str
    deadline_at: datetime
    email: str
    language: str


async def insert_request(conn: Connection, supporter_id: SupporterId) -> None:
    """Write down that somebody asked, whoever it is about."""
    await conn.execute(
        "INSERT INTO link_requests (supporter_id, asked_at) VALUES ($1, clock_timestamp())",
        supporter_id,
    )


async def lock_requests(conn: Connection, *, limit: int) -> list[Request]:
    """Return the next requests that nobody has decided about, oldest first."""
    rows = await conn.fetch(
        """
        SELECT request_id, supporter_id, (
            SELECT count(*)
            FROM link_requests AS other
            WHERE other.supporter_id = request.supporter_id
              AND other.state = 'sent'
              AND other.decided_at > clock_timestamp() - interval '1 hour'
        ) AS recently
        FROM link_requests AS request
        WHERE state = 'asked'
        ORDER BY request_id
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return decode_rows(rows, Request)


async def list_opened(conn: Connection, supporter_id: SupporterId) -> list[Opened]:
    """Return a supporter's pledges that are not cancelled, newest first; none that was erased."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, campaign, title, deadline_at, email, language
        FROM pledges
        JOIN campaigns USING (campaign)
        JOIN campaign_state USING (campaign)
        WHERE supporter_id = $1
          AND status <> 'cancelled'
          AND split_part(email, '@', -1) <> $3
        ORDER BY created_at DESC, pledge_id
        LIMIT $2
        """,
        supporter_id,
        PLEDGES_MAX,
        ERASED_HOST,
    )
    return decode_rows(rows, Opened)


async def renew(conn: Connection, supporter_id: SupporterId) -> int:
    """End every link of a supporter; return the generation that holds from now on."""
    generation: int = await conn.fetchval(
        """
        UPDATE supporters
        SET link_generation = link_generation + 1
        WHERE supporter_id = $1
        RETURNING link_generation
        """,
        supporter_id,
    )
    return generation


async def decide(
    conn: Connection, request_id: int, state: str, *, generation: int | None = None
) -> None:
    """Write down what became of a request."""
    await conn.execute(
        """
        UPDATE link_requests
        SET state = $2, generation = $3, decided_at = clock_timestamp()
        WHERE request_id = $1
        """,
        request_id,
        state,
        generation,
    )


async def forget(conn: Connection) -> None:
    """Forget, after a day, who asked for nothing."""
    await conn.execute(
        """
        DELETE FROM link_requests
        WHERE state IN ('unknown', 'too_often')
          AND decided_at < clock_timestamp() - make_interval(secs => $1)
        """,
        FORGET_AFTER_SECONDS,
    )

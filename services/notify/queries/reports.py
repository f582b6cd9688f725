"""The SQL of reports: which there are to be, whose turn it is, and their files."""

from collections.abc import Sequence
from datetime import date, datetime

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.facts import ReportType
from services.notify.domain.letters import Attachment
from services.notify.domain.reporting import DueReport, Reader, Reported


async def now(conn: Connection) -> datetime:
    """Return the platform's time."""
    at: datetime = await conn.fetchval("SELECT platform.now()")
    return at


async def read_zone(conn: Connection) -> str | None:
    """Return the platform's zone, once site has told it."""
    zone: str | None = await conn.fetchval("SELECT timezone FROM platform_names")
    return zone


async def list_reported(
    conn: Connection, day: date, *, ended_after: datetime, for_platform: bool = False
) -> list[Reported]:
    """Return campaigns somebody wants to hear of that have no report of `day` yet.

    `for_platform`: the others, too, once they have ended.

    Those that end last come first: the rest is there at the next look.
    """
    rows = await conn.fetch(
        """
        SELECT slug, starts_at, least(deadline_at, cancelled_at) AS ends_at, has_readers
        FROM campaigns
        CROSS JOIN LATERAL (
            SELECT report_emails <> '[]' OR EXISTS (
                SELECT FROM runners WHERE runners.campaigns @> ARRAY[slug]
            ) AS has_readers
        ) AS named
        WHERE (has_readers OR $3 AND least(deadline_at, cancelled_at) < platform.now())
          AND least(deadline_at, cancelled_at) > $2
          AND NOT EXISTS (SELECT FROM reports WHERE campaign = slug AND day = $1)
        ORDER BY ends_at DESC, slug
        LIMIT 1000
        """,
        day,
        ended_after,
        for_platform,
    )
    return decode_rows(rows, Reported)


async def insert_reports(
    conn: Connection, day: date, due: Sequence[tuple[CampaignSlug, ReportType]]
) -> list[str]:
    """Write down what is due; return the ids of those that were not before."""
    rows = await conn.fetch(
        """
        INSERT INTO reports (report_id, campaign, report_type, day)
        SELECT campaign || ':' || report_type || ':' || $1::date, campaign, report_type, $1
        FROM unnest($2::text[], $3::text[]) AS new (campaign, report_type)
        ON CONFLICT DO NOTHING
        RETURNING report_id
        """,
        day,
        [campaign for campaign, _ in due],
        [kind for _, kind in due],
    )
    return [row["report_id"] for row in rows]


async def claim_report(conn: Connection, *, lease_seconds: float) -> DueReport | None:
    """Lease the report whose turn it is. A lease that ended belongs to a process that died."""
    rows = await conn.fetch(
        """
        UPDATE reports
        SET attempts = attempts + 1,
            next_attempt_at = clock_timestamp() + make_interval(secs => $1)
        WHERE report_id = (
            SELECT report_id
            FROM reports
            WHERE status = 'due' AND next_attempt_at <= clock_timestamp()
            ORDER BY next_attempt_at, report_id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING report_id, campaign, report_type, day, attempts, decided_at,
                  clock_timestamp() AS claimed_at, platform.now() AS at
        """,
        lease_seconds,
    )
    return next(iter(decode_rows(rows, DueReport)), None)


async def list_recipients(conn: Connection, campaign: CampaignSlug) -> list[Reader]:
    """Return who is sent a campaign's reports now: who runs it, and whom it names itself.

    Whoever wants none is named by the campaign, too, and that wins.
    """
    rows = await conn.fetch(
        """
        SELECT DISTINCT ON (email) email, language
        FROM campaigns
        CROSS JOIN LATERAL (
            SELECT email, language
            FROM runners
            WHERE runners.campaigns @> ARRAY[slug]
            UNION ALL
            SELECT email, NULL
            FROM jsonb_array_elements_text(report_emails) AS named (email)
        ) AS wanted
        WHERE slug = $1 AND NOT report_excluded ? email
        ORDER BY email, language NULLS LAST
        LIMIT 1000
        """,
        campaign,
    )
    return decode_rows(rows, Reader)


async def finish_report(
    conn: Connection, report_id: str, file: Attachment | None, *, is_told: bool
) -> bool:
    """Note that a report is made, with its file if it has one, or that it was empty.

    False if that was noted before.
    """
    found = await conn.fetchval(
        """
        UPDATE reports
        SET status = CASE WHEN $5::boolean THEN 'made' ELSE 'empty' END,
            file_name = $2,
            file_type = $3,
            file = $4
        WHERE report_id = $1 AND status = 'due'
        RETURNING true
        """,
        report_id,
        file and file.name,
        file and file.media_type,
        file and file.content,
        is_told,
    )
    return bool(found)


async def put_back(conn: Connection, report: DueReport, delay_seconds: int | None) -> None:
    """Let a report wait, or lie where an operator finds it, unless others took it over."""
    await conn.execute(
        """
        UPDATE reports
        SET status = CASE WHEN $3::integer IS NULL THEN 'parked' ELSE status END,
            next_attempt_at = clock_timestamp() + make_interval(secs => coalesce($3::integer, 0))
        WHERE report_id = $1 AND status = 'due' AND attempts = $2
        """,
        report.report_id,
        report.attempts,
        delay_seconds,
    )


async def read_file(conn: Connection, report_id: str) -> Attachment | None:
    """Return the file of a report while it is kept."""
    row = await conn.fetchrow(
        """
        SELECT file_name, file_type, file
        FROM reports
        WHERE report_id = $1 AND file IS NOT NULL
        """,
        report_id,
    )
    if row is None:
        return None
    return Attachment(name=row["file_name"], content=row["file"], media_type=row["file_type"])


async def forget_files(conn: Connection) -> int:
    """Forget the files whose mails are done: they name supporters. Return how many.

    A parked mail may be offered again, for a month.
    """
    rows = await conn.fetch(
        """
        UPDATE reports
        SET file = NULL
        WHERE file IS NOT NULL
          AND (decided_at < clock_timestamp() - interval '30 days' OR NOT EXISTS (
              SELECT
              FROM mails
              WHERE mails.status IN ('queued', 'sending', 'parked')
                AND mails.kind = 'campaign_report'
                AND mails.facts -> 'report' ->> 'report_id' = reports.report_id
          ))
        RETURNING report_id
        """
    )
    return len(rows)


async def count_parked(conn: Connection) -> int:
    """Return how many reports could not be made."""
    count: int = await conn.fetchval("SELECT count(*) FROM reports WHERE status = 'parked'")
    return count

"""Mails that a person has to look at: how many, which, and sending one once more."""

from contracts.api.desk import PersonMail
from contracts.api.operations import MailState, Resent, StuckMail, WebhookState
from services.chassis.storage.database import Connection, decode_rows

# A link of a day that comes late opens nothing; of news a second copy is worse than none.
NEVER_AGAIN = ("sign_in", "preview_link")


async def count_mails(conn: Connection) -> MailState:
    """Return where mails stand, of every kind together."""
    row = await conn.fetchrow(
        """
        SELECT queued, oldest_seconds, parked, undeliverable, bounced, complained,
               (SELECT count(*) FROM suppressed) AS suppressed,
               (SELECT count(*) FROM reports WHERE status = 'parked') AS reports_parked
        FROM (
            SELECT count(*) AS queued,
                   coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::bigint
                       AS oldest_seconds
            FROM mails
            WHERE status IN ('queued', 'sending')
        ) AS open
        CROSS JOIN (
            SELECT count(*) FILTER (WHERE status = 'parked') AS parked,
                   count(*) FILTER (WHERE status = 'undeliverable') AS undeliverable
            FROM mails
            WHERE status IN ('undeliverable', 'parked')
        ) AS stuck
        CROSS JOIN (
            SELECT count(*) FILTER (WHERE happened = 'bounced') AS bounced,
                   count(*) FILTER (WHERE happened = 'complained') AS complained
            FROM resend_events
            WHERE happened IN ('bounced', 'complained')
        ) AS told
        """
    )
    assert row is not None
    return MailState(**row)


async def count_told(conn: Connection) -> WebhookState:
    """Return how much Resend told us since yesterday."""
    row = await conn.fetchrow(
        """
        SELECT count(*) FILTER (WHERE heard_at > clock_timestamp() - interval '1 day') AS today,
               max(heard_at) AS last_at
        FROM resend_events
        """
    )
    assert row is not None
    return WebhookState(
        received_today=row["today"],
        last_at=row["last_at"],
        waiting=None,
        oldest_seconds=None,
        parked=None,
    )


async def list_stuck(conn: Connection, *, before: int, limit: int) -> list[StuckMail]:
    """Return mails that were not taken, whose fate is unknown, or that came back."""
    rows = await conn.fetch(
        """
        WITH stuck AS (
            SELECT mail_number
            FROM mails
            WHERE status IN ('undeliverable', 'parked')
              AND forgotten_at IS NULL
            UNION
            SELECT mail_number
            FROM mails
            JOIN resend_events USING (resend_id)
            WHERE happened IN ('bounced', 'failed')
              AND status = 'sent'
              AND forgotten_at IS NULL
        )
        SELECT mail_number AS number, mail_id, kind, campaign AS campaign_slug, address,
               coalesce(told.happened, status) AS status, created_at AS written_at,
               coalesce(nullif(told.detail, ''), tried.code, '') AS said,
               kind <> ALL($3) AND broadcast_id IS NULL AS can_resend
        FROM stuck
        JOIN mails USING (mail_number)
        LEFT JOIN LATERAL (
            SELECT happened, detail
            FROM resend_events
            WHERE resend_events.resend_id = mails.resend_id
              AND happened IN ('bounced', 'failed')
            ORDER BY heard_at DESC
            LIMIT 1
        ) AS told ON true
        LEFT JOIN LATERAL (
            SELECT code
            FROM deliveries
            WHERE deliveries.mail_id = mails.mail_id
            ORDER BY delivery_id DESC
            LIMIT 1
        ) AS tried ON true
        WHERE mail_number < $1
        ORDER BY mail_number DESC
        LIMIT $2
        """,
        before,
        limit,
        NEVER_AGAIN,
    )
    return decode_rows(rows, StuckMail)


async def list_of_person(conn: Connection, recipient: str) -> list[PersonMail]:
    """Return the newest mails to somebody, the oldest of them first."""
    rows = await conn.fetch(
        """
        SELECT mail_id, kind, campaign AS campaign_slug, created_at AS written_at, status,
               sent_at, coalesce((
                   SELECT happened
                   FROM resend_events
                   WHERE resend_events.resend_id = newest.resend_id
                     AND happened IN ('bounced', 'complained', 'failed', 'suppressed')
                   ORDER BY heard_at DESC
                   LIMIT 1
               ), '') AS happened
        FROM (
            SELECT mail_number, mail_id, kind, campaign, created_at, status, sent_at, resend_id
            FROM mails
            WHERE recipient = $1
              AND forgotten_at IS NULL
              AND kind <> ALL($2)
            ORDER BY mail_number DESC
            LIMIT 200
        ) AS newest
        ORDER BY mail_number
        """,
        recipient,
        NEVER_AGAIN,
    )
    return decode_rows(rows, PersonMail)


async def send_again(conn: Connection, mail_id: str) -> Resent | None:
    """Queue a stuck mail as if it were new, under a new key; None where that is not to be."""
    row = await conn.fetchrow(
        """
        UPDATE mails
        SET status = 'queued',
            attempts = 0,
            edition = edition + 1,
            first_attempt_at = NULL,
            next_attempt_at = clock_timestamp(),
            resend_id = NULL,
            sent_at = NULL
        WHERE mail_id = $1
          AND kind <> ALL($2)
          AND broadcast_id IS NULL
          AND forgotten_at IS NULL
          AND (
              status IN ('undeliverable', 'parked')
              OR (status = 'sent' AND EXISTS (
                  SELECT FROM resend_events
                  WHERE resend_events.resend_id = mails.resend_id
                    AND happened IN ('bounced', 'failed')
              ))
          )
        RETURNING mail_id, kind, campaign
        """,
        mail_id,
        NEVER_AGAIN,
    )
    if row is None:
        return None
    return Resent(mail_id=row["mail_id"], kind=row["kind"], campaign_slug=row["campaign"])

"""The SQL of mails and of what they say about campaigns."""

from collections.abc import Mapping, Sequence

from contracts.ids import canonical_email
from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.mails import (
    Accepted,
    Mail,
    MailKind,
    NewMail,
    Outcome,
    Step,
    outcome_name,
)


async def list_mailed(conn: Connection, kind: MailKind, causes: Sequence[str]) -> set[str]:
    """Return those of these causes for which a mail was written."""
    rows = await conn.fetch(
        "SELECT cause FROM mails WHERE kind = $1 AND cause = ANY($2)", kind, causes
    )
    return {row["cause"] for row in rows}


async def insert_mails(conn: Connection, new: Mapping[str, NewMail]) -> list[str]:
    """Write mails under these ids, in this order; return the ids of those whose cause had none."""
    mails = list(new.values())
    rows = await conn.fetch(
        """
        INSERT INTO mails
            (mail_id, kind, cause, campaign, recipient, address, language, facts, broadcast_id,
             created_at, forgotten_at)
        SELECT mail_id, kind, cause, campaign, recipient, address, language, facts, broadcast_id,
               platform.now(),
               -- Whoever is reminded of a launch was promised that it ends with this mail.
               CASE kind WHEN 'launch_reminder' THEN clock_timestamp() END
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::jsonb[], $9::text[])
            WITH ORDINALITY
            AS new (mail_id, kind, cause, campaign, recipient, address, language, facts,
                    broadcast_id, place)
        ORDER BY place
        ON CONFLICT ON CONSTRAINT one_mail_per_cause DO NOTHING
        RETURNING mail_id
        """,
        list(new),
        [each.kind for each in mails],
        [each.cause for each in mails],
        [each.campaign for each in mails],
        [canonical_email(each.address) for each in mails],
        [each.address for each in mails],
        [each.language for each in mails],
        [each.facts for each in mails],
        [each.broadcast_id for each in mails],
    )
    return [row["mail_id"] for row in rows]


async def claim_due_mails(conn: Connection, *, limit: int, lease_seconds: float) -> list[Mail]:
    """Lease the mails whose turn it is: one per recipient, and only the oldest open one.

    A lease that ended belongs to a sender that died, so its mail is due again. A mail
    that speaks of a campaign that is not known here yet waits for it.
    """
    rows = await conn.fetch(
        """
        WITH due AS (
            SELECT mails.mail_number
            FROM mails
            LEFT JOIN campaigns ON campaigns.slug = mails.campaign
            WHERE mails.status IN ('queued', 'sending')
              AND (campaigns.slug IS NOT NULL OR mails.campaign = '')
              AND mails.broadcast_id IS NULL
              AND mails.next_attempt_at <= clock_timestamp()
              AND NOT EXISTS (
                  SELECT 1
                  FROM jsonb_array_elements(mails.facts -> 'refused') AS part
                  LEFT JOIN campaigns AS other ON other.slug = part ->> 'campaign'
                  WHERE other.slug IS NULL
              )
              AND NOT EXISTS (
                  SELECT 1
                  FROM mails AS older
                  WHERE older.recipient = mails.recipient
                    AND older.status IN ('queued', 'sending')
                    AND older.broadcast_id IS NULL
                    AND older.mail_number < mails.mail_number
              )
            ORDER BY mails.next_attempt_at, mails.mail_number
            LIMIT $1
            FOR UPDATE OF mails SKIP LOCKED
        )
        UPDATE mails
        SET status = 'sending',
            attempts = attempts + 1,
            first_attempt_at = coalesce(first_attempt_at, clock_timestamp()),
            next_attempt_at = clock_timestamp() + make_interval(secs => $2)
        FROM due
        WHERE mails.mail_number = due.mail_number
        RETURNING mail_id, kind, campaign, address, language, facts, created_at, attempts,
                  edition, first_attempt_at, clock_timestamp() AS claimed_at
        """,
        limit,
        lease_seconds,
    )
    return decode_rows(rows, Mail)


async def append_delivery(conn: Connection, mail: Mail, outcome: Outcome) -> None:
    await conn.execute(
        """
        INSERT INTO deliveries (mail_id, attempt, outcome, code, resend_id)
        VALUES ($1, $2, $3, $4, $5)
        """,
        mail.mail_id,
        mail.attempts,
        outcome_name(outcome),
        outcome.code[:200],
        outcome.resend_id if isinstance(outcome, Accepted) else None,
    )


async def finish_mail(conn: Connection, mail: Mail, *, resend_id: str) -> None:
    """Mark the mail as sent, whoever holds it by now: that Resend has it is a fact."""
    await conn.execute(
        """
        UPDATE mails
        SET status = 'sent', resend_id = $2, sent_at = clock_timestamp()
        WHERE mail_id = $1
          AND status <> 'sent'
        """,
        mail.mail_id,
        resend_id,
    )


async def advance_mail(conn: Connection, mail: Mail, step: Step) -> None:
    """Put the mail back, or aside, unless another sender has taken it over meanwhile."""
    await conn.execute(
        """
        UPDATE mails
        SET status = $3,
            edition = $4,
            next_attempt_at = clock_timestamp() + make_interval(secs => $5)
        WHERE mail_id = $1
          AND status = 'sending'
          AND attempts = $2
        """,
        mail.mail_id,
        mail.attempts,
        step.status,
        step.edition,
        step.delay_seconds,
    )


async def return_mail(conn: Connection, mail: Mail, *, delay_seconds: float) -> None:
    """Put a mail back that was leased and never offered to Resend."""
    await conn.execute(
        """
        UPDATE mails
        SET status = 'queued',
            attempts = attempts - 1,
            first_attempt_at = CASE WHEN attempts > 1 THEN first_attempt_at END,
            next_attempt_at = clock_timestamp() + make_interval(secs => $3)
        WHERE mail_id = $1
          AND status = 'sending'
          AND attempts = $2
        """,
        mail.mail_id,
        mail.attempts,
        delay_seconds,
    )

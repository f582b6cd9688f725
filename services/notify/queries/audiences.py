"""Who hears news of a campaign: supporters whose pledge stands, or who asked to be reminded."""

from datetime import datetime

from contracts.events.pledges import PledgeSnapshot
from contracts.ids import SupporterId, canonical_email
from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.news import Audience, BroadcastKind, Member, Topic


async def save_pledges(conn: Connection, pledges: list[PledgeSnapshot]) -> None:
    """Keep who supports what. A pledge that was withdrawn never stands again."""
    newest = {each.pledge_id: each for each in pledges}
    await conn.execute(
        """
        INSERT INTO pledge_copies
            (pledge_id, campaign, recipient, address, language, is_standing, created_at)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
                    $7::timestamptz[])
        ORDER BY 1
        ON CONFLICT (pledge_id) DO UPDATE
        SET is_standing = pledge_copies.is_standing AND excluded.is_standing
        """,
        list(newest),
        [each.campaign for each in newest.values()],
        [canonical_email(each.email) for each in newest.values()],
        [each.email for each in newest.values()],
        [each.language for each in newest.values()],
        [each.status != "cancelled" for each in newest.values()],
        [each.created_at for each in newest.values()],
    )


async def read_audience(conn: Connection, kind: BroadcastKind, campaign: str) -> Audience:
    """Return everybody who would hear news of this kind now, in order."""
    if kind == "launch_reminder":
        rows = await conn.fetch(
            """
            SELECT recipient, reminder_number AS number
            FROM reminders
            WHERE campaign = $1 AND may_be_told(recipient, campaign, 'launch')
            ORDER BY recipient
            """,
            campaign,
        )
    else:
        rows = await conn.fetch(
            """
            SELECT recipient, max(pledge_number) AS number
            FROM pledge_copies
            WHERE campaign = $1 AND is_standing AND may_be_told(recipient, campaign, 'news')
            GROUP BY recipient
            ORDER BY recipient
            """,
            campaign,
        )
    return Audience(
        recipients=tuple(row["recipient"] for row in rows),
        through=max((row["number"] for row in rows), default=0),
    )


async def list_members(
    conn: Connection,
    kind: BroadcastKind,
    campaign: str,
    *,
    through: int,
    after: str,
    limit: int,
) -> list[Member]:
    """Return the next of an audience, each once: supporters with their newest pledge."""
    if kind == "launch_reminder":
        rows = await conn.fetch(
            """
            SELECT recipient, address, language
            FROM reminders
            WHERE campaign = $1
              AND reminder_number <= $2
              AND recipient > $3
              AND may_be_told(recipient, campaign, 'launch')
            ORDER BY recipient
            LIMIT $4
            """,
            *(campaign, through, after, limit),
        )
    else:
        rows = await conn.fetch(
            """
            SELECT DISTINCT ON (recipient) recipient, address, language, pledge_id
            FROM pledge_copies
            WHERE campaign = $1
              AND is_standing
              AND pledge_number <= $2
              AND recipient > $3
              AND may_be_told(recipient, campaign, 'news')
            ORDER BY recipient, pledge_number DESC
            LIMIT $4
            """,
            *(campaign, through, after, limit),
        )
    return decode_rows(rows, Member)


async def save_reminder(
    conn: Connection,
    *,
    campaign: str,
    address: str,
    language: str,
    consent_version: str,
    consent_text: str,
) -> None:
    """Keep who asked to be told of a launch, in which words; asking again says it anew."""
    await conn.execute(
        """
        INSERT INTO reminders
            (campaign, recipient, address, language, consent_version, consent_text, consented_at)
        VALUES ($1, $2, $3, $4, $5, $6, platform.now())
        ON CONFLICT (campaign, recipient) DO UPDATE
        SET address = excluded.address,
            language = excluded.language,
            consent_version = excluded.consent_version,
            consent_text = excluded.consent_text,
            consented_at = excluded.consented_at
        """,
        campaign,
        canonical_email(address),
        address,
        language,
        consent_version,
        consent_text,
    )


async def delete_reminders(conn: Connection, campaign: str, recipient: str | None = None) -> None:
    """Forget who asked to be reminded: one of them, or all."""
    await conn.execute(
        "DELETE FROM reminders WHERE campaign = $1 AND ($2::text IS NULL OR recipient = $2)",
        campaign,
        recipient,
    )


async def save_preference(
    conn: Connection, *, campaign: str, topic: Topic, supporter: SupporterId, wants_it: bool
) -> None:
    await conn.execute(
        """
        INSERT INTO preferences (campaign, topic, supporter_id, wants_it)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (campaign, topic, supporter_id) DO UPDATE
        SET wants_it = excluded.wants_it, since = clock_timestamp()
        WHERE preferences.wants_it <> excluded.wants_it
        """,
        campaign,
        topic,
        supporter,
        wants_it,
    )


async def wants(conn: Connection, *, campaign: str, topic: Topic, supporter: SupporterId) -> bool:
    """Tell whether somebody may be written to about this; unasked, yes."""
    found: bool | None = await conn.fetchval(
        """
        SELECT wants_it
        FROM preferences
        WHERE campaign = $1 AND topic = $2 AND supporter_id = $3
        """,
        campaign,
        topic,
        supporter,
    )
    return found is not False


async def suppress(conn: Connection, supporter: SupporterId, reason: str) -> None:
    """Send no news to an address any more; the first reason stays."""
    await conn.execute(
        """
        INSERT INTO suppressed (supporter_id, reason)
        VALUES ($1, $2)
        ON CONFLICT (supporter_id) DO NOTHING
        """,
        supporter,
        reason,
    )


async def insert_resend_event(
    conn: Connection, *, event_id: str, resend_id: str, happened: str, detail: str
) -> bool:
    """Note what Resend told; false when it was told before."""
    row = await conn.fetchrow(
        """
        INSERT INTO resend_events (event_id, resend_id, happened, detail)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (event_id) DO NOTHING
        RETURNING event_id
        """,
        event_id,
        resend_id,
        happened,
        detail,
    )
    return row is not None


async def read_recipient(conn: Connection, resend_id: str) -> str:
    """Return to whom we sent what Resend has under this id; empty if to nobody, or forgotten."""
    found: str | None = await conn.fetchval(
        "SELECT recipient FROM mails WHERE resend_id = $1 LIMIT 1", resend_id
    )
    return found or ""


async def platform_now(conn: Connection) -> datetime:
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now

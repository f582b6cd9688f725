"""A person's mails: which there are, and taking the person out of them."""

from datetime import datetime

import msgspec

from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.mails import MailKind

OWN_MAX = 500


class Owner(msgspec.Struct, frozen=True):
    """To whom a mail about a pledge went, in which campaign; nobody, once they are forgotten."""

    recipient: str
    campaign: str
    is_forgotten: bool


class Written(msgspec.Struct, frozen=True):
    """A mail as its recipient may know of it."""

    kind: MailKind
    campaign: str
    title: str
    language: str
    created_at: datetime
    status: str
    sent_at: datetime | None


async def forget_recipient(conn: Connection, recipient: str) -> None:
    """Mark a person's mails: those that are done with lose them, the others when they are."""
    await conn.execute("SELECT forget_recipient($1)", recipient)


async def forget_mails(conn: Connection, *, limit: int) -> int:
    """Take people out of mails that are done with; which pledge they were of stays."""
    gone: int = await conn.fetchval("SELECT forget_mails($1)", limit)
    return gone


async def forget_reviewers(conn: Connection, *, limit: int) -> int:
    """Mark mails with links to look at a working copy that are a day old, and so over."""
    marked: int = await conn.fetchval("SELECT forget_reviewers($1)", limit)
    return marked


async def list_owners(conn: Connection, pledge_id: str) -> list[Owner]:
    """Return to whom the mails about a pledge went."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT recipient, campaign, forgotten_at IS NOT NULL AS is_forgotten
        FROM mails
        WHERE facts ->> 'pledge_id' = $1
        LIMIT 100
        """,
        pledge_id,
    )
    return decode_rows(rows, Owner)


async def list_written(conn: Connection, recipient: str) -> list[Written]:
    """Return a person's newest mails, oldest first."""
    rows = await conn.fetch(
        """
        SELECT kind, campaign, title, language, created_at, status, sent_at
        FROM (
            SELECT mails.mail_number, kind, campaign, coalesce(campaigns.title, campaign) AS title,
                   language, created_at, status, sent_at
            FROM mails
            LEFT JOIN campaigns ON campaigns.slug = mails.campaign
            WHERE recipient = $1 AND forgotten_at IS NULL
            ORDER BY mails.mail_number DESC
            LIMIT $2
        ) AS newest
        ORDER BY mail_number
        """,
        recipient,
        OWN_MAX,
    )
    return decode_rows(rows, Written)

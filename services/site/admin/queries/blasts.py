"""The SQL of announcements that are being written."""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.site.admin.blast import Draft, Words


async def read_draft(conn: Connection, campaign: str) -> Draft:
    """Return a campaign's working copy; an empty one where nobody wrote yet."""
    row: Any = await conn.fetchrow(
        """
        SELECT revision, subject, heading, body, cta_label, cta_url, changed_by, changed_at,
            audience_hash, broadcast_id
        FROM announcement_drafts
        WHERE campaign = $1
        """,
        campaign,
    )
    if row is None:
        return Draft()
    told = dict(row)
    words = {name: told.pop(name) for name in Words.__struct_fields__}
    return msgspec.convert({**told, "words": words}, Draft)


async def save_draft(
    conn: Connection, campaign: CampaignSlug, words: Words, *, revision: int, by: str
) -> bool:
    """Write the working copy, if it is still the one the form was made from; tell whether."""
    done = await conn.fetchval(
        """
        INSERT INTO announcement_drafts
            (campaign, revision, subject, heading, body, cta_label, cta_url, changed_by,
             changed_at)
        VALUES ($1, 1, $2, $3, $4, $5, $6, $7, clock_timestamp())
        ON CONFLICT (campaign) DO UPDATE
        SET revision = announcement_drafts.revision + 1,
            subject = excluded.subject,
            heading = excluded.heading,
            body = excluded.body,
            cta_label = excluded.cta_label,
            cta_url = excluded.cta_url,
            changed_by = excluded.changed_by,
            changed_at = excluded.changed_at
        WHERE announcement_drafts.revision = $8
        RETURNING true
        """,
        campaign,
        words.subject,
        words.heading,
        words.body,
        words.cta_label,
        words.cta_url,
        by,
        revision,
    )
    return done is not None


async def note_sent(
    conn: Connection, campaign: CampaignSlug, *, revision: int, audience_hash: str, broadcast: str
) -> bool:
    """Empty the working copy that was sent, and keep what it became.

    Words that somebody wrote meanwhile stay. Returns whether it is noted now, and not before.
    """
    done = await conn.fetchval(
        """
        UPDATE announcement_drafts
        SET revision = revision + 1,
            subject = CASE revision WHEN $2 THEN '' ELSE subject END,
            heading = CASE revision WHEN $2 THEN '' ELSE heading END,
            body = CASE revision WHEN $2 THEN '' ELSE body END,
            cta_label = CASE revision WHEN $2 THEN '' ELSE cta_label END,
            cta_url = CASE revision WHEN $2 THEN '' ELSE cta_url END,
            audience_hash = $3,
            broadcast_id = $4
        WHERE campaign = $1
          AND broadcast_id <> $4
        RETURNING true
        """,
        campaign,
        revision,
        audience_hash,
        broadcast,
    )
    return done is not None

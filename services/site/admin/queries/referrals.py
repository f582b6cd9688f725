"""The SQL of referral codes: made once, changed, retired, never deleted."""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.site.admin.referrals import CODES_MAX, LinkWords, Referral

COLUMNS = """
    code, referrer, utm_source, utm_medium, utm_content, language, created_by, created_at,
    retired_at
"""


async def list_referrals(conn: Connection, campaign: str) -> list[Referral]:
    """Return a campaign's codes, those in use first, the newest first."""
    rows = await conn.fetch(
        f"""
        SELECT {COLUMNS}
        FROM referral_codes
        WHERE campaign = $1
        ORDER BY retired_at IS NOT NULL, created_at DESC, code
        LIMIT $2
        """,  # noqa: S608 (a constant of this module)
        campaign,
        CODES_MAX,
    )
    return [_referral(row) for row in rows]


async def find_referral(conn: Connection, campaign: str, code: str) -> Referral | None:
    """Return a code of a campaign."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM referral_codes WHERE campaign = $1 AND code = $2",  # noqa: S608
        campaign,
        code,
    )
    return None if row is None else _referral(row)


async def insert_referral(
    conn: Connection, campaign: CampaignSlug, code: str, words: LinkWords, by: str
) -> bool:
    """Keep a code that is free yet and has room; tell whether it was."""
    done = await conn.fetchval(
        """
        INSERT INTO referral_codes
            (campaign, code, referrer, utm_source, utm_medium, utm_content, language, created_by,
             created_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp()
        WHERE (SELECT count(*) FROM referral_codes WHERE campaign = $1) < $9
        ON CONFLICT (campaign, code) DO NOTHING
        RETURNING true
        """,
        campaign,
        code,
        words.referrer,
        words.source,
        words.medium,
        words.content,
        words.language,
        by,
        CODES_MAX,
    )
    return done is not None


async def update_referral(
    conn: Connection, campaign: CampaignSlug, code: str, words: LinkWords
) -> bool:
    """Change what a code's link says; the code itself stays. Tell whether there is one."""
    done = await conn.fetchval(
        """
        UPDATE referral_codes
        SET referrer = $3, utm_source = $4, utm_medium = $5, utm_content = $6, language = $7
        WHERE campaign = $1
          AND code = $2
        RETURNING true
        """,
        campaign,
        code,
        words.referrer,
        words.source,
        words.medium,
        words.content,
        words.language,
    )
    return done is not None


async def retire_referral(
    conn: Connection, campaign: CampaignSlug, code: str, *, is_retired: bool
) -> bool:
    """Retire a code, or take it back into use; tell whether that changed anything."""
    done = await conn.fetchval(
        """
        UPDATE referral_codes
        SET retired_at = CASE WHEN $3 THEN clock_timestamp() END
        WHERE campaign = $1
          AND code = $2
          AND (retired_at IS NOT NULL) <> $3
        RETURNING true
        """,
        campaign,
        code,
        is_retired,
    )
    return done is not None


def _referral(row: Any) -> Referral:
    told = dict(row)
    words = LinkWords(
        referrer=told.pop("referrer"),
        source=told.pop("utm_source"),
        medium=told.pop("utm_medium"),
        content=told.pop("utm_content"),
        language=told.pop("language"),
    )
    return msgspec.convert({**told, "words": words}, Referral)

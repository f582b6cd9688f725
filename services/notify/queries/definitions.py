"""What mails say about campaigns and the platform; site owns it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.events.admin import RunnerChanged
from contracts.events.campaigns import CampaignPublished
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, decode_rows
from services.notify.domain.mails import Campaign, PlatformNames


async def save_campaign(conn: Connection, event: CampaignPublished) -> bool | None:
    """Keep a newer version; return whether the diary it had before was known, None if older.

    A campaign that is new here has nothing in its diary that was not told.
    """
    definition = event.definition
    row = await conn.fetchrow(
        """
        INSERT INTO campaigns
            (slug, version, title, deadline_at, timezone, goal_cents, instagram_url, decisions,
             starts_at, stretch_goals, report_emails, report_excluded, knows_diary)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true)
        ON CONFLICT (slug) DO UPDATE
        SET version = excluded.version,
            title = excluded.title,
            deadline_at = excluded.deadline_at,
            timezone = excluded.timezone,
            goal_cents = excluded.goal_cents,
            instagram_url = excluded.instagram_url,
            decisions = excluded.decisions,
            starts_at = excluded.starts_at,
            stretch_goals = excluded.stretch_goals,
            report_emails = excluded.report_emails,
            report_excluded = excluded.report_excluded
        WHERE campaigns.version < excluded.version
        RETURNING knows_diary
        """,
        definition.slug,
        definition.version,
        definition.title,
        definition.deadline_at,
        definition.timezone,
        definition.goal_cents,
        definition.instagram_url,
        definition.decisions,
        definition.starts_at,
        definition.stretch_goals,
        event.report_emails,
        event.report_excluded,
    )
    return None if row is None else row["knows_diary"]


async def end_early(conn: Connection, slug: CampaignSlug, cancelled_at: datetime) -> bool:
    """Note when a campaign was ended early; False when it is not known."""
    found = await conn.fetchval(
        "UPDATE campaigns SET cancelled_at = $2 WHERE slug = $1 RETURNING true",
        slug,
        cancelled_at,
    )
    return bool(found)


async def note_diary(conn: Connection, slug: CampaignSlug) -> None:
    """Note that what the diary holds from here on is news."""
    await conn.execute("UPDATE campaigns SET knows_diary = true WHERE slug = $1", slug)


async def save_runner(conn: Connection, event: RunnerChanged) -> None:
    """Keep which campaigns somebody runs; an older version changes nothing."""
    await conn.execute(
        """
        INSERT INTO runners (user_id, version, email, language, campaigns)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id) DO UPDATE
        SET version = excluded.version,
            email = excluded.email,
            language = excluded.language,
            campaigns = excluded.campaigns
        WHERE runners.version < excluded.version
        """,
        event.user_id,
        event.version,
        event.email,
        event.language,
        list(event.campaigns),
    )


async def save_platform(conn: Connection, definition: PlatformDefinition) -> None:
    await conn.execute(
        """
        INSERT INTO platform_names
            (version, platform_name, support_email, languages, recovery_window_days, mail_look,
             company_name, timezone, reports)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (only_row) DO UPDATE
        SET version = excluded.version,
            platform_name = excluded.platform_name,
            support_email = excluded.support_email,
            languages = excluded.languages,
            recovery_window_days = excluded.recovery_window_days,
            mail_look = excluded.mail_look,
            company_name = excluded.company_name,
            timezone = excluded.timezone,
            reports = excluded.reports
        WHERE platform_names.version < excluded.version
        """,
        definition.version,
        definition.platform_name,
        definition.support_email,
        definition.languages,
        definition.recovery_window_days,
        definition.mail_look,
        definition.company_name,
        definition.timezone,
        definition.reports,
    )


async def list_campaigns(
    conn: Connection, slugs: Sequence[CampaignSlug]
) -> dict[CampaignSlug, Campaign]:
    """Return the named campaigns by slug."""
    rows = await conn.fetch(
        """
        SELECT slug, title, deadline_at, timezone, goal_cents, instagram_url, decisions,
               starts_at, stretch_goals
        FROM campaigns
        WHERE slug = ANY($1)
        LIMIT $2
        """,
        slugs,
        len(slugs),
    )
    return {campaign.slug: campaign for campaign in decode_rows(rows, Campaign)}


async def read_platform(conn: Connection) -> PlatformNames:
    """Return what mails say about the platform: its defaults until site has told us."""
    row = await conn.fetchrow(
        """
        SELECT platform_name, support_email, languages, recovery_window_days, mail_look,
               company_name, reports
        FROM platform_names
        """
    )
    return PlatformNames() if row is None else msgspec.convert(row, PlatformNames)

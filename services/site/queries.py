"""Every SQL statement of site."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.events.checkout import AddOnStockChanged, StockChanged
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection, Pool, decode_rows
from services.site.domain import Figures
from services.site.publishing.model import CampaignDocument, PlatformDocument

CAMPAIGNS_MAX = 10_000


class StoredCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a campaign."""

    slug: CampaignSlug
    version: int
    sha256: str
    document: CampaignDocument
    published_at: datetime


class FoundCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version as it is stored: another release may have written it."""

    slug: CampaignSlug
    version: int
    document: dict[str, Any]
    published_at: datetime


class StoredPlatform(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of the platform's settings."""

    version: int
    sha256: str
    document: PlatformDocument


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How new a campaign's figures are."""

    slug: CampaignSlug
    version: int


async def lock_publishing(conn: Connection, name: str) -> None:
    """Let nobody else publish `name` until this transaction ends."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('site.publish:' || $1, 0))", name
    )


async def platform_now(conn: Connection) -> datetime:
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now


async def newest_campaign(conn: Connection, slug: CampaignSlug) -> StoredCampaign | None:
    row = await conn.fetchrow(
        """
        SELECT slug, version, sha256, document, published_at
        FROM campaign_versions
        WHERE slug = $1
        ORDER BY version DESC
        LIMIT 1
        """,
        slug,
    )
    return None if row is None else msgspec.convert(row, StoredCampaign)


async def newest_version(conn: Connection, slug: CampaignSlug) -> int:
    """Return the number of the newest version; 0 when there is none."""
    found: int = await conn.fetchval(
        "SELECT coalesce(max(version), 0) FROM campaign_versions WHERE slug = $1", slug
    )
    return found


async def insert_campaign_version(conn: Connection, stored: StoredCampaign) -> None:
    await conn.execute(
        """
        INSERT INTO campaign_versions (slug, version, document, sha256, published_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        stored.slug,
        stored.version,
        stored.document,
        stored.sha256,
        stored.published_at,
    )


async def newest_platform(conn: Connection | Pool) -> StoredPlatform | None:
    row = await conn.fetchrow(
        """
        SELECT version, sha256, document
        FROM platform_versions
        ORDER BY version DESC
        LIMIT 1
        """
    )
    return None if row is None else msgspec.convert(row, StoredPlatform)


async def newest_platform_version(pool: Pool) -> int:
    """Return the version of the platform's settings in force: the cheap question asked often."""
    found: int = await pool.fetchval("SELECT coalesce(max(version), 0) FROM platform_versions")
    return found


async def insert_platform_version(conn: Connection, stored: StoredPlatform, at: datetime) -> None:
    await conn.execute(
        """
        INSERT INTO platform_versions (version, document, sha256, published_at)
        VALUES ($1, $2, $3, $4)
        """,
        stored.version,
        stored.document,
        stored.sha256,
        at,
    )


async def all_newest_campaigns(pool: Pool, slugs: list[str] | None) -> list[FoundCampaign]:
    """Return the newest version of the campaigns named, of all when None."""
    rows: list[Any] = await pool.fetch(
        """
        SELECT DISTINCT ON (slug) slug, version, document, published_at
        FROM campaign_versions
        WHERE $1::text[] IS NULL OR slug = ANY ($1)
        ORDER BY slug, version DESC
        LIMIT $2
        """,
        slugs,
        CAMPAIGNS_MAX,
    )
    return decode_rows(rows, FoundCampaign)


async def record_definition(conn: Connection, slug: CampaignSlug, version: int) -> None:
    """Note that another definition is in force, so that every process loads it."""
    await conn.execute(
        """
        INSERT INTO campaign_figures (slug, definition_version)
        VALUES ($1, $2)
        ON CONFLICT (slug) DO UPDATE
        SET definition_version = excluded.definition_version,
            version = campaign_figures.version + 1
        WHERE campaign_figures.definition_version < excluded.definition_version
        """,
        slug,
        version,
    )


async def record_stock(conn: Connection, event: StockChanged) -> None:
    await conn.execute(
        """
        INSERT INTO campaign_figures (slug, stock, stock_version)
        VALUES ($1, $2, $3)
        ON CONFLICT (slug) DO UPDATE
        SET stock = excluded.stock,
            stock_version = excluded.stock_version,
            version = campaign_figures.version + 1
        WHERE campaign_figures.stock_version < excluded.stock_version
        """,
        event.campaign,
        event,
        event.version,
    )


async def record_add_on_stock(conn: Connection, event: AddOnStockChanged) -> None:
    await conn.execute(
        """
        INSERT INTO add_on_stock (version, stock)
        VALUES ($1, $2)
        ON CONFLICT (only_row) DO UPDATE
        SET version = excluded.version,
            stock = excluded.stock
        WHERE add_on_stock.version < excluded.version
        """,
        event.version,
        event,
    )


async def record_totals(conn: Connection, event: TotalsChanged) -> None:
    await conn.execute(
        """
        INSERT INTO campaign_figures (slug, totals, totals_version)
        VALUES ($1, $2, $3)
        ON CONFLICT (slug) DO UPDATE
        SET totals = excluded.totals,
            totals_version = excluded.totals_version,
            version = campaign_figures.version + 1
        WHERE campaign_figures.totals_version < excluded.totals_version
        """,
        event.campaign,
        event,
        event.version,
    )


async def record_closing(conn: Connection, event: CampaignClosed) -> None:
    """Keep the final count; it is written once, so a second one changes nothing."""
    await conn.execute(
        """
        INSERT INTO campaign_figures (slug, closing)
        VALUES ($1, $2)
        ON CONFLICT (slug) DO UPDATE
        SET closing = excluded.closing,
            version = campaign_figures.version + 1
        WHERE campaign_figures.closing IS NULL
        """,
        event.campaign,
        event,
    )


async def record_went_live(conn: Connection, slug: CampaignSlug, at: datetime) -> None:
    await _record_instant(conn, slug, "went_live_at", at)


async def record_deadline_passed(conn: Connection, slug: CampaignSlug, at: datetime) -> None:
    await _record_instant(conn, slug, "deadline_passed_at", at)


async def record_settled(conn: Connection, slug: CampaignSlug, at: datetime) -> None:
    await _record_instant(conn, slug, "settled_at", at)


async def record_cancelled(conn: Connection, slug: CampaignSlug, at: datetime) -> None:
    await _record_instant(conn, slug, "cancelled_at", at)


async def _record_instant(conn: Connection, slug: CampaignSlug, what: str, at: datetime) -> None:
    """Keep when something happened to a campaign that happens once."""
    await conn.execute(
        f"""
        INSERT INTO campaign_figures (slug, {what})
        VALUES ($1, $2)
        ON CONFLICT (slug) DO UPDATE
        SET {what} = excluded.{what},
            version = campaign_figures.version + 1
        WHERE campaign_figures.{what} IS NULL
        """,  # noqa: S608
        slug,
        at,
    )


async def find_cancelled(conn: Connection, slug: CampaignSlug) -> datetime | None:
    """Return when a campaign was ended early, if it was."""
    found: datetime | None = await conn.fetchval(
        "SELECT cancelled_at FROM campaign_figures WHERE slug = $1", slug
    )
    return found


async def freshness(pool: Pool) -> list[Freshness]:
    """Return the version of every campaign's figures: the cheap question asked often."""
    rows: list[Any] = await pool.fetch(
        "SELECT slug, version FROM campaign_figures LIMIT $1", CAMPAIGNS_MAX
    )
    return decode_rows(rows, Freshness)


async def figures(pool: Pool, slugs: list[str]) -> list[Figures]:
    rows: list[Any] = await pool.fetch(
        """
        SELECT slug, version, definition_version, stock, totals, closing, settled_at,
               cancelled_at
        FROM campaign_figures
        WHERE slug = ANY ($1)
        LIMIT $2
        """,
        slugs,
        CAMPAIGNS_MAX,
    )
    return decode_rows(rows, Figures)


async def newer_add_on_stock(pool: Pool, version: int) -> AddOnStockChanged | None:
    """Return the stock of the platform's own products, if it is newer than `version`."""
    stock = await pool.fetchval("SELECT stock FROM add_on_stock WHERE version > $1", version)
    return None if stock is None else msgspec.convert(stock, AddOnStockChanged)

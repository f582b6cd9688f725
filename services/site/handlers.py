"""What site does: publishes what a folder says, and keeps the figures others announce."""

import hashlib
from datetime import datetime

import msgspec

from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from contracts.events.checkout import AddOnStockChanged, StockChanged
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.events.settlement import CampaignWentLive, DeadlinePassed, SettlementSettled
from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, StateRefused
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.site import queries
from services.site.publishing.announced import diary_notes, report_emails, report_excluded
from services.site.publishing.campaign_file import CampaignFile
from services.site.publishing.content import frozen
from services.site.publishing.model import CampaignDocument, Mistake, PlatformDocument

PLATFORM = "platform"


async def publish_platform(conn: Connection, document: PlatformDocument) -> bool:
    """Make these settings the ones in force; tell whether they are new."""
    await queries.lock_publishing(conn, PLATFORM)
    stored = await queries.newest_platform(conn)
    digest = fingerprint(document)
    if stored is not None and stored.sha256 == digest:
        return False
    version = stored.version + 1 if stored else 1
    definition = msgspec.structs.replace(document.definition, version=version)
    document = msgspec.structs.replace(document, definition=definition)
    now = await queries.platform_now(conn)
    fresh = queries.StoredPlatform(version=version, sha256=digest, document=document)
    await queries.insert_platform_version(conn, fresh, now)
    event = PlatformPublished(
        event_id=outbox.new_event_id(), occurred_at=now, definition=definition
    )
    await outbox.append(conn, event, key=PLATFORM, aggregate=PLATFORM, version=version)
    return True


async def publish_campaign(conn: Connection, found: CampaignFile) -> bool | list[Mistake]:
    """Publish what the file says as the next version, if it says something new.

    Return whether it did, or what the file may not change any more. The version and the
    event that announces it commit together.
    """
    slug, digest = found.document.slug, fingerprint(found.document)
    await queries.lock_publishing(conn, slug)
    try:
        stored = await queries.newest_campaign(conn, slug)
    except msgspec.ValidationError:
        return [_of_another_release(found)]
    if stored is not None and stored.sha256 == digest:
        return False
    if stored is None and not found.document.is_published:
        return False
    now = await queries.platform_now(conn)
    if stored is not None:
        known = stored.document.definition
        mistakes = frozen(found, known, is_started=now >= known.starts_at)
        if mistakes:
            return list(mistakes)
    version = stored.version + 1 if stored else 1
    definition = msgspec.structs.replace(found.document.definition, version=version)
    fresh = queries.StoredCampaign(
        slug=slug,
        version=version,
        sha256=digest,
        document=msgspec.structs.replace(found.document, definition=definition),
        published_at=now,
    )
    await queries.insert_campaign_version(conn, fresh)
    await queries.record_definition(conn, slug, version)
    event = CampaignPublished(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        definition=definition,
        diary=diary_notes(found.document.diary),
        report_emails=report_emails(found.document),
        report_excluded=report_excluded(found.document),
    )
    await outbox.append(conn, event, key=slug, aggregate=f"campaign:{slug}", version=version)
    return True


def _of_another_release(found: CampaignFile) -> Mistake:
    message = "was published by a newer release, which has to publish it again"
    return Mistake(file=found.file, line=1, field="", message=message)


def fingerprint(document: CampaignDocument | PlatformDocument) -> str:
    """Return a name for what a document says, whatever its version and its file's spelling."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


async def hear_stock(conn: Connection, event: StockChanged) -> None:
    """Keep the newest stock; an older announcement changes nothing."""
    await queries.record_stock(conn, event)


async def hear_add_on_stock(conn: Connection, event: AddOnStockChanged) -> None:
    """Keep the newest stock of the platform's own products."""
    await queries.record_add_on_stock(conn, event)


async def hear_totals(conn: Connection, event: TotalsChanged) -> None:
    """Keep the newest totals; an older announcement changes nothing."""
    await queries.record_totals(conn, event)


async def hear_closing(conn: Connection, event: CampaignClosed) -> None:
    """Keep the final count."""
    await queries.record_closing(conn, event)


async def hear_start(conn: Connection, event: CampaignWentLive) -> None:
    """Note that the campaign went live; pages had flipped by the clock already."""
    await queries.record_went_live(conn, event.campaign, event.starts_at)


async def hear_deadline(conn: Connection, event: DeadlinePassed) -> None:
    """Note that the deadline passed."""
    await queries.record_deadline_passed(conn, event.campaign, event.deadline_at)


async def hear_settled(conn: Connection, event: SettlementSettled) -> None:
    """Note that nothing of the campaign is left to be charged."""
    await queries.record_settled(conn, event.campaign, event.settled_at)


async def cancel_campaign(conn: Connection, slug: CampaignSlug) -> datetime:
    """End a live campaign before its deadline, for good: everybody is released.

    Ended before, it stays as it is. Refuses what is unknown, and what is not live.
    """
    await queries.lock_publishing(conn, slug)
    stored = await queries.newest_campaign(conn, slug)
    if stored is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    before = await queries.find_cancelled(conn, slug)
    if before is not None:
        return before
    now = await queries.platform_now(conn)
    if stored.document.definition.state_at(now) != "live":
        raise StateRefused("not_live", "Only a live campaign can be ended early.")
    await queries.record_cancelled(conn, slug, now)
    event = CampaignCancelled(
        event_id=outbox.new_event_id(), occurred_at=now, campaign=slug, cancelled_at=now
    )
    await outbox.append(conn, event, key=slug, aggregate=f"cancelled:{slug}", version=1)
    return now

"""What is done with uploads: kept, described, removed. Each is written down."""

from typing import Any

from contracts.refusals import StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.site.admin.access import User
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.admin.queries import media as queries
from services.site.admin.queries import media_files as files
from services.site.media.library import BYTES_PER_HOUR, File, Item, Use


async def keep(
    conn: Connection, file: File, *, campaign: str, label: str, alt: str, by: User
) -> str:
    """Give a campaign a file whose bytes are in the store. Return the item's id."""
    await files.save_file(conn, file)
    item_id = await queries.save_item(
        conn,
        item_id=telemetry.new_id(),
        campaign=campaign,
        name=file.name,
        label=label,
        alt=alt,
        by=by.email,
    )
    details = {"file": file.name, "bytes": file.bytes}
    await audit.append(conn, _done("media_uploaded", campaign, label, by, details))
    return item_id


async def require_allowance(conn: Connection, size: int, by: User) -> None:
    """Refuse what is more than one person may send within an hour; `size` in bytes."""
    if await queries.bytes_of_last_hour(conn, by.email) + size > BYTES_PER_HOUR:
        raise StateRefused("too_much", "That is more than 200 MB within an hour. Wait a while.")


async def describe(conn: Connection, item: Item, label: str, alt: str, *, by: User) -> None:
    """Call a file something else, and say what is on it."""
    if (item.label, item.alt) == (label, alt):
        return
    await queries.describe_item(conn, item.item_id, label, alt)
    await audit.append(conn, _done("media_described", item.campaign, label, by, {"alt": alt}))


async def remove(conn: Connection, item: Item, uses: list[Use], *, by: User) -> None:
    """Take a file out of a library, unless a page shows it."""
    if uses:
        raise StateRefused("media_in_use", "A page shows this file. Take it out there first.")
    await queries.remove_item(conn, item.item_id, by.email)
    details = {"file": item.name}
    await audit.append(conn, _done("media_removed", item.campaign, item.label, by, details))


def _done(action: str, campaign: str, label: str, by: User, details: dict[str, Any]) -> Done:
    return Done(
        actor=by.email,
        role=by.role,
        action=action,
        subject=label,
        campaign=campaign,
        details=details,
    )

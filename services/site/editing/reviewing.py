"""A link to look at a working copy: one for whoever makes it, and one for each reviewer."""

import secrets
from datetime import datetime, timedelta

import msgspec

from contracts.events.admin import PreviewShared
from contracts.ids import CampaignSlug
from contracts.refusals import NotFound
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.site import queries
from services.site.admin import access
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.admin.reviewers import HOUR, Asked, require_room
from services.site.editing.queries import previews, reviewers

PREVIEW_LIFE = timedelta(hours=24)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A working copy as it is shown: its text, and what it calls the film."""

    slug: CampaignSlug
    title: str
    source: str


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """The secret of the maker's own link, and how many reviewers were mailed one."""

    secret: str
    mailed: int


async def share(conn: Connection, shown: Shown, asked: Asked, by: Done) -> Shared:
    """Make a link, and one for each reviewer that is announced to who writes the mail.

    Whoever has a link already gets another, and the old one is dead. Who they are is not
    written down, how many is. Refuses more in an hour than there is room for.
    """
    mailed = 0
    if asked.addresses:
        await reviewers.lock_reviewers(conn)
        if not asked.ask or not await reviewers.was_asked(conn, by.actor, asked.ask):
            mailed = len(asked.addresses)
            lately = await reviewers.count_mailed(conn, by.actor, within=HOUR)
            require_room(lately, mailed)
            for address in asked.addresses:
                await _invite(conn, shown, asked, address, by)
    own = secrets.token_urlsafe(32)
    await _keep(conn, shown, own, by.actor)
    noted = {**by.details, "reviewers": mailed} if mailed else by.details
    await audit.append(conn, msgspec.structs.replace(by, details=noted))
    return Shared(secret=own, mailed=mailed)


async def take_back(conn: Connection, slug: CampaignSlug, reviewer_id: int, by: Done) -> None:
    """End a reviewer's link, and forget them. Refuses one that has ended."""
    if not await reviewers.delete_reviewer(conn, slug, reviewer_id):
        raise NotFound("unknown_reviewer", "This link has ended already.")
    await audit.append(conn, by)


async def _invite(conn: Connection, shown: Shown, asked: Asked, address: str, by: Done) -> None:
    secret = secrets.token_urlsafe(32)
    token_sha256 = access.digest(secret)
    expires_at = await _keep(conn, shown, secret, by.actor, ask=asked.ask, for_reviewer=True)
    await reviewers.save_reviewer(conn, shown.slug, address, token_sha256)
    event = PreviewShared(
        event_id=outbox.new_event_id(),
        occurred_at=await queries.platform_now(conn),
        campaign=shown.slug,
        title=shown.title,
        email=address,
        language=asked.language,
        shared_by=by.actor,
        token=secret,
        expires_at=expires_at,
    )
    aggregate = f"preview:{token_sha256.hex()}"
    await outbox.append(conn, event, key=shown.slug, aggregate=aggregate, version=1)


async def _keep(
    conn: Connection,
    shown: Shown,
    secret: str,
    made_by: str,
    *,
    ask: str = "",
    for_reviewer: bool = False,
) -> datetime:
    return await previews.insert_preview(
        conn,
        shown.slug,
        token_sha256=access.digest(secret),
        source=shown.source,
        made_by=made_by,
        life=PREVIEW_LIFE,
        ask=ask,
        for_reviewer=for_reviewer,
    )

"""Decide on news once for its cause, and write its mails out, a portion at a time."""

import msgspec

from contracts.ids import CampaignSlug, supporter_id
from contracts.refusals import NotFound, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.facts import Facts
from services.notify.domain.mails import Campaign, NewMail
from services.notify.domain.news import Broadcast, BroadcastKind, Member, News, audience_hash
from services.notify.handlers.write_mail import write_all
from services.notify.queries import audiences, broadcasts, definitions

log = telemetry.logger(__name__)

PORTION = 500


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """News that will go to everybody, or would (`broadcast_id` None); said before or now."""

    recipients: tuple[str, ...]
    audience_count: int
    audience_hash: str
    broadcast_id: str | None = None
    is_new: bool = True


async def require_campaign(conn: Connection, slug: str) -> Campaign:
    """Return a campaign that was published."""
    found = await definitions.list_campaigns(conn, [CampaignSlug(slug)])
    if not found:
        raise NotFound("not_found", "There is no such campaign.")
    return found[CampaignSlug(slug)]


async def rehearse(conn: Connection, kind: BroadcastKind, campaign: str, news: News) -> Decided:
    """Return who would hear the news now, and what names exactly that. Nothing changes."""
    audience = await audiences.read_audience(conn, kind, campaign)
    return Decided(
        recipients=audience.recipients,
        audience_count=len(audience.recipients),
        audience_hash=audience_hash(kind, campaign, news, audience.recipients),
    )


async def decide(
    conn: Connection,
    kind: BroadcastKind,
    campaign: str,
    news: News,
    *,
    cause: str,
    expected_hash: str | None = None,
) -> Decided:
    """Decide that everybody hears this, once for its cause, whoever asks again.

    With `expected_hash` only if audience and words are those of the rehearsal.
    """
    known = await broadcasts.find_broadcast(conn, kind, cause)
    if known is not None:
        return _as_decided(known)
    audience = await audiences.read_audience(conn, kind, campaign)
    found = audience_hash(kind, campaign, news, audience.recipients)
    if expected_hash is not None and expected_hash != found:
        raise StateRefused(
            "stale_audience",
            "Words or audience are not those of the rehearsal any more. Rehearse again.",
            audience=len(audience.recipients),
            audienceHash=found,
        )
    new = Broadcast(
        broadcast_id=telemetry.new_id(),
        kind=kind,
        cause=cause,
        campaign=CampaignSlug(campaign),
        news=news,
        audience_count=len(audience.recipients),
        audience_hash=found,
        through=audience.through,
        reached="",
        is_written=False,
        created_at=await audiences.platform_now(conn),
    )
    return await _insert(conn, new, audience.recipients)


async def write_portion(conn: Connection) -> int | None:
    """Write the next mails of the oldest broadcast; None when all are written.

    Whoever dies in between leaves a portion undone or done: its mails and how far it got
    are one transaction.
    """
    broadcast = await broadcasts.lock_unwritten(conn)
    if broadcast is None:
        return None
    members = await audiences.list_members(
        conn,
        broadcast.kind,
        broadcast.campaign,
        through=broadcast.through,
        after=broadcast.reached,
        limit=PORTION,
    )
    await write_all(conn, [_mail(broadcast, each) for each in members])
    is_written = len(members) < PORTION
    reached = members[-1].recipient if members else broadcast.reached
    await broadcasts.advance_broadcast(
        conn, broadcast.broadcast_id, reached=reached, is_written=is_written
    )
    if is_written and broadcast.kind == "launch_reminder":
        await audiences.delete_reminders(conn, broadcast.campaign)
    return len(members)


async def _insert(conn: Connection, new: Broadcast, recipients: tuple[str, ...]) -> Decided:
    if not await broadcasts.insert_broadcast(conn, new):
        # Somebody decided it in the same moment.
        known = await broadcasts.find_broadcast(conn, new.kind, new.cause)
        assert known is not None, "a broadcast is never deleted"
        return _as_decided(known)
    log.info(
        "broadcast_decided",
        broadcast=new.broadcast_id,
        kind=new.kind,
        audience=new.audience_count,
    )
    return Decided(
        recipients=recipients,
        audience_count=new.audience_count,
        audience_hash=new.audience_hash,
        broadcast_id=new.broadcast_id,
    )


def _mail(broadcast: Broadcast, member: Member) -> NewMail:
    return NewMail(
        kind=broadcast.kind,
        cause=f"{broadcast.broadcast_id}:{supporter_id(member.recipient)}",
        campaign=broadcast.campaign,
        address=member.address,
        language=member.language,
        facts=Facts(pledge_id=member.pledge_id),  # type: ignore[arg-type]
        broadcast_id=broadcast.broadcast_id,
    )


def _as_decided(known: Broadcast) -> Decided:
    return Decided(
        recipients=(),
        audience_count=known.audience_count,
        audience_hash=known.audience_hash,
        broadcast_id=known.broadcast_id,
        is_new=False,
    )

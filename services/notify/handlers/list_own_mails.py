"""Tell a supporter which mails they were sent: by the link they were sent, and by no other."""

from datetime import datetime

from contracts import magic_link
from contracts.api.notify import OwnMail, OwnMails
from contracts.ids import CampaignSlug, supporter_id
from contracts.magic_link import FIRST_GENERATION, Keys
from services.chassis.storage.database import Connection
from services.notify.domain.language import chosen
from services.notify.domain.subjects import subject_of
from services.notify.queries import definitions, link_generations, people


async def list_own_mails(
    conn: Connection, token: str | None, keys: Keys, *, now: datetime
) -> OwnMails:
    """Return the mails to the address of a link. It must be of a pledge that they told of."""
    link = magic_link.open_token(token, keys, now=now)
    recipient = await _require_owner(conn, link)
    platform = await definitions.read_platform(conn)
    found = await people.list_written(conn, recipient)
    return OwnMails(mails=tuple(_told(each, platform.languages) for each in found))


async def _require_owner(conn: Connection, link: magic_link.MagicLink) -> str:
    """Return the address of the pledge a link is for, or refuse."""
    owners = await people.list_owners(conn, link.pledge_id)
    if not owners or any(each.is_forgotten for each in owners):
        raise magic_link.no_such_pledge()
    # All mails about a pledge went to one person.
    owner = owners[0]
    whose = supporter_id(owner.recipient)
    known = await link_generations.list_generations(conn, [whose])
    magic_link.require_holder(
        link,
        supporter=whose,
        campaign=CampaignSlug(owner.campaign),
        generation=known.get(whose, FIRST_GENERATION),
    )
    return owner.recipient


def _told(mail: people.Written, offered: tuple[str, ...]) -> OwnMail:
    return OwnMail(
        kind=mail.kind,
        campaign_slug=CampaignSlug(mail.campaign),
        subject=subject_of(mail.kind, mail.title, chosen(mail.language, offered)),
        language=mail.language,
        written_at=mail.created_at,
        status=mail.status,
        sent_at=mail.sent_at,
    )

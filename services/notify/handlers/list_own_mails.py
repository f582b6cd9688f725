"""Tell a supporter which mails they were sent: by the link they were sent, and by no other."""

from datetime import datetime

from contracts import magic_link
from contracts.api.notify import OwnMail, OwnMails
from contracts.ids import ORDER_PATTERN, CampaignSlug, canonical_email, supporter_id
from contracts.magic_link import FIRST_GENERATION, Keys
from contracts.refusals import InputRefused, NotFound, NotYours
from services.chassis.database import Connection
from services.notify.domain.language import chosen
from services.notify.domain.views import subject_of
from services.notify.queries import definitions, link_generations, people


async def list_own_mails(
    conn: Connection, token: str | None, keys: Keys, *, now: datetime
) -> OwnMails:
    """Return the mails to the address of a link. It must be of a pledge that they told of."""
    if not token:
        raise InputRefused(
            "missing_token", "The link is incomplete.", fields={"token": "is missing"}
        )
    link = magic_link.verify(token, keys, now=now, scope=magic_link.PLEDGE_SCOPE)
    recipient = await _require_owner(conn, link)
    platform = await definitions.read_platform(conn)
    found = await people.list_written(conn, recipient)
    return OwnMails(mails=tuple(_told(each, platform.languages) for each in found))


async def _require_owner(conn: Connection, link: magic_link.MagicLink) -> str:
    """Return whose link it is. Refused like the ledger's own routes, in the same order."""
    owners = []
    if ORDER_PATTERN.fullmatch(link.order_id):
        owners = await people.list_owners(conn, link.order_id)
    if not owners or any(each.is_forgotten for each in owners):
        raise NotFound("not_found", "There is no such pledge.")
    try:
        asking = canonical_email(link.email)
    except ValueError:
        asking = ""
    if not any((each.recipient, each.campaign) == (asking, link.campaign_slug) for each in owners):
        raise NotYours("not_yours", "This link is for another pledge.")
    whose = supporter_id(asking)
    known = await link_generations.list_generations(conn, [whose])
    magic_link.require_generation(link, known.get(whose, FIRST_GENERATION))
    return asking


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

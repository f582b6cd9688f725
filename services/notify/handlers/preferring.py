"""Who wants what: reminders of a launch, and no more news of a campaign."""

from datetime import datetime

import msgspec

from contracts import magic_link, reminder
from contracts.api.notify import Preference
from contracts.ids import CampaignSlug, SupporterId, canonical_email, is_pseudonym, supporter_id
from contracts.magic_link import Keys
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.bodies import Reminded, ReminderRequest
from services.notify.domain.language import chosen
from services.notify.domain.news import SCOPES, Topic
from services.notify.queries import audiences, definitions
from services.notify.queries import news as queries

log = telemetry.logger(__name__)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Whose link it is, to what it is about."""

    campaign: CampaignSlug
    topic: Topic
    address: str
    supporter: SupporterId


async def register(conn: Connection, asked: ReminderRequest) -> Reminded:
    """Keep who wants to be told of a launch, with the sentence they agreed to.

    The answer is the same for who was on the list before: it tells nobody who is.
    """
    require_consent(asked)
    platform = await definitions.read_platform(conn)
    language = chosen(asked.preferred_lang, platform.languages)
    version = asked.consent_version or reminder.CONSENT_VERSION
    words = reminder.text_in(language, version)
    if words is None:
        raise InputRefused(
            "unknown_consent",
            "We never showed such a sentence.",
            fields={"consentVersion": "is not a version of ours"},
        )
    # Held until we are done: whoever opens the campaign now waits for us, or we for them.
    is_upcoming = await queries.lock_start(conn, asked.campaign_slug, shared=True)
    if is_upcoming is None:
        raise NotFound("not_found", "There is no such campaign.")
    if not is_upcoming:
        raise StateRefused("not_upcoming", "This campaign has opened already.")
    await audiences.save_reminder(
        conn,
        campaign=asked.campaign_slug,
        address=asked.email.strip(),
        language=language,
        consent_version=version,
        consent_text=words,
    )
    await audiences.save_preference(
        conn,
        campaign=asked.campaign_slug,
        topic="launch",
        supporter=supporter_id(asked.email),
        wants_it=True,
    )
    return Reminded()


def require_consent(asked: ReminderRequest) -> None:
    """Refuse who did not agree, or gives no address that anybody reads."""
    if not asked.consent:
        raise InputRefused(
            "consent_missing",
            "We only write to you if you agree to it.",
            fields={"consent": "must be true"},
        )
    try:
        canonical_email(asked.email)
        is_nobody = is_pseudonym(asked.email)
    except ValueError:
        is_nobody = True
    if is_nobody:
        raise InputRefused(
            "invalid_email",
            "That is no e-mail address.",
            fields={"email": "is no e-mail address"},
        )


def open_wish(token: str | None, topic: Topic, keys: Keys, *, now: datetime) -> Wish:
    """Return what a link of a mail is about. It opens this and nothing else."""
    if not token:
        raise InputRefused("missing_token", "The link is incomplete.", fields={"t": "is missing"})
    link = magic_link.verify(token, keys, now=now, scope=SCOPES[topic])
    return Wish(
        campaign=link.campaign_slug,
        topic=topic,
        address=link.email,
        supporter=supporter_id(link.email),
    )


async def read_preference(conn: Connection, wish: Wish) -> Preference:
    """Return how things stand. Nothing changes, whoever follows the link."""
    found = await definitions.list_campaigns(conn, [wish.campaign])
    wants = await audiences.wants(
        conn, campaign=wish.campaign, topic=wish.topic, supporter=wish.supporter
    )
    local, _, host = wish.address.rpartition("@")
    return Preference(
        campaign_slug=wish.campaign,
        title=found[wish.campaign].title if wish.campaign in found else wish.campaign,
        topic=wish.topic,
        email_hint=f"{local[:1]}…@{host}",
        subscribed=wants,
    )


async def prefer(conn: Connection, wish: Wish, *, wants_it: bool) -> None:
    """Write no more about this campaign to this address, or again. Saying it twice is once."""
    await audiences.save_preference(
        conn,
        campaign=wish.campaign,
        topic=wish.topic,
        supporter=wish.supporter,
        wants_it=wants_it,
    )
    if wish.topic == "launch" and not wants_it:
        await audiences.delete_reminders(conn, wish.campaign, canonical_email(wish.address))
    log.info("preference_saved", campaign=wish.campaign, topic=wish.topic, wants_it=wants_it)

"""What else of an order was refused, in words: a bundle has one mail that names all of it."""

from collections.abc import Mapping

import msgspec

from contracts.ids import CampaignSlug
from services.notify.domain import formatting
from services.notify.domain.language import Language
from services.notify.domain.links import one_line
from services.notify.domain.mails import Campaign, Mail


class Refused(msgspec.Struct, frozen=True):
    """A campaign to which nothing was pledged: its title, why, and when it ended."""

    title: str
    reason: str
    deadline: str


def refused_parts(
    mail: Mail, campaigns: Mapping[CampaignSlug, Campaign], language: Language
) -> tuple[Refused, ...]:
    """Return what was refused beside what the mail is about, in the event's order."""
    found = []
    for part in mail.facts.refused:
        campaign = campaigns[part.campaign]
        last = formatting.last_minute(campaign.deadline_at)
        deadline = formatting.moment(last, campaign.timezone, language, seen=mail.created_at)
        found.append(Refused(one_line(campaign.title), part.reason, deadline))
    return tuple(found)

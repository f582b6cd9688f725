"""A person's whole story by time: what happened, what money moved, which mails went out. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from contracts.api.desk import PersonMail, Story, StoryPledge
from contracts.refusals import NotFound

About = Literal["pledge", "money", "mail"]
EARLIEST_FIRST: dict[About, int] = {"pledge": 0, "money": 1, "mail": 2}


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of it. `code` names what, in the services' words; `amount` is cents."""

    at: datetime
    about: About
    code: str
    campaign: str
    order_id: str = ""
    status: str = ""
    amount: int | None = None


def pledge_of(story: Story, order_id: str, slug: str) -> StoryPledge:
    """Return the pledge an address names. Raises `NotFound` where it is another campaign's."""
    for each in story.pledges:
        if (each.order_id, each.campaign_slug) == (order_id, slug):
            return each
    # The address names the campaign whose rights were checked: no other one's is shown.
    raise NotFound("unknown_pledge", "There is no such pledge.")


def seen_by(story: Story, may: Callable[[str], bool]) -> Story:
    """Return as much of a story as somebody may see: the pledges of their campaigns."""
    own = tuple(each for each in story.pledges if may(each.campaign_slug))
    return msgspec.structs.replace(story, pledges=own)


def moments(
    story: Story, mails: tuple[PersonMail, ...], may: Callable[[str], bool]
) -> list[Moment]:
    """Return all that happened, the oldest first. Mails about no campaign are everybody's."""
    found = [
        Moment(
            at=line.at,
            about="pledge",
            code=line.type,
            campaign=pledge.campaign_slug,
            order_id=pledge.order_id,
            status=line.status,
            amount=line.amount,
        )
        for pledge in story.pledges
        for line in pledge.history
    ]
    found += [
        Moment(
            at=moved.at,
            about="money",
            code=moved.kind,
            campaign=pledge.campaign_slug,
            order_id=pledge.order_id,
            amount=moved.cents,
        )
        for pledge in story.pledges
        for moved in pledge.money
    ]
    found += [
        Moment(
            at=mail.written_at,
            about="mail",
            code=mail.kind,
            campaign=mail.campaign_slug,
            status=mail.happened or mail.status,
        )
        for mail in mails
        if not mail.campaign_slug or may(mail.campaign_slug)
    ]
    return sorted(found, key=lambda each: (each.at, EARLIEST_FIRST[each.about]))

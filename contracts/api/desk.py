"""What the ledger and notify tell the dashboard of people: pledges in pages, one person's story.

Cents. These are asked by site alone, which shows to each user what is theirs.
"""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug, PledgeId

Fulfilment = Literal["physical", "digital", "platform"]
PledgeOrder = Literal["created", "amount", "email"]


class PledgeRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One pledge in a table. `name` is of the address it is sent to, as long as that is kept."""

    order_id: PledgeId
    campaign_slug: CampaignSlug
    email: str
    name: str
    status: PledgeStatus
    amount: int
    is_physical: bool
    has_platform_add_ons: bool
    item_names: tuple[str, ...]
    country: str
    created_at: datetime


class PledgePage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of pledges; `next_after` asks for those that follow, None at the end."""

    pledges: tuple[PledgeRow, ...]
    next_after: str | None


class StoryLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happened to a pledge; `amount` of what was charged or moved, where it was."""

    type: str
    at: datetime
    status: PledgeStatus
    amount: int | None


class StoryMoney(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Money that moved: to us, or (negative) from us."""

    kind: str
    at: datetime
    cents: int


class StoryPledge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One pledge of a person with all that happened to it."""

    order_id: PledgeId
    campaign_slug: CampaignSlug
    status: PledgeStatus
    amount: int
    created_at: datetime
    charged_at: datetime | None
    items: tuple[str, ...]
    card: str
    history: tuple[StoryLine, ...]
    money: tuple[StoryMoney, ...]


class Story(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person, by one of their pledges: every pledge of theirs, oldest first."""

    email: str
    name: str
    language: str
    is_erased: bool
    pledges: tuple[StoryPledge, ...]


class LinksSent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Fresh links were asked for; whether they go out is decided as for anybody who asks."""

    email: str


class PersonMail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail to a person; `happened` is what was told of it afterwards, if anything bad."""

    mail_id: str
    kind: str
    campaign_slug: str
    written_at: datetime
    status: str
    sent_at: datetime | None
    happened: str


class PersonMails(msgspec.Struct, frozen=True, kw_only=True):
    """The newest mails to a person, oldest first."""

    mails: tuple[PersonMail, ...]

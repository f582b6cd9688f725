"""What the ledger answers about the supporters' page, as far as the page reads it."""

from datetime import datetime
from typing import Literal

import msgspec


class Decision(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A decision with its count."""

    decision_id: str
    title: str
    type: Literal["vote", "poll"]
    status: Literal["open", "closed"]
    deadline: datetime | None
    options: tuple[str, ...]
    user_choice: str | None
    eligible: Literal["backers", "charged"] = "backers"
    may_vote: bool = True
    results: dict[str, int]
    total_votes: int


class Credit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How one is named."""

    credited_as: str = ""
    on_wall: bool = False


class Community(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything there is to see, for whoever may see it."""

    campaign_slug: str
    decisions: dict[str, Decision]
    supporter_count: int
    credit: Credit
    wall: tuple[str, ...]

"""What is said to many at once: announcements, diary entries, milestones, launches."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.campaign import StretchGoal
from contracts.ids import CampaignSlug
from contracts.money import Cents

BroadcastKind = Literal["announcement", "diary_update", "milestone", "launch_reminder"]
Topic = Literal["news", "launch"]
Milestone = Literal["one-third", "two-thirds", "goal", "stretch"]

SCOPES: dict[Topic, str] = {"news": "campaign_email", "launch": "launch_reminder"}
"""What a link that unsubscribes is for: it opens nothing else."""

UNSUBSCRIBE_LIVES = timedelta(days=3650)
# Which part of the goal each is, as numerator and denominator. Source: product rules 10.5.
PARTS: tuple[tuple[Milestone, int, int], ...] = (
    ("one-third", 33, 100),
    ("two-thirds", 66, 100),
    ("goal", 1, 1),
)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a broadcast says, the same to everybody. Texts are their authors'."""

    subject: str = ""
    heading: str = ""
    body: str = ""
    cta_label: str = ""
    cta_url: str = ""
    # Of a diary entry: where it stands on the campaign's page.
    entry_id: str = ""
    milestone: Milestone | None = None
    stretch_title: str = ""
    reached_cents: Cents | None = None
    pledged_cents: Cents | None = None
    supporter_count: int = 0
    # Whether the body is Markdown; plain text is paragraphs of lines.
    is_markdown: bool = False


class Broadcast(msgspec.Struct, frozen=True, kw_only=True):
    """News, and to whom: the audience as it was when it was decided on."""

    broadcast_id: str
    kind: BroadcastKind
    cause: str
    campaign: CampaignSlug
    news: News
    audience_count: int
    audience_hash: str
    through: int
    reached: str
    is_written: bool
    created_at: datetime


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in an audience, and their newest pledge, if it is one of supporters."""

    recipient: str
    address: str
    language: str
    pledge_id: str | None = None


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """To whom news would go now. `through` is the number of its newest member."""

    recipients: tuple[str, ...]
    through: int


def topic_of(kind: BroadcastKind) -> Topic:
    """Return which preference a broadcast heeds."""
    return "launch" if kind == "launch_reminder" else "news"


def audience_hash(kind: BroadcastKind, campaign: str, news: News, recipients: Sequence[str]) -> str:
    """Return what names exactly this news to exactly these people."""
    told = msgspec.json.encode((kind, campaign, _said(news), sorted(recipients)))
    return hashlib.sha256(told).hexdigest()


def content_hash(news: News) -> str:
    """Return what makes one announcement another: the same words are said once."""
    return hashlib.sha256(msgspec.json.encode(_said(news))).hexdigest()[:32]


def _said(news: News) -> dict[str, object]:
    """Return what names the news. Plain text has the name it had before there was Markdown:
    what was said then is not said again."""
    said = msgspec.structs.asdict(news)
    if not news.is_markdown:
        del said["is_markdown"]
    return said


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone that was reached: told to everybody, or passed over for a greater one."""

    name: str
    milestone: Milestone
    cents: Cents
    is_told: bool
    stretch_title: str = ""


def reached_now(
    pledged: int,
    goal: int,
    stretch_goals: Sequence[StretchGoal],
    done: set[str],
) -> list[Reached]:
    """Return the milestones that were reached and not noted yet, the smallest first.

    Of the parts of the goal only the greatest is told, and none below one that was told.
    A stretch goal counts once the goal is reached. Without a goal there is nothing to reach.
    """
    if goal <= 0:
        return []
    parts = [each for each in PARTS if pledged * each[2] >= goal * each[1]]
    names = [milestone for milestone, _, _ in parts]
    found = [
        Reached(
            name=milestone,
            milestone=milestone,
            cents=Cents(pledged),
            is_told=milestone == names[-1],
        )
        for milestone in names
        if milestone not in done
    ]
    if pledged < goal:
        return found
    for stretch in sorted(stretch_goals, key=lambda each: each.threshold_cents):
        name = f"stretch:{stretch.threshold_cents}"
        if pledged >= stretch.threshold_cents and name not in done:
            found.append(
                Reached(
                    name=name,
                    milestone="stretch",
                    cents=stretch.threshold_cents,
                    is_told=True,
                    stretch_title=stretch.title,
                )
            )
    return found

"""What supporters of a campaign see and decide together. Pure. Source: rules.md, section 11."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.api.pledges import DecisionShown
from contracts.campaign import Decision
from contracts.ids import CampaignSlug, SupporterId, is_slug
from contracts.refusals import InputRefused, NotYours, StateRefused
from services.pledges.domain.pledge import Pledge

DECISIONS_MAX = 20
NAME_LENGTH_MAX = 100


class Deciding(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign lets somebody decide, and the platform's time.

    `is_charged`: some pledge of theirs to it was charged.
    """

    title: str
    decisions: tuple[Decision, ...]
    now: datetime
    is_charged: bool = False


class Member(Deciding, frozen=True, kw_only=True):
    """Somebody whose pledge opens the supporters' page."""

    supporter_id: SupporterId
    campaign: CampaignSlug


def member(pledge: Pledge, deciding: Deciding) -> Member:
    """Let in whoever has a pledge that stands. A declined card takes nobody's say away."""
    if pledge.status == "cancelled":
        raise NotYours("no_access", "This pledge was cancelled, so this page is closed to it.")
    return Member(
        supporter_id=pledge.supporter_id,
        campaign=pledge.campaign,
        title=deciding.title,
        decisions=deciding.decisions,
        now=deciding.now,
        is_charged=deciding.is_charged,
    )


def is_open(decision: Decision, now: datetime) -> bool:
    """Tell whether a decision can be voted on: its first closed instant is its deadline."""
    return decision.status == "open" and (decision.closes_at is None or now < decision.closes_at)


def may_vote(of: Member, decision: Decision) -> bool:
    """Tell whether somebody is of those who decide. Rules, campaign fields: `eligible`."""
    return of.is_charged or decision.eligible == "backers"


def wanted_decisions(of: Member, names: str | None) -> list[Decision]:
    """Return the decisions that were asked for by id, or all of them."""
    if not names:
        return list(of.decisions)
    ids = names.split(",")
    if len(ids) > DECISIONS_MAX or not all(map(is_slug, ids)):
        raise InputRefused("invalid_input", f"Name up to {DECISIONS_MAX} decisions by their ids.")
    return [decision_of(of, each) for each in ids]


def decision_of(of: Member, decision_id: str) -> Decision:
    """Return a decision of the campaign."""
    for each in of.decisions:
        if each.decision_id == decision_id:
            return each
    raise InputRefused(
        "unknown_decision",
        "There is no such decision.",
        fields={"decisionId": "is not one of this campaign's"},
    )


def require_choice(of: Member, decision_id: str, option: str) -> Decision:
    """Return the decision if that can be voted for now, or refuse."""
    decision = decision_of(of, decision_id)
    if option not in decision.options:
        raise InputRefused(
            "unknown_option",
            "This cannot be voted for.",
            fields={"option": "is not one of the decision's"},
        )
    if not is_open(decision, of.now):
        raise StateRefused("decision_closed", "This decision is closed.")
    if not may_vote(of, decision):
        raise NotYours("not_eligible", "Only those whose card was charged decide this.")
    return decision


def shown(
    decision: Decision, *, of: Member, counts: Mapping[str, int], choice: str | None
) -> DecisionShown:
    """Return a decision with its count. An option that was taken out counts no more."""
    results = {option: counts.get(option, 0) for option in decision.options}
    return DecisionShown(
        decision_id=decision.decision_id,
        title=decision.title,
        type=decision.kind,
        status="open" if is_open(decision, of.now) else "closed",
        deadline=decision.closes_at,
        options=decision.options,
        has_voted=choice in results,
        user_choice=choice if choice in results else None,
        eligible=decision.eligible,
        may_vote=may_vote(of, decision),
        results=results,
        total_votes=sum(results.values()),
    )


def name_of(words: str) -> str:
    """Return a name as it is written on one line, or refuse one that is too long.

    >>> name_of("  Noor\\n  al-Amin ")
    'Noor al-Amin'
    """
    visible = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in words)
    name = " ".join(visible.split())
    if len(name) > NAME_LENGTH_MAX:
        raise InputRefused(
            "invalid_input",
            "The name is too long.",
            fields={"creditedAs": f"has more than {NAME_LENGTH_MAX} characters"},
        )
    return name

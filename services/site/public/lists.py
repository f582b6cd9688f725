"""Lists of campaigns: home, and the archive with its filters. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlencode

import msgspec

from services.site.public.cards import campaign_card
from services.site.public.kinds import kind_names, kind_of
from services.site.public.language import Language, catalogue, prefix
from services.site.public.list_views import ArchivePage, CampaignCard, Choice, HomePage
from services.site.public.state import CampaignState, Stage

CLOSED_ON_HOME_MAX = 12
ARCHIVE = "/campaigns/"
ENDED: tuple[Stage, ...] = ("closing", "funded", "not_funded", "cancelled")
Group = Literal["live", "upcoming", "closed"]
GROUPS: tuple[Group, ...] = get_args(Group)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; empty is everything."""

    state: Group | Literal[""] = ""
    kind: str = ""


def read_filter(state: str, kind: str) -> Filter:
    """Return what an address asks for; words it does not know narrow nothing."""
    known: Group | Literal[""] = next((group for group in GROUPS if group == state), "")
    return Filter(state=known, kind=kind if kind in kind_names("en") else "")


def home_page(campaigns: Iterable[CampaignState], *, now: datetime, language: Language) -> HomePage:
    """Return the home page: live by deadline, upcoming by start, closed by deadline, newest first.

    A group without campaigns is left out; when nothing is live a sentence says so.
    """
    texts = catalogue(language)
    public = _public(campaigns)
    groups = _groups(public, now)
    cards = _cards(groups["live"], now, language)
    if groups["upcoming"]:
        empty = texts.gettext("The next one opens soon, see below.")
    else:
        empty = texts.gettext("Come back in a while. Nothing else is needed of you.")
    return HomePage(
        language=language,
        kinds=_kinds(public, Filter(), language),
        lead=cards[0] if cards else None,
        live=cards[1:],
        upcoming=_cards(groups["upcoming"], now, language),
        closed=_cards(groups["closed"][:CLOSED_ON_HOME_MAX], now, language),
        empty_text=empty,
    )


def closing_first(campaigns: Iterable[CampaignState], now: datetime) -> str:
    """Return the name of the live campaign that closes first, which leads home; empty for none."""
    return next((each.slug for each in _groups(_public(campaigns), now)["live"]), "")


def archive_page(
    campaigns: Iterable[CampaignState], chosen: Filter, *, now: datetime, language: Language
) -> ArchivePage:
    """Return the campaigns a filter leaves, in the same groups and order as home."""
    public = _public(campaigns)
    of_kind = [each for each in public if chosen.kind in ("", kind_of(each))]
    groups = _groups(of_kind, now)
    of_state = _groups(public, now)[chosen.state] if chosen.state else public

    def shown(group: Group) -> tuple[CampaignCard, ...]:
        return _cards(groups[group], now, language) if chosen.state in ("", group) else ()

    return ArchivePage(
        language=language,
        states=_states(groups, chosen, language),
        kinds=_kinds(of_state, chosen, language),
        live=shown("live"),
        upcoming=shown("upcoming"),
        closed=shown("closed"),
        is_narrowed=chosen != Filter(),
    )


def _public(campaigns: Iterable[CampaignState]) -> list[CampaignState]:
    return [state for state in campaigns if not state.definition.is_test_only]


def _groups(campaigns: Iterable[CampaignState], now: datetime) -> dict[Group, list[CampaignState]]:
    found: dict[Group, list[CampaignState]] = {group: [] for group in GROUPS}
    for state in campaigns:
        stage = state.stage_at(now)
        group: Group = "closed" if stage in ENDED else "live" if stage == "live" else "upcoming"
        found[group].append(state)
    found["live"].sort(key=lambda state: state.definition.deadline_at)
    found["upcoming"].sort(key=lambda state: state.definition.starts_at)
    found["closed"].sort(key=lambda state: state.definition.deadline_at, reverse=True)
    return found


def _cards(
    campaigns: Iterable[CampaignState], now: datetime, language: Language
) -> tuple[CampaignCard, ...]:
    return tuple(campaign_card(state, now, language) for state in campaigns)


def _states(
    groups: dict[Group, list[CampaignState]], chosen: Filter, language: Language
) -> tuple[Choice, ...]:
    texts = catalogue(language)
    labels: dict[Group, str] = {
        "live": texts.gettext("Live now"),
        "upcoming": texts.gettext("Opening soon"),
        "closed": texts.gettext("Closed"),
    }
    every = sum(len(found) for found in groups.values())
    first = _choice(texts.gettext("All"), every, Filter(kind=chosen.kind), chosen, language)
    rest = (
        _choice(label, len(groups[group]), Filter(state=group, kind=chosen.kind), chosen, language)
        for group, label in labels.items()
    )
    return (first, *rest)


def _kinds(
    campaigns: Sequence[CampaignState], chosen: Filter, language: Language
) -> tuple[Choice, ...]:
    """Return a choice for each kind there is; a single kind leaves nothing to choose."""
    kinds = [kind_of(state) for state in campaigns]
    names = {
        kind: name
        for kind, name in kind_names(language).items()
        if kind in kinds or kind == chosen.kind
    }
    if len(names) < 2 and not chosen.kind:
        return ()
    label = catalogue(language).gettext("Every kind")
    first = _choice(label, len(kinds), Filter(state=chosen.state), chosen, language)
    rest = (
        _choice(name, kinds.count(kind), Filter(state=chosen.state, kind=kind), chosen, language)
        for kind, name in names.items()
    )
    return (first, *rest)


def _choice(label: str, count: int, wanted: Filter, chosen: Filter, language: Language) -> Choice:
    pairs = [(name, value) for name, value in msgspec.structs.asdict(wanted).items() if value]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return Choice(
        label=label,
        url=f"{prefix(language)}{ARCHIVE}{query}",
        count=count,
        is_chosen=wanted == chosen,
    )

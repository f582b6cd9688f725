"""What a share card says. Pure."""

from datetime import datetime
from pathlib import Path

from services.site.public import formatting
from services.site.public.kinds import kind_line
from services.site.public.language import Language, catalogue
from services.site.public.outcome import deadline_day
from services.site.public.share_card import Card, Colours
from services.site.public.state import CampaignState, Stage
from services.site.public.waterline import scale_cents


def site_card(language: Language, *, platform: str, art: Path | None, colours: Colours) -> Card:
    """Return the card of the site itself."""
    texts = catalogue(language)
    return Card(
        platform=platform,
        kind="",
        title=texts.gettext("Independent films, paid for only if they happen"),
        figures=texts.gettext("Save a card, pay nothing today."),
        state="",
        filled_permille=None,
        art=art,
        colours=colours,
    )


def campaign_card(
    state: CampaignState,
    language: Language,
    *,
    platform: str,
    now: datetime,
    art: Path | None,
    colours: Colours,
) -> Card:
    """Return a campaign's card, in words that stay true for a while: scrapers keep it."""
    texts = catalogue(language)
    stage = state.stage_at(now)
    goal = formatting.money(state.definition.goal_cents)
    figures = texts.gettext("Goal: %(goal)s") % {"goal": goal}
    if stage != "upcoming":
        of_goal = texts.gettext("of %(goal)s") % {"goal": goal}
        figures = f"{formatting.money(state.pledged_cents)} {of_goal}"
    return Card(
        platform=platform,
        kind=kind_line(state, language),
        title=state.definition.title,
        figures=figures,
        state=_state_words(state, stage, language),
        filled_permille=state.pledged_cents * 1000 // scale_cents(state),
        art=art,
        colours=colours,
    )


def _state_words(state: CampaignState, stage: Stage, language: Language) -> str:
    texts = catalogue(language)
    definition = state.definition
    opens = formatting.weekday(definition.starts_at, definition.timezone, language)
    words: dict[Stage, str] = {
        "upcoming": texts.gettext("Opens %(day)s") % {"day": opens},
        "live": texts.gettext("Until %(day)s") % {"day": deadline_day(state, language)},
        "closing": texts.gettext("Closed, counting"),
        "funded": texts.gettext("Funded"),
        "not_funded": texts.gettext("Not funded"),
        "cancelled": texts.gettext("Ended early"),
    }
    return words[stage]

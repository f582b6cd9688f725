"""The production diary: entries by phase, newest first, one phase open. Pure."""

from datetime import datetime

from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.state import CampaignState, DiaryEntry
from services.site.public.views import DiaryItem, DiaryPhase


def diary_phases(state: CampaignState, language: Language) -> tuple[DiaryPhase, ...]:
    """Return every phase in the order of making; that of the newest entry is open.

    Without a single entry there is no diary.
    """
    if not state.content.diary:
        return ()
    texts = catalogue(language)
    names = {
        "fundraising": texts.gettext("Fundraising"),
        "pre-production": texts.gettext("Pre-production"),
        "production": texts.gettext("Production"),
        "post-production": texts.gettext("Post-production"),
        "distribution": texts.gettext("Distribution"),
    }
    newest_first = sorted(state.content.diary, key=lambda entry: entry.at, reverse=True)
    return tuple(
        DiaryPhase(
            key=key,
            name=name,
            entries=tuple(
                _item(entry, state, language) for entry in newest_first if entry.phase == key
            ),
            is_open=newest_first[0].phase == key,
        )
        for key, name in names.items()
    )


def written_at(state: CampaignState, now: datetime) -> datetime | None:
    """Return when its makers last told something: a diary entry, or that it opened."""
    told = [state.definition.starts_at, *(entry.at for entry in state.content.diary)]
    return max((at for at in told if at <= now), default=None)


def _item(entry: DiaryEntry, state: CampaignState, language: Language) -> DiaryItem:
    zone = state.definition.timezone
    written = formatting.date(entry.at, zone, language)
    if entry.has_time:
        written = f"{written}, {formatting.time(entry.at, zone, language)}"
    return DiaryItem(
        entry_id=entry.entry_id,
        title=entry.title,
        date=written,
        date_iso=entry.at.isoformat(),
        blocks=entry.blocks,
    )

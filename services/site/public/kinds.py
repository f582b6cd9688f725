"""What kinds of works there are, and how each is called in a language and in an address."""

from services.site.public.language import Language, catalogue
from services.site.public.state import CampaignState

KINDS = {
    "Feature Film": "feature-film",
    "Short Film": "short-film",
    "Documentary": "documentary",
    "Web Series": "web-series",
    "Music Video": "music-video",
    "Album": "album",
}
OTHER = "other"


def kind_of(state: CampaignState) -> str:
    """Return the kind of a campaign as addresses name it."""
    return KINDS.get(state.definition.category, OTHER)


def kind_names(language: Language) -> dict[str, str]:
    """Return how kinds are called, by their name in addresses."""
    texts = catalogue(language)
    return {
        "feature-film": texts.gettext("Feature film"),
        "short-film": texts.gettext("Short film"),
        "documentary": texts.gettext("Documentary"),
        "web-series": texts.gettext("Web series"),
        "music-video": texts.gettext("Music video"),
        "album": texts.gettext("Album"),
        OTHER: texts.gettext("Other"),
    }


def kind_name(state: CampaignState, language: Language) -> str:
    """Return what a campaign is; what its author called something else, as written."""
    category = state.definition.category
    if category in KINDS:
        return kind_names(language)[KINDS[category]]
    return "" if category == "Other" else category


def kind_line(state: CampaignState, language: Language) -> str:
    """Return “Feature film · Ines Halloran”."""
    parts = (kind_name(state, language), state.definition.creator_name)
    return " · ".join(part for part in parts if part)

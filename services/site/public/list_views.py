"""The view models of lists: cards of campaigns, and the links that narrow a list."""

import msgspec
from markupsafe import Markup

from services.site.public.language import Language
from services.site.public.state import Picture, Stage
from services.site.public.views import Waterline


class CampaignCard(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign on the home page."""

    slug: str
    url: str
    title: str
    kind: str
    blurb: Markup
    square: Picture | None
    wide: Picture | None
    stage: Stage
    pledged: str
    of_goal: str
    goal: str
    when: str
    status: str
    note: str
    waterline: Waterline


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A link that narrows a list. `count` is how many campaigns it leaves."""

    label: str
    url: str
    count: int
    is_chosen: bool = False


class HomePage(msgspec.Struct, frozen=True, kw_only=True):
    """The home page: the live campaign that closes soonest leads."""

    language: Language
    kinds: tuple[Choice, ...]
    lead: CampaignCard | None
    live: tuple[CampaignCard, ...]
    upcoming: tuple[CampaignCard, ...]
    closed: tuple[CampaignCard, ...]
    empty_text: str


class ArchivePage(msgspec.Struct, frozen=True, kw_only=True):
    """Every campaign, or those of one state or kind."""

    language: Language
    states: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    live: tuple[CampaignCard, ...]
    upcoming: tuple[CampaignCard, ...]
    closed: tuple[CampaignCard, ...]
    is_narrowed: bool

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left to show."""
        return not (self.live or self.upcoming or self.closed)

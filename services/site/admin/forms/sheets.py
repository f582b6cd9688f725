"""The screens of a campaign's editor, in the order of its tabs. Source: product pages 6.5. Pure."""

import functools
from gettext import NullTranslations

import msgspec

from services.site.admin.forms import blocks, goods
from services.site.admin.forms.fields import Field, Option, Sheet
from services.site.admin.forms.settings import settings
from services.site.public.language import Language, catalogue

FROZEN = ("start_date", "goal_deadline", "goal_amount")
"""What supporters pledged to, from the start instant on."""


@functools.cache
def sheets(language: Language) -> tuple[Sheet, ...]:
    """Return the screens in the words of a language."""
    texts = catalogue(language)
    return (
        settings(texts),
        blocks.story(texts),
        goods.tiers(texts),
        goods.support(texts),
        goods.add_ons(texts),
        _goals(texts),
        _ongoing(texts),
        blocks.diary(texts),
        _decisions(texts),
    )


def sheet_named(name: str, language: Language) -> Sheet | None:
    """Return a screen by its name in the address."""
    return next((each for each in sheets(language) if each.name == name), None)


def sheet_of(root: str, language: Language) -> Sheet:
    """Return the screen on which a field of the file stands; the first for what stands nowhere."""
    found = sheets(language)
    return next((each for each in found if root in each.roots), found[0])


def with_options(sheet: Sheet, name: str, options: tuple[Option, ...]) -> Sheet:
    """Return a screen on which a choice offers what the campaign itself holds."""
    fields = (
        msgspec.structs.replace(field, options=options) if field.name == name else field
        for field in sheet.fields
    )
    return msgspec.structs.replace(sheet, fields=tuple(fields))


def _goals(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    fields = (
        Field(name="title", label=_("Title"), is_required=True),
        Field(name="threshold", label=_("At, in dollars"), kind="money", is_required=True),
        Field(name="description", label=_("Description"), kind="rich", length_max=1_000),
        Field(
            name="status",
            label=_("Shown as"),
            kind="choice",
            options=(
                ("", _("What the sum says")),
                ("locked", _("Locked")),
                ("unlocked", _("Unlocked")),
                ("revealed", _("Revealed")),
            ),
        ),
    )
    goals = Field(
        name="stretch_goals",
        label=_("Stretch goals"),
        kind="rows",
        row=_("Stretch goal"),
        fields=fields,
    )
    intro = _("What becomes possible beyond the goal.")
    return Sheet(name="goals", label=_("Stretch goals"), intro=intro, fields=(goals,))


def _ongoing(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    show = Field(
        name="show_ongoing",
        label=_("Show what still costs money"),
        kind="flag",
        default="false",
    )
    items = Field(
        name="ongoing_items",
        label=_("Ongoing items"),
        kind="rows",
        row=_("Ongoing item"),
        fields=(
            Field(name="label", label=_("Name"), is_required=True),
            Field(name="remaining", label=_("Still open, in dollars"), kind="money"),
        ),
    )
    intro = _("What still costs money after the campaign.")
    return Sheet(name="ongoing", label=_("Ongoing items"), intro=intro, fields=(show, items))


def _decisions(texts: NullTranslations) -> Sheet:
    _ = texts.gettext
    options = Field(
        name="options",
        label=_("Options"),
        kind="rows",
        row=_("Option"),
        is_short=True,
        fields=(
            Field(name="label", label=_("Name"), is_required=True),
            Field(name="image", label=_("Picture"), kind="asset"),
        ),
    )
    decisions = Field(
        name="decisions",
        label=_("Decisions"),
        kind="rows",
        row=_("Decision"),
        id_from="title",
        fields=(
            Field(name="title", label=_("Question"), is_required=True),
            Field(name="id", label=_("Id"), kind="id"),
            Field(
                name="type",
                label=_("Kind"),
                kind="choice",
                default="vote",
                options=(("vote", _("Vote: it binds")), ("poll", _("Poll: it advises"))),
            ),
            Field(name="deadline", label=_("Last day to vote"), kind="day"),
            Field(
                name="eligible",
                label=_("Who may vote"),
                kind="choice",
                default="backers",
                options=(("backers", _("All supporters")), ("charged", _("Whoever was charged"))),
            ),
            Field(
                name="status",
                label=_("State"),
                kind="choice",
                default="open",
                options=(("open", _("Open")), ("closed", _("Closed"))),
            ),
            options,
        ),
    )
    intro = _("Votes and polls among the supporters.")
    return Sheet(name="decisions", label=_("Decisions"), intro=intro, fields=(decisions,))

"""Campaigns as they stand become pages: pure functions from state and time to view models."""

from collections.abc import Iterable
from datetime import datetime

from contracts.campaign import AddOn
from services.site.public import formatting
from services.site.public.add_ons import add_on_card, add_on_id, configured
from services.site.public.cards import (
    budget_parts,
    campaign_card,
    diary_items,
    kind_line,
    tier_cards,
    votes,
)
from services.site.public.language import Language, catalogue, prefix
from services.site.public.late import CUSTOM, late_items
from services.site.public.outcome import (
    closed_line,
    deadline_day,
    pledged_by,
    rewards_words,
    status,
    sums,
    sums_line,
    tag,
)
from services.site.public.state import AddOnContent, CampaignState, Stage
from services.site.public.views import (
    AddOnCard,
    CampaignPage,
    Countdown,
    HomePage,
    ResultPage,
    Row,
    Section,
)
from services.site.public.waterline import waterline

CLOSED_ON_HOME_MAX = 12
LOW_STOCK = 5


def home_page(campaigns: Iterable[CampaignState], *, now: datetime, language: Language) -> HomePage:
    """Return the home page: live by deadline, upcoming by start, closed by deadline, newest first.

    A group without campaigns is left out; when nothing is live a sentence says so.
    """
    texts = catalogue(language)
    public = [state for state in campaigns if not state.definition.is_test_only]
    by_stage: dict[Stage, list[CampaignState]] = {}
    for state in public:
        by_stage.setdefault(state.stage_at(now), []).append(state)
    live = sorted(by_stage.get("live", []), key=lambda state: state.definition.deadline_at)
    upcoming = sorted(by_stage.get("upcoming", []), key=lambda state: state.definition.starts_at)
    ended: tuple[Stage, ...] = ("closing", "funded", "not_funded", "cancelled")
    closed = [state for stage in ended for state in by_stage.get(stage, [])]
    closed.sort(key=lambda state: state.definition.deadline_at, reverse=True)
    cards = [campaign_card(state, now, language) for state in live]
    if upcoming:
        empty = texts.gettext("The next one opens soon, see below.")
    else:
        empty = texts.gettext("Come back in a while. Nothing else is needed of you.")
    return HomePage(
        language=language,
        lead=cards[0] if cards else None,
        live=tuple(cards[1:]),
        upcoming=tuple(campaign_card(state, now, language) for state in upcoming),
        closed=tuple(campaign_card(state, now, language) for state in closed[:CLOSED_ON_HOME_MAX]),
        empty_text=empty,
    )


def campaign_page(
    state: CampaignState, *, now: datetime, language: Language, low_stock: int = LOW_STOCK
) -> CampaignPage:
    """Return a campaign's page for the instant `now`.

    From `low_stock` units on an add-on says how many are left.
    """
    stage = state.stage_at(now)
    definition, content = state.definition, state.content
    promise, intro = rewards_words(state, stage, language)
    diary = diary_items(state, language)
    decisions = votes(state, now, language)
    budget = budget_parts(state, stage)
    late = late_items(state, stage)
    return CampaignPage(
        language=language,
        slug=state.slug,
        title=definition.title,
        kind=kind_line(state, language),
        blurb=content.blurb,
        description=content.blurb_text,
        stage=stage,
        square=content.square,
        wide=content.wide or content.square,
        pledged=formatting.money(state.pledged_cents),
        pledged_by=pledged_by(state, language),
        status=status(state, stage, language),
        tag=tag(state, stage, now, language),
        closed_line=closed_line(state, stage, language),
        countdown=countdown(state, stage, now, language),
        waterline=waterline(state, stage, language),
        sections=_sections(bool(budget), len(diary), bool(decisions), language),
        blocks=content.blocks,
        promise=promise,
        rewards_intro=intro,
        tiers=tier_cards(state, stage, language),
        single_tier_only=definition.single_tier_only,
        takes_custom_support=stage == "live" or CUSTOM in late,
        is_charged_now=bool(late),
        budget=budget,
        add_ons=_add_ons(state, language, low_stock) if stage == "live" else (),
        sums=sums(state, stage, language),
        sums_line=sums_line(state, language),
        diary=diary,
        votes=decisions,
        facts=_facts(state, language),
        deadline_day=deadline_day(state, language),
        goal=formatting.money(definition.goal_cents),
        live_island=_live_island(state, stage),
    )


def result_page(
    state: CampaignState,
    *,
    now: datetime,
    language: Language,
    resumes: tuple[tuple[str, str], ...] = (),
    order_status: str = "",
    order_id: str = "",
) -> ResultPage:
    """Return the page after the card step was left, with the way back to the same cart."""
    url = f"{prefix(language)}/campaigns/{state.slug}/"
    stage = state.stage_at(now)
    return ResultPage(
        language=language,
        slug=state.slug,
        title=state.definition.title,
        url=url,
        is_open=stage == "live" or bool(late_items(state, stage)),
        is_saved=order_status in ("completed", "persisted"),
        success_url=f"{url}pledge-success/?order={order_id}",
        resumes=resumes,
    )


def countdown(
    state: CampaignState, stage: Stage, now: datetime, language: Language
) -> Countdown | None:
    """Return the time left, or None when nothing is awaited."""
    if stage not in ("upcoming", "live"):
        return None
    texts = catalogue(language)
    definition = state.definition
    until = definition.starts_at if stage == "upcoming" else definition.deadline_at
    words = formatting.time_left(until, now, language)
    shown = until if stage == "upcoming" else formatting.last_minute(until)
    if stage == "upcoming":
        sentence = texts.gettext("Opens in %(time)s") % {"time": words}
    else:
        sentence = texts.gettext("%(time)s left") % {"time": words}
    return Countdown(
        words=words,
        until=until.isoformat(),
        date=formatting.weekday(shown, definition.timezone, language),
        time=formatting.time(shown, definition.timezone, language),
        sentence=sentence,
    )


def _sections(
    has_budget: bool, diary_count: int, has_votes: bool, language: Language
) -> tuple[Section, ...]:
    texts = catalogue(language)
    sections = [Section(anchor="film", label=texts.gettext("The film"))]
    if has_budget:
        sections.append(Section(anchor="budget", label=texts.gettext("Budget")))
    if diary_count:
        label = texts.gettext("Diary (%(count)s)") % {"count": diary_count}
        sections.append(Section(anchor="diary", label=label))
    if has_votes:
        sections.append(Section(anchor="supporters", label=texts.gettext("For supporters")))
    return tuple(sections)


def _add_ons(state: CampaignState, language: Language, low_stock: int) -> tuple[AddOnCard, ...]:
    def left(add_on: AddOn, variant_id: str) -> int | None:
        known = state.add_on_left.get(add_on_id(add_on.product_id, variant_id))
        return configured(add_on, variant_id) if known is None else known

    return tuple(
        add_on_card(
            each,
            state.content.add_ons.get(each.product_id, AddOnContent()),
            language=language,
            left=left,
            low_stock=low_stock,
        )
        for each in state.definition.add_ons
    )


def _facts(state: CampaignState, language: Language) -> tuple[Row, ...]:
    texts = catalogue(language)
    definition = state.definition
    zone = definition.timezone
    last = formatting.last_minute(definition.deadline_at)
    rows = [
        (texts.gettext("Made by"), definition.creator_name),
        (texts.gettext("Goal"), formatting.money(definition.goal_cents)),
        (texts.gettext("Opens"), formatting.date(definition.starts_at, zone, language)),
        (texts.gettext("Closes"), formatting.date(last, zone, language)),
    ]
    return tuple(Row(label=label, value=value) for label, value in rows if value)


def _live_island(state: CampaignState, stage: Stage) -> dict[str, object]:
    """Return what the script needs to keep the page fresh; words stay with the templates."""
    definition = state.definition
    gates = (tier.requires_threshold_cents or 0 for tier in definition.tiers)
    steps = (goal.threshold_cents for goal in definition.stretch_goals)
    return {
        "marks": [definition.goal_cents, *sorted({*gates, *steps} - {0})],
        "slug": state.slug,
        "stage": stage,
        "title": state.definition.title,
        "pledgedCents": state.pledged_cents,
        "settledCents": state.settled_cents,
        "lateCents": state.late_support_cents,
        "isCharged": definition.is_charged or state.is_settled,
        "stock": {tier_id: stock.remaining for tier_id, stock in state.stock.items()},
        "startsAt": state.definition.starts_at.isoformat(),
        "deadline": state.definition.deadline_at.isoformat(),
        "timezone": state.definition.timezone,
    }

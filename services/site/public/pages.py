"""Campaigns as they stand become pages: pure functions from state and time to view models."""

from datetime import datetime

from contracts.campaign import AddOn
from services.site.public import formatting
from services.site.public.add_ons import add_on_card, add_on_id, configured
from services.site.public.cards import (
    budget_parts,
    tier_cards,
    votes,
)
from services.site.public.diary import diary_phases
from services.site.public.kinds import kind_line, kind_name
from services.site.public.language import Language, catalogue, prefix
from services.site.public.late import CUSTOM, late_items
from services.site.public.outcome import (
    closed_line,
    pledged_by,
    reasons,
    rewards_words,
    status,
    sums,
    sums_line,
    tag,
)
from services.site.public.reminder import reminder_form
from services.site.public.sharing import share_sentence
from services.site.public.state import AddOnContent, CampaignState, Stage
from services.site.public.views import (
    AddOnCard,
    CampaignPage,
    Countdown,
    DiaryPhase,
    Invitation,
    Makers,
    ResultPage,
    Row,
    Section,
)
from services.site.public.waterline import waterline

LOW_STOCK = 5


def campaign_page(
    state: CampaignState, *, now: datetime, language: Language, low_stock: int = LOW_STOCK
) -> CampaignPage:
    """Return a campaign's page. From `low_stock` units on an add-on says how many are left."""
    stage = state.stage_at(now)
    definition, content = state.definition, state.content
    promise, intro = rewards_words(state, stage, language)
    diary = diary_phases(state, language)
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
        backdrop=content.backdrop,
        bar_picture=content.bar_picture,
        pledged=formatting.money(state.pledged_cents),
        pledged_by=pledged_by(state, language),
        status=status(state, stage, language),
        tag=tag(state, stage, now, language),
        closed_line=closed_line(state, stage, language),
        countdown=countdown(state, stage, now, language),
        waterline=waterline(state, stage, language),
        sections=_sections(bool(budget), diary, bool(decisions), language),
        blocks=content.blocks,
        promise=promise,
        rewards_intro=intro,
        tiers=tier_cards(state, stage, language),
        takes_custom_support=stage == "live" or CUSTOM in late,
        is_charged_now=bool(late),
        budget=budget,
        add_ons=_add_ons(state, language, low_stock) if stage == "live" else (),
        sums=sums(state, stage, language),
        sums_line=sums_line(state, language),
        video=content.video,
        makers=_makers(state, language),
        invitation=_invitation(state, stage, language),
        ongoing=_ongoing(state),
        diary=diary,
        votes=decisions,
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
    has_budget: bool, diary: tuple[DiaryPhase, ...], has_votes: bool, language: Language
) -> tuple[Section, ...]:
    texts = catalogue(language)
    sections = [Section(anchor="film", label=texts.gettext("The film"))]
    if has_budget:
        sections.append(Section(anchor="budget", label=texts.gettext("Budget")))
    if diary:
        entries = sum(len(phase.entries) for phase in diary)
        label = texts.gettext("Diary (%(count)s)") % {"count": entries}
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


def _invitation(state: CampaignState, stage: Stage, language: Language) -> Invitation:
    return Invitation(
        reasons=reasons(state, stage, language),
        reminder=reminder_form(state, stage, language),
        share_sentence=share_sentence(state, stage, language),
    )


def _makers(state: CampaignState, language: Language) -> Makers:
    return Makers(
        name=state.definition.creator_name,
        picture=state.content.creator,
        category=state.definition.category,
        facts=_facts(state, language),
    )


def _ongoing(state: CampaignState) -> tuple[Row, ...]:
    items = state.content.ongoing
    return tuple(
        Row(label=item.label, value=formatting.money(item.remaining_cents)) for item in items
    )


def _facts(state: CampaignState, language: Language) -> tuple[Row, ...]:
    texts = catalogue(language)
    definition = state.definition
    zone = definition.timezone
    last = formatting.last_minute(definition.deadline_at)
    rows = [
        (texts.gettext("Kind"), kind_name(state, language)),
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

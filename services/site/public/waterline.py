"""The waterline: one horizontal bar, computed once for page, card and mail alike."""

from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.state import CampaignState, Stage
from services.site.public.views import Segment, SegmentKind, Tick, Waterline

SHARE_MIN = 0.6
"""Segments thinner than this, in percent, are drawn four pixels wide."""

LABEL_ROOM = 930
"""Pixels under the bar at the narrowest width that shows labels there."""

LETTER = 6.7
GAP = 12


def scale_cents(state: CampaignState) -> int:
    """Return what the whole bar stands for: goal, highest stretch goal or the pledges."""
    thresholds = [goal.threshold_cents for goal in state.definition.stretch_goals]
    return max(state.definition.goal_cents, state.pledged_cents, *thresholds, 1)


def waterline(state: CampaignState, stage: Stage, language: Language) -> Waterline:
    """Return the bar with its marks; the percentage is floored, 99.9 is never shown as 100."""
    texts = catalogue(language)
    definition = state.definition
    reached = formatting.percent_floored(state.pledged_cents, definition.goal_cents)
    percent_label = texts.gettext("%(percent)s of the goal") % {
        "percent": formatting.percent(reached, language)
    }
    rest = definition.goal_cents - state.pledged_cents
    rest_label = ""
    if rest > 0 and stage in ("live", "upcoming"):
        rest_label = texts.gettext("%(amount)s to go") % {"amount": formatting.money(rest)}
    ticks = _ticks(state, stage, language)
    return Waterline(
        description=texts.gettext("%(pledged)s pledged, %(percent)s")
        % {"pledged": formatting.money(state.pledged_cents), "percent": percent_label},
        percent_label=percent_label,
        rest_label=rest_label,
        segments=_segments(state, stage),
        ticks=ticks,
        scale_cents=scale_cents(state),
        has_crowded_labels=_is_crowded(percent_label, rest_label, ticks),
    )


def small_waterline(state: CampaignState, stage: Stage, language: Language) -> Waterline:
    """Return the bar of a card: only a goal that was passed is marked."""
    scale = max(state.definition.goal_cents, state.pledged_cents, 1)
    bar = waterline(state, stage, language)
    passed = state.pledged_cents > state.definition.goal_cents
    goal = Tick(at=_share(state.definition.goal_cents, scale), kind="goal", label="", amount="")
    return Waterline(
        description=bar.description,
        percent_label=bar.percent_label,
        rest_label=bar.rest_label,
        segments=_segments(state, stage, scale),
        ticks=(goal,) if passed else (),
        scale_cents=scale,
    )


def _segments(state: CampaignState, stage: Stage, scale: int | None = None) -> tuple[Segment, ...]:
    scale = scale or scale_cents(state)
    if stage in ("not_funded", "cancelled"):
        parts: list[tuple[SegmentKind, int]] = [("unfunded", state.pledged_cents)]
    else:
        settled = state.settled_cents
        parts = [
            ("collected", state.collected_cents),
            ("pledged", max(0, state.pledged_cents - settled)),
            ("recovering", state.recovering_cents),
            ("lost", state.lost_cents + state.returned_cents),
        ]
    segments: list[Segment] = []
    start = 0
    for kind, cents in parts:
        if cents > 0:
            thin = cents * 100 < SHARE_MIN * scale
            segments.append(
                Segment(
                    kind=kind,
                    start=_share(start, scale),
                    width="4" if thin else _share(cents, scale),
                    is_first=not segments,
                )
            )
        start += cents
    return tuple(segments)


def _ticks(state: CampaignState, stage: Stage, language: Language) -> tuple[Tick, ...]:
    texts = catalogue(language)
    scale = scale_cents(state)
    goal_cents = state.definition.goal_cents
    marks = [_tick(state, goal_cents, scale, "goal", texts.gettext("Goal"))]
    is_known = True
    for goal in sorted(state.definition.stretch_goals, key=lambda goal: goal.threshold_cents):
        label = goal.title if is_known else texts.gettext("Still a secret")
        marks.append(_tick(state, goal.threshold_cents, scale, "stretch", label))
        is_reached = state.pledged_cents >= goal.threshold_cents
        is_known = is_reached or not state.definition.stretch_hidden
    is_final = stage == "funded" and state.pledged_cents == scale > goal_cents
    if is_final:
        marks.append(_tick(state, scale, scale, "final", texts.gettext("Final")))
    return tuple(marks)


def _tick(state: CampaignState, cents: int, scale: int, kind: str, label: str) -> Tick:
    share = cents * 100 / scale
    return Tick(
        at=_share(cents, scale),
        kind="goal" if kind == "goal" else "final" if kind == "final" else "stretch",
        label=label,
        amount=formatting.money(cents),
        is_reached=kind != "final" and state.pledged_cents >= cents,
        anchor="end" if share > 94 else "start" if share < 6 else "middle",
    )


def _is_crowded(percent_label: str, rest_label: str, ticks: tuple[Tick, ...]) -> bool:
    """Tell whether two labels would overlap on the narrowest screen that shows them."""
    end = max(len(percent_label), len(rest_label)) * LETTER
    for tick in ticks:
        width = max(len(tick.label), len(tick.amount) + 9 * tick.is_reached) * LETTER
        at = float(tick.at.rstrip("%")) / 100 * LABEL_ROOM
        start = {"start": at, "middle": at - width / 2, "end": at - width}[tick.anchor]
        if start < end + GAP:
            return True
        end = start + width
    return end > LABEL_ROOM + 1


def _share(cents: int, scale: int) -> str:
    """Return a length in percent of the bar, as SVG takes it."""
    return f"{min(100.0, cents * 100 / scale):.2f}%"

"""The living style page: every colour, component and state, drawn by the pages' own templates.

For whoever builds pages; shown where the sandbox stands in for Stripe, never in production.
"""

from typing import get_args

import msgspec
from markupsafe import Markup

from services.site.public.theme import ours
from services.site.public.views import (
    Fact,
    Notice,
    Segment,
    Tick,
    TierCard,
    TierState,
    Tone,
    Waterline,
)

TONES: tuple[Tone, ...] = get_args(Tone)
STATES: tuple[TierState, ...] = get_args(TierState)
SIZES = ("title-xl", "title-lg", "title-md", "title-sm", "text-xl", "text-lg", "text-md", "text-sm")
OPEN: tuple[TierState, ...] = ("available", "opened", "late")


class StylePage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows."""

    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    tags: tuple[Fact, ...]
    notices: tuple[Notice, ...]
    bars: tuple[Waterline, ...]
    tiers: tuple[TierCard, ...]


def style_page() -> StylePage:
    """Return one of everything."""
    return StylePage(
        colours=tuple(ours()),
        sizes=SIZES,
        tags=tuple(Fact(icon="check", text=f"Tag, {tone}", tone=tone) for tone in TONES),
        notices=(
            _notice("info", "info", "Closed, counting"),
            _notice("good", "check", "The film is funded"),
            _notice("lamp", "credit-card", "A card expires before the end"),
            _notice("bad", "circle-alert", "The price changed while you were reading"),
        ),
        bars=(_live_bar(), _settled_bar()),
        tiers=tuple(_tier(state) for state in STATES),
    )


def _notice(tone: str, icon: str, title: str) -> Notice:
    text = "What to do about it, in one sentence."
    return msgspec.convert({"tone": tone, "icon": icon, "title": title, "text": text}, Notice)


def _live_bar() -> Waterline:
    goal = Tick(at="62.50%", kind="goal", label="Goal", amount="$25,000")
    secret = Tick(
        at="100.00%", kind="stretch", label="Still a secret", amount="$40,000", anchor="end"
    )
    return Waterline(
        description="$18,640 pledged, 74% of the goal",
        percent_label="74% of the goal",
        rest_label="$6,360 to go",
        segments=(Segment(kind="pledged", start="0%", width="46.60%", is_first=True),),
        ticks=(goal, secret),
        scale_cents=4_000_000,
    )


def _settled_bar() -> Waterline:
    return Waterline(
        description="$14,310 pledged, 119% of the goal",
        percent_label="119% of the goal",
        rest_label="",
        segments=(
            Segment(kind="collected", start="0%", width="90.00%", is_first=True),
            Segment(kind="recovering", start="90.00%", width="7.00%"),
            Segment(kind="lost", start="97.00%", width="3.00%"),
        ),
        ticks=(Tick(at="84.00%", kind="goal", label="Goal", amount="$12,000", is_reached=True),),
        scale_cents=1_431_000,
    )


def _tier(state: TierState) -> TierCard:
    is_open = state in OPEN
    return TierCard(
        tier_id=f"style-{state.replace('_', '-')}",
        item_id="style",
        name="Frame and credit",
        price="$60",
        description=Markup("A signed print, and your name in the credits."),
        state=state,
        facts=(
            Fact(icon="package", text="Posted to you"),
            Fact(icon="ticket", text="7 of 100 left", tone="lamp"),
        ),
        button=f"State: {state.replace('_', ' ')}",
        is_enabled=is_open,
        is_featured=state == "available",
        quantity_max=1,
        is_physical=True,
    )

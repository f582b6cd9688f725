"""A campaign in any stage, for the tests of pages and view models."""

from datetime import UTC, datetime, timedelta

import msgspec
from markupsafe import Markup

from contracts.campaign import (
    CampaignDefinition,
    Decision,
    PlatformDefinition,
    StretchGoal,
    SupportItem,
    Tier,
)
from contracts.ids import CampaignSlug
from contracts.live import LiveTier
from contracts.money import Cents
from services.site.public.frame import SiteFrame
from services.site.public.state import (
    Block,
    CampaignContent,
    CampaignState,
    DiaryEntry,
    Picture,
    TierContent,
)

START = datetime(2026, 11, 3, 7, tzinfo=UTC)
DEADLINE = datetime(2026, 12, 14, 7, tzinfo=UTC)
"""Midnight in Denver: December 13 is the last day that counts."""

LIVE = DEADLINE - timedelta(days=9, hours=4)
BEFORE = START - timedelta(days=2, hours=6)
AFTER = DEADLINE + timedelta(hours=2)

SITE = SiteFrame(
    site_base="http://127.0.0.1:8000",
    platform=PlatformDefinition(version=1, support_email="hello@pool.example"),
    source_url="https://example.org/pool",
)

DEFINITION = CampaignDefinition(
    slug=CampaignSlug("the-long-take"),
    version=1,
    title="The Long Take",
    starts_at=START,
    deadline_at=DEADLINE,
    timezone="America/Denver",
    goal_cents=Cents(2_500_000),
    creator_name="Noor Valdecasas",
    category="Feature Film",
    tiers=(
        Tier(tier_id="credit", name="A credit", price_cents=Cents(1_000), is_stackable=True),
        Tier(tier_id="premiere", name="The premiere", price_cents=Cents(3_500), limit_total=500),
        Tier(
            tier_id="print",
            name="A signed print",
            price_cents=Cents(6_000),
            limit_total=100,
            category="physical",
        ),
        Tier(
            tier_id="producer",
            name="Associate producer",
            price_cents=Cents(50_000),
            requires_threshold_cents=Cents(3_200_000),
        ),
    ),
    support_items=(SupportItem(item_id="lab", label="The lab", target_cents=Cents(650_000)),),
    stretch_goals=(
        StretchGoal(threshold_cents=Cents(3_200_000), title="Score recorded live"),
        StretchGoal(threshold_cents=Cents(4_000_000), title="A second print"),
    ),
    decisions=(
        Decision(
            decision_id="poster",
            kind="vote",
            title="Which poster?",
            options=("Mast", "Boat"),
            closes_at=DEADLINE - timedelta(days=3),
        ),
    ),
)

CONTENT = CampaignContent(
    blurb=Markup("One room, <em>no cut</em>."),
    blurb_text="One room, no cut.",
    square=Picture(url="/media/take-square.webp", width=1200, height=1200),
    wide=Picture(url="/media/take-wide.webp", width=1600, height=800),
    blocks=(
        Block(kind="text", html=Markup("<p>We begin at dusk.</p>")),
        Block(kind="quote", text="Patience that isn't slow.", author="N. V., director"),
        Block(kind="image", pictures=(Picture(url="/media/a.webp", alt="A lamp"),), caption="Dusk"),
        Block(kind="video", provider="youtube", source_url="https://www.youtube.com/watch?v=x"),
        Block(kind="divider"),
    ),
    featured_tier_id="premiere",
    tiers={"print": TierContent(description=Markup("Eight by ten."))},
    support_needs={"lab": Markup("Film has to be developed.")},
    diary=(
        DiaryEntry(entry_id="horn", title="We found the horn", at=LIVE - timedelta(days=2)),
        DiaryEntry(entry_id="permit", title="The permit", at=LIVE - timedelta(days=9)),
    ),
)

STATE = CampaignState(
    definition=DEFINITION,
    content=CONTENT,
    pledged_cents=1_864_000,
    pledge_count=320,
    supporter_count=312,
    support_item_cents={"lab": 328_000},
    stock={
        "premiere": LiveTier(limit=500, claimed=288, reserved=0, remaining=212),
        "print": LiveTier(limit=100, claimed=92, reserved=1, remaining=7),
    },
)

FUNDED = msgspec.structs.replace(
    STATE,
    pledged_cents=2_800_000,
    is_closed=True,
    is_funded=True,
    collected_cents=2_700_000,
    recovering_cents=85_000,
    lost_cents=15_000,
    recovery_ends_at=AFTER + timedelta(days=7),
)
NOT_FUNDED = msgspec.structs.replace(STATE, is_closed=True)


def campaign(**changes: object) -> CampaignState:
    """Return the live campaign with other figures."""
    return msgspec.structs.replace(STATE, **changes)


def defined(**changes: object) -> CampaignState:
    """Return the live campaign with another definition."""
    return campaign(definition=msgspec.structs.replace(DEFINITION, **changes))

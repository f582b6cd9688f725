"""What the first screen points at, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.ids import CampaignSlug
from contracts.live import LiveCampaign, LiveInventory, LiveSnapshot, LiveStats
from services.site.admin.looking import notable

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
STATS = LiveStats(
    pledged_amount=0,
    pledge_count=0,
    tier_counts={},
    support_items={},
    goal_amount=100,
    percent_funded=0,
    collected_amount=0,
    recovering_amount=0,
    lost_amount=0,
    late_support_amount=0,
    updated_at=None,
)


def snapshot(state: Any, *, starts: int = -9, ends: int = 9, recovering: int = 0) -> LiveSnapshot:
    return LiveSnapshot(
        campaign=LiveCampaign(
            slug=CampaignSlug(f"{state}-{starts}-{ends}-{recovering}"),
            title=state,
            effective_state=state,
            funded=False,
            charged=False,
            starts_at=NOW + timedelta(days=starts),
            deadline=NOW + timedelta(days=ends),
        ),
        stats=msgspec.structs.replace(STATS, recovering_amount=recovering),
        inventory=LiveInventory(tiers={}),
        version=1,
        server_time=NOW,
    )


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (snapshot("upcoming", starts=7), "starts"),
        (snapshot("upcoming", starts=8), None),
        (snapshot("live", ends=2), "ends"),
        (snapshot("live", ends=3), None),
        (snapshot("closing", ends=-1), "counting"),
        (snapshot("post", ends=-2, recovering=1), "recovering"),
        (snapshot("post", ends=-2), None),
    ],
)
def test_what_is_near_or_waits_for_money_is_pointed_at(
    shown: LiveSnapshot, why: str | None
) -> None:
    assert [each.why for each in notable([shown])] == ([why] if why else [])


def test_what_is_over_comes_before_what_begins() -> None:
    given = [snapshot("upcoming", starts=1), snapshot("live", ends=1), snapshot("closing", ends=-1)]

    assert [each.why for each in notable(given)] == ["counting", "ends", "starts"]

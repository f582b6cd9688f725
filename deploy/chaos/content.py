"""Campaign files for experiments and tests: as an author writes them, by the moved clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("America/Denver")


class TierText(msgspec.Struct, frozen=True, kw_only=True):
    """A tier as the file says it; prices in dollars, as text."""

    id: str = "frame"
    name: str = "A frame of the film"
    price: str = "50"
    limit_total: int | None = None
    stackable: bool = False
    # Named: it is posted, and what it weighs.
    shipping_preset: str = ""


def campaign_file(
    slug: str,
    *,
    now: datetime,
    goal: str = "50",
    starts_in_days: int = -3,
    ends_in_days: int = 2,
    tiers: tuple[TierText, ...] = (TierText(),),
) -> str:
    """Return the Markdown of a campaign, dated in whole days from `now`, platform zone."""
    today = now.astimezone(ZONE).date()
    lines = [
        "---",
        "layout: campaign",
        f"title: {slug.replace('-', ' ').title()}",
        f"slug: {slug}",
        f'start_date: "{today + timedelta(days=starts_in_days)}"',
        f'goal_deadline: "{today + timedelta(days=ends_in_days)}"',
        f"goal_amount: {goal}",
        "creator_name: A test crew",
        "category: Short Film",
        "short_blurb: A film made only for this test.",
        "tiers:",
    ]
    for tier in tiers:
        lines += [
            f"  - id: {tier.id}",
            f"    name: {tier.name}",
            f"    price: {tier.price}",
            "    description: Yours if it is funded.",
            f"    stackable: {str(tier.stackable).lower()}",
        ]
        if tier.shipping_preset:
            lines += ["    category: physical", f"    shipping_preset: {tier.shipping_preset}"]
        if tier.limit_total is not None:
            lines.append(f"    limit_total: {tier.limit_total}")
    return "\n".join([*lines, "---", ""])

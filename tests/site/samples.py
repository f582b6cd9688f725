"""Campaign files for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "campaigns" / "media" / "one-roll-wide.webp"

GOOD = """---
layout: campaign
title: The Long Take
slug: {slug}
start_date: {start}
goal_deadline: {end}
goal_amount: 500
creator_name: Noor Valdecasas
category: Short Film
short_blurb: One room, *no cut*.
featured_tier_id: frame
{more}
long_content:
  - type: text
    body: |
      We begin at dusk.
tiers:
  - id: frame
    name: A frame
    price: 19.99
    limit_total: 7
  - id: print
    name: A print
    price: 50
    category: physical
    shipping_preset: poster
support_items:
  - id: lamp
    label: One lamp
    target: 300
---
"""


def campaign(slug: str = "long-take", *, more: str = "", starts: int = -3, ends: int = 9) -> str:
    """Return a good file: live for twelve days unless told otherwise."""
    today = datetime.now(UTC).date()
    return GOOD.format(
        slug=slug,
        start=today + timedelta(days=starts),
        end=today + timedelta(days=ends),
        more=more,
    )

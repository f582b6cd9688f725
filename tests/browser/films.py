"""Two films for a bundle: posted rewards, a question, add-ons, phases, and each kind of tier."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.support.platform import Platform, a_slug, eventually

ZONE = ZoneInfo("America/Denver")

SALT = """---
layout: campaign
title: The Salt Line
slug: {slug}
start_date: "{start}"
goal_deadline: "{end}"
goal_amount: 250
creator_name: Odalys Renn
category: Feature Film
short_blurb: A ferry pilot keeps her route running after the lake has left.
featured_tier_id: premiere
shipping_options: [signature_required, adult_signature_required]
tiers:
  - id: premiere
    name: Digital premiere
    price: 35
    description: Watch on opening night, with questions and answers afterwards.
  - id: frame
    name: Frame and credit
    price: 60
    description: A signed print of one frame, and your name in the credits.
    category: physical
    stackable: true
    limit_total: 100
    shipping:
      weight_oz: 4
      length_in: 25
      width_in: 3
      height_in: 3
    fields:
      - name: Your frame number
        type: number
        required: true
  - id: day
    name: A day on the salt
    price: 250
    description: Spend a shooting day with the crew, lunch included.
    sold_out: true
  - id: producer
    name: Associate producer
    price: 500
    description: Your own card in the credits.
    requires_threshold: 32000
campaign_add_ons:
  - id: {slug}-tote
    name: The tote bag
    price: 18
    description: Holds a logbook and a sandwich.
    category: physical
    shipping:
      weight_oz: 6
      length_in: 12
      width_in: 10
      height_in: 1
    variant_option_name: Colour
    variants:
      - id: salt
        label: Salt
        inventory: 3
      - id: rust
        label: Rust
        inventory: 40
phases:
  - name: Before the shoot
    registry:
      - id: permits
        label: Permits
        target: 400
  - name: The shoot
    registry:
      - id: crew
        label: A crew of eleven
        need: Wages first, then fuel.
        target: 1450
---
"""

HARBOUR = """---
layout: campaign
title: The Harbour
slug: {slug}
start_date: "{start}"
goal_deadline: "{later}"
goal_amount: 100
creator_name: Ines Halloran
category: Short Film
short_blurb: Three boats and one crane.
single_tier_only: true
tiers:
  - id: rope
    name: A length of rope
    price: 20
    description: From the last boat.
  - id: bell
    name: The bell
    price: 40
    description: Rings twice.
---
"""


class Films:
    """Both films, published: their names in addresses and ids."""

    def __init__(self, platform: Platform) -> None:
        self.salt = a_slug("salt")
        self.harbour = a_slug("harbour")
        today = platform.now().astimezone(ZONE).date()
        dates = {
            "start": today - timedelta(days=3),
            "end": today + timedelta(days=9),
            "later": today + timedelta(days=12),
        }
        for slug, text in ((self.salt, SALT), (self.harbour, HARBOUR)):
            file = platform.stack.campaigns_dir / f"{slug}.md"
            file.write_text(text.format(slug=slug, **dates), encoding="utf-8")
        answer = platform.http.post("/admin/rebuild", json={}, headers=platform.admin)
        answer.raise_for_status()
        assert not answer.json()["mistakes"], answer.text
        for slug in (self.salt, self.harbour):
            eventually(
                lambda slug=slug: platform.http.get(f"/inventory/{slug}").status_code == 200,
                what=slug,
            )

    @property
    def tote(self) -> str:
        """Return the add-on's id."""
        return f"{self.salt}-tote"

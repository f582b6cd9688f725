"""A file that says everything a file may say."""

from pathlib import Path

import msgspec

from services.site.publishing.model import CampaignDocument
from tests.site.files import a_file, document

EVERYTHING = """\
published: true
preview_only: false
preview_enabled: false
preview_reviewer_emails: [A@Example.com]
preview_updated_at: 2026-05-01T10:00:00-06:00
visibility: public
test_only: false
state: pre
charged: false
pledged_amount: 12.5
creator_name: Ama
creator_image: media/ama.jpg
hero_image: /media/ferry.webp
hero_image_wide: https://example.org/wide.jpg
hero_video: https://vimeo.com/123456
progress_background: media/a.png
campaign_background: media/b.png
category: A genre of our own
instagram: https://instagram.com/ferry
short_blurb: "One *ferry*,<br>no <b>bridge</b>."
featured_tier_id: frame
shopping: {enabled: true, availability_date: 2027-01-01}
single_tier_only: true
stretch_hidden: false
custom_late_support: true
show_ongoing: true
ongoing_items:
  - {label: Colour grade, remaining: 4500}
shipping_fallback_flat_rate: 4.50
free_shipping: false
shipping_options: [standard, signature_required]
runner_report_emails: [ops@example.com]
runner_report_excluded_emails: []
tiers:
  - id: frame
    name: A frame
    price: 19.99
    image: media/frame.png
    description: Yours.
    limit_total: 100
    remaining: 40
    stackable: true
    late_support: true
    requires_threshold: 35000
    fields:
      - {name: Number, type: number, required: true}
      - {name: Size, type: choice, choices: [S, M]}
  - id: chair
    name: A chair
    price: "250"
    limit_total: 0
    sold_out: true
    category: physical
    shipping: {weight_oz: 12.5, length_in: 9, width_in: 6, height_in: 1}
support_items:
  - {id: lamp, label: A lamp, target: 300, category: "", need: "Light *first*.", late_support: true}
phases:
  - name: Production
    registry:
      - {id: crew, label: The crew, target: 9000, current: 100}
campaign_add_ons:
  - id: shirt
    name: A shirt
    price: 20
    shipping_preset: tshirt
    inventory: 5
    source_url: https://example.org/shirt
    variant_option_name: Size
    variants:
      - {id: s, label: Small}
      - {id: xl, label: Extra large, price: 0, inventory: 2}
stretch_goals:
  - {threshold: 50000, title: A second boat, description: Blue., status: hidden}
  - {threshold: 35000, title: A first boat}
decisions:
  - id: flag
    type: poll
    title: Which flag?
    deadline: 2026-06-30
    eligible: charged
    status: open
    options: [Red, {label: Blue, image: media/blue.png}]
diary:
  - {title: Día uno, date: 2026-06-01, phase: launch, body: We *began*.}
  - {title: Día uno, date: 2026-06-02T19:30-06:00, content: [{type: text, body: Again.}]}
long_content:
  - {type: text, body: "Hello.", align: center}
  - {type: image, src: media/a.png, alt: A boat, caption: Ours, width: 10, height: 20}
  - type: gallery
    layout: carousel
    caption_style: hover
    images: [{src: media/a.png, alt: A}, {src: media/b.png}]
  - {type: video, provider: youtube, video_id: dQw4w9WgXcQ, caption: Teaser}
  - {type: video, provider: local, src: media/a.mp4, poster: media/a.png}
  - {type: audio, src: media/a.mp3, title: Fog horn}
  - {type: quote, text: It floats., author: Ama}
  - {type: embed, provider: spotify, src: "https://open.spotify.com/embed/track/1", title: Song}
  - {type: divider}
"""


def test_a_document_survives_being_stored(tmp_path: Path) -> None:
    ferry = document(tmp_path, a_file(*EVERYTHING.splitlines()))

    assert msgspec.json.decode(msgspec.json.encode(ferry), type=CampaignDocument) == ferry


def test_every_known_field_is_read(tmp_path: Path) -> None:
    ferry = document(tmp_path, a_file(*EVERYTHING.splitlines(), body="The end.\n"))

    definition = ferry.definition
    frame, chair = definition.tiers
    assert (frame.price_cents, frame.limit_total, frame.is_stackable) == (1_999, 100, True)
    assert frame.requires_threshold_cents == 3_500_000
    assert [each.kind for each in frame.fields] == ["number", "choice"]
    assert (chair.price_cents, chair.limit_total, chair.is_sold_out) == (25_000, None, True)
    assert chair.package is not None
    assert chair.package.weight_oz == "12.5"
    assert [item.item_id for item in definition.support_items] == ["lamp", "crew"]
    assert ferry.phases[0].item_ids == ("crew",)
    assert [goal.threshold_cents for goal in definition.stretch_goals] == [3_500_000, 5_000_000]
    assert ferry.stretch_goals[1].status == "hidden"
    assert definition.decisions[0].options == ("Red", "Blue")
    assert definition.decisions[0].eligible == "charged"
    closes_at = definition.decisions[0].closes_at
    assert closes_at is not None
    assert closes_at.isoformat() == "2026-07-01T06:00:00+00:00"
    assert definition.add_ons[0].variants[1].price_cents == 0
    assert definition.add_ons[0].variants[0].price_cents is None
    assert definition.free_shipping is False
    assert definition.shipping_fallback_cents == 450
    assert definition.shipping_options == ("signature_required",)
    assert [entry.entry_id for entry in ferry.diary] == ["dia-uno", "dia-uno-2"]
    assert [entry.phase for entry in ferry.diary] == ["fundraising", "fundraising"]
    assert [entry.has_time for entry in ferry.diary] == [False, True]
    # Nine blocks, and what stands below the front matter.
    assert len(ferry.story) == 10
    assert ferry.legacy_pledged_cents == 1_250
    assert ferry.preview.reviewer_emails == ("a@example.com",)

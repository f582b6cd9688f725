"""The site, the film and the person that every sample is about."""

from datetime import UTC, datetime

from contracts.ids import CampaignSlug, OrderId, PledgeId
from contracts.money import Cents
from services.notify.domain.mails import Campaign

SITE = "https://pool.example"
SECRET = b"a secret of at least 32 bytes, for tests"
SLUG = CampaignSlug("nine-bridges-north")
ORDER = OrderId("pool-intent-0f3d9a5c7be14e6f8a2b4c6d8e0f1a2b")
PLEDGE = PledgeId(ORDER)
EMAIL = "noor@halfmoon.example"
WRITTEN_AT = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)

CAMPAIGN = Campaign(
    slug=SLUG,
    title="Nine Bridges North",
    deadline_at=datetime(2026, 12, 14, 7, tzinfo=UTC),
    timezone="America/Denver",
    goal_cents=Cents(1_800_000),
    instagram_url="https://www.instagram.com/ninebridges",
)

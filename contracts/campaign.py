"""A campaign's definition: the facts other services decide by, one version at a time.

Texts and pictures stay with site; this is dates, money, stock and rules. Prices are
cents, instants are UTC. Source: product rules 1 and 2, decisions "Calendar and closing".
"""

from datetime import datetime
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug
from contracts.money import Cents

Category = Literal["physical", "digital"]
CampaignState = Literal["upcoming", "live", "post"]
TaxProvider = Literal["flat", "table"]


class TierField(msgspec.Struct, frozen=True, kw_only=True):
    """A question a tier asks, such as the preferred frame number."""

    name: str
    kind: Literal["text", "number", "choice"] = "text"
    is_required: bool = False
    choices: tuple[str, ...] = ()


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """What a physical item weighs (ounces) and measures (inches), as decimal strings."""

    weight_oz: str
    length_in: str
    width_in: str
    height_in: str
    packaging_weight_oz: str = "0"
    stack_height_in: str = "0"


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Something a supporter can pick. `limit_total` None means unlimited."""

    tier_id: str
    name: str
    price_cents: Cents
    limit_total: int | None = None
    is_sold_out: bool = False
    is_stackable: bool = False
    category: Category = "digital"
    shipping_preset: str | None = None
    package: Package | None = None
    late_support: bool = False
    requires_threshold_cents: Cents | None = None
    fields: tuple[TierField, ...] = ()


class SupportItem(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the budget a supporter can pay towards, any amount."""

    item_id: str
    label: str
    target_cents: Cents
    category: Category = "digital"
    shipping_preset: str | None = None
    package: Package | None = None
    late_support: bool = False


class AddOnVariant(msgspec.Struct, frozen=True, kw_only=True):
    """One size or colour. `price_cents` None inherits, 0 is a real price."""

    variant_id: str
    label: str
    price_cents: Cents | None = None
    inventory: int | None = None


class AddOn(msgspec.Struct, frozen=True, kw_only=True):
    """A product beside the tiers. `inventory` None means unlimited."""

    product_id: str
    name: str
    price_cents: Cents
    category: Category = "physical"
    inventory: int | None = None
    package: Package | None = None
    shipping_preset: str | None = None
    variants: tuple[AddOnVariant, ...] = ()


class StretchGoal(msgspec.Struct, frozen=True, kw_only=True):
    """A further promise, kept when pledges reach `threshold_cents`."""

    threshold_cents: Cents
    title: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A vote or poll among supporters: all who back the campaign, or those who were charged."""

    decision_id: str
    kind: Literal["vote", "poll"]
    title: str
    options: tuple[str, ...]
    status: Literal["open", "closed"] = "open"
    closes_at: datetime | None = None
    eligible: Literal["backers", "charged"] = "backers"


class CampaignDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One published version. A version never changes; a change is a new version.

    `starts_at` is the first live instant, `deadline_at` the first instant that is
    too late; both were computed in the platform's zone when this was published.
    """

    slug: CampaignSlug
    version: int
    title: str
    starts_at: datetime
    deadline_at: datetime
    timezone: str
    goal_cents: Cents
    creator_name: str = ""
    instagram_url: str = ""
    category: str = "Other"
    currency: str = "usd"
    languages: tuple[str, ...] = ("en", "es")
    is_charged: bool = False
    is_test_only: bool = False
    single_tier_only: bool = False
    custom_late_support: bool = False
    tiers: tuple[Tier, ...] = ()
    support_items: tuple[SupportItem, ...] = ()
    add_ons: tuple[AddOn, ...] = ()
    # The brand's colours, corners and typefaces as mails take them; empty: ours.
    mail_look: dict[str, str] = {}
    stretch_goals: tuple[StretchGoal, ...] = ()
    stretch_hidden: bool = True
    decisions: tuple[Decision, ...] = ()
    free_shipping: bool | None = None
    shipping_fallback_cents: Cents | None = None
    shipping_options: tuple[str, ...] = ()

    def tier(self, tier_id: str) -> Tier | None:
        """Return the tier with that id, if there is one."""
        return next((tier for tier in self.tiers if tier.tier_id == tier_id), None)

    def state_at(self, now: datetime) -> CampaignState:
        """Return the state at an instant: the start counts, the deadline does not."""
        if now < self.starts_at:
            return "upcoming"
        return "live" if now < self.deadline_at else "post"


class TaxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place's rate, as a decimal string, and whether posting is taxed there too."""

    rate: str
    taxes_shipping: bool = False


class TaxTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rates by `US-NM` or `US`; `default` holds wherever no row says otherwise."""

    default: TaxRow
    rows: dict[str, TaxRow] = {}
    # What the author calls this list; empty: the platform definition's own version.
    version: str = ""


class CarrierRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the carrier is asked. Who asks it, and with which secret, is the deployment's."""

    is_enabled: bool = False
    timeout_ms: int = 5_000
    price_type: Literal["RETAIL", "COMMERCIAL"] = "RETAIL"
    cache_seconds: int = 600
    cooldown_seconds: int = 300
    # After the carrier said that we ask too often.
    busy_cooldown_seconds: int = 1_800
    # In this order; the first with a price wins.
    domestic_classes: tuple[str, ...] = ("USPS_GROUND_ADVANTAGE", "PRIORITY_MAIL")
    international_classes: tuple[str, ...] = (
        "FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE",
        "PRIORITY_MAIL_INTERNATIONAL",
    )
    # While the carrier is away: the flat rate, or no checkout of what is posted.
    when_away: Literal["fallback", "refuse"] = "fallback"


class ReportRules(msgspec.Struct, frozen=True, kw_only=True):
    """When whoever runs a campaign is sent its reports, and what is in them."""

    is_enabled: bool = True
    # Minutes after midnight in the platform's zone.
    minute: int = 7 * 60
    # What a subject begins with; empty: nothing.
    subject_prefix: str = ""
    # The ledger each day, and once what is to be sent to whom.
    sends_pledges: bool = True
    sends_fulfillment: bool = True
    # Figures in the mail, and the file that goes with it: one of them at least.
    has_summary: bool = True
    has_file: bool = True


class PlatformDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What `platform.yml` decides for every campaign: tax, shipping, tip, names."""

    version: int
    platform_name: str = "The Pool"
    company_name: str = ""
    support_email: str = ""
    timezone: str = "America/Denver"
    languages: tuple[str, ...] = ("en", "es")
    tax_provider: TaxProvider = "flat"
    sales_tax_rate: str = "0.07875"
    tax_table: TaxTable | None = None
    tip_percent_default: int = 5
    tip_percent_max: int = 15
    shipping_fallback_cents: Cents = Cents(300)
    free_shipping: bool = False
    origin_postal_code: str = "87120"
    origin_country: str = "US"
    # Where we post to, each with its own rate or None for the rules above; empty: everywhere
    # the checkout page of Stripe collects addresses for.
    shipping_countries: dict[str, Cents | None] = {}
    carrier: CarrierRules = CarrierRules()
    recovery_window_days: int = 7
    reports: ReportRules = ReportRules()
    # Products for the platform's own sake: charged with a pledge, never counted toward a goal.
    add_ons_enabled: bool = False
    add_ons_low_stock: int = 5
    add_ons: tuple[AddOn, ...] = ()
    # The brand's colours, corners and typefaces as mails take them; empty: ours.
    mail_look: dict[str, str] = {}

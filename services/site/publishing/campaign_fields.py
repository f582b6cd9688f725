"""Reading the lists in a campaign file: tiers, items, add-ons, decisions, diary.

Each reader returns the part other services decide by and the part only pages show.
Source: product rules 1.2.
"""

from typing import Literal
from zoneinfo import ZoneInfo

from contracts.campaign import (
    AddOn,
    AddOnVariant,
    Category,
    Decision,
    Package,
    StretchGoal,
    SupportItem,
    Tier,
    TierField,
)
from contracts.money import Cents
from contracts.presets import PRESETS
from services.site.publishing import calendar
from services.site.publishing.model import (
    AddOnText,
    DecisionText,
    OngoingItem,
    StretchText,
    TierText,
)
from services.site.publishing.reading import Reader, Record, Value, record, several, unique
from services.site.publishing.scalars import (
    asset,
    choice,
    day,
    dollars,
    flag,
    measure,
    required_text,
    rich_text,
    slug,
    text,
    token,
    url,
    whole,
)

CATEGORY: Reader[Category] = choice(("physical", "digital"))
PRESET: Reader[str] = choice(tuple(PRESETS))
LABEL = required_text(160)
VARIANTS_MAX = 30
PRODUCTS_MAX = 50
OPTIONS_MAX = 50
FieldKind = Literal["text", "number", "choice"]
NO_PACKAGE = Package(weight_oz="1", length_in="1", width_in="1", height_in="1")


def _package(fields: Record) -> Package:
    return Package(
        weight_oz=fields.take("weight_oz", measure()),
        length_in=fields.take("length_in", measure()),
        width_in=fields.take("width_in", measure()),
        height_in=fields.take("height_in", measure()),
        packaging_weight_oz=fields.get("packaging_weight_oz", measure(may_be_zero=True), "0"),
        stack_height_in=fields.get("stack_height_in", measure(may_be_zero=True), "0"),
    )


def _shipping(fields: Record, category: Category) -> tuple[str | None, Package | None]:
    """Return the preset or package; what is posted needs one of them."""
    preset = fields.get("shipping_preset", PRESET, None)
    package = fields.get("shipping", record(_package, NO_PACKAGE), None)
    if category == "physical" and preset is None and package is None:
        fields.wrong("shipping_preset", "is missing (or `shipping` with weight and size)")
    if preset is not None and package is not None:
        fields.wrong("shipping", "stands beside a shipping_preset; keep one of the two")
    return preset, package


def _tier_field(fields: Record) -> TierField:
    old: dict[str, FieldKind] = {
        "textarea": "text",
        "string": "text",
        "select": "choice",
        "email": "text",
    }
    kinds: tuple[FieldKind, ...] = ("text", "number", "choice")
    kind = fields.get("type", choice(kinds, also=old), "text")
    choices = fields.get("choices", several(LABEL), ()) or fields.get("options", several(LABEL), ())
    if kind == "choice" and not choices:
        fields.wrong("choices", "is missing")
    return TierField(
        name=fields.take("name", required_text(120)),
        kind=kind,
        is_required=fields.get("required", flag, False),
        choices=choices,
    )


def _tier(fields: Record) -> tuple[Tier, TierText]:
    category = fields.get("category", CATEGORY, "digital")
    preset, package = _shipping(fields, category)
    remaining = fields.get("remaining", whole, None)
    tier = Tier(
        tier_id=fields.take("id", slug),
        name=fields.take("name", LABEL),
        price_cents=fields.take("price", dollars),
        # Nothing and 0 both mean unlimited.
        limit_total=fields.get("limit_total", whole, None) or None,
        is_sold_out=fields.get("sold_out", flag, False) or remaining == 0,
        is_stackable=fields.get("stackable", flag, False),
        category=category,
        shipping_preset=preset,
        package=package,
        late_support=fields.get("late_support", flag, False),
        requires_threshold_cents=fields.get("requires_threshold", dollars, None) or None,
        fields=fields.get("fields", several(record(_tier_field, TierField(name=""))), ()),
    )
    return tier, TierText(
        description=fields.get("description", rich_text(3_000), ""),
        image=fields.get("image", asset, ""),
    )


def _support_item(fields: Record) -> tuple[SupportItem, str]:
    category = fields.get("category", CATEGORY, "digital")
    preset, package = _shipping(fields, category)
    item = SupportItem(
        item_id=fields.take("id", slug),
        label=fields.take("label", LABEL),
        target_cents=fields.take("target", dollars),
        category=category,
        shipping_preset=preset,
        package=package,
        late_support=fields.get("late_support", flag, False),
    )
    return item, fields.get("need", rich_text(2_000), "")


def _registry_item(fields: Record) -> tuple[SupportItem, str]:
    # Older files keep a sum by hand here; what is pledged comes from the ledger.
    fields.get("current", dollars, None)
    return _support_item(fields)


Phased = tuple[str, tuple[tuple[SupportItem, str], ...]]
NO_SUPPORT_ITEM = (SupportItem(item_id="", label="", target_cents=Cents(0)), "")


def _phase(fields: Record) -> Phased:
    items = several(record(_registry_item, NO_SUPPORT_ITEM))
    return fields.take("name", LABEL), fields.get("registry", items, ())


def _variant(fields: Record) -> AddOnVariant:
    return AddOnVariant(
        variant_id=fields.take("id", slug),
        label=fields.take("label", required_text(120)),
        price_cents=fields.get("price", dollars, None),
        inventory=fields.get("inventory", whole, None),
    )


def _add_on(fields: Record) -> tuple[AddOn, AddOnText]:
    category = fields.get("category", CATEGORY, "physical")
    preset, package = _shipping(fields, category)
    no_variant = AddOnVariant(variant_id="", label="")
    variants = unique(
        record(_variant, no_variant), lambda variant: variant.variant_id, at_most=VARIANTS_MAX
    )
    add_on = AddOn(
        product_id=fields.take("id", slug),
        name=fields.take("name", required_text(120)),
        price_cents=fields.take("price", dollars),
        category=category,
        inventory=fields.get("inventory", whole, None),
        package=package,
        shipping_preset=preset,
        variants=fields.get("variants", variants, ()),
    )
    return add_on, AddOnText(
        description=fields.get("description", rich_text(2_000), ""),
        image=fields.get("image_url", asset, "") or fields.get("image", asset, ""),
        source_url=fields.get("source_url", url, ""),
        variant_option_name=fields.get("variant_option_name", text(80), ""),
    )


def _stretch_goal(fields: Record) -> tuple[StretchGoal, StretchText]:
    goal = StretchGoal(
        threshold_cents=fields.take("threshold", dollars), title=fields.take("title", LABEL)
    )
    return goal, StretchText(
        description=fields.get("description", rich_text(1_000), ""),
        status=fields.get("status", token, ""),
    )


def _option(value: Value) -> tuple[str, str]:
    """An option is its label, or a label with a picture."""
    if value.kind:
        return LABEL.read(value), ""
    return record(
        lambda fields: (fields.take("label", LABEL), fields.get("image", asset, "")), ("", "")
    ).read(value)


def _decision(fields: Record, zone: ZoneInfo) -> tuple[Decision, DecisionText]:
    options = fields.take("options", several(Reader(_option, ("", ""))))
    labels = tuple(label for label, _ in options)
    if not 1 <= len(options) <= OPTIONS_MAX:
        fields.wrong("options", f"has between 1 and {OPTIONS_MAX} entries")
    elif len(set(labels)) < len(labels):
        fields.wrong("options", "names an option twice")
    deadline = fields.get("deadline", day, None)
    decision = Decision(
        decision_id=fields.take("id", slug),
        kind=fields.get("type", choice(("vote", "poll")), "vote"),
        title=fields.take("title", LABEL),
        options=labels,
        status=fields.get("status", choice(("open", "closed")), "open"),
        # The day counts to its last second, as a campaign's own deadline does.
        closes_at=calendar.deadline_of(deadline, zone) if deadline else None,
        eligible=fields.get("eligible", choice(("backers", "charged")), "backers"),
    )
    return decision, DecisionText(option_images=tuple(image for _, image in options))


def _ongoing_item(fields: Record) -> OngoingItem:
    return OngoingItem(
        label=fields.take("label", LABEL),
        remaining_cents=fields.get("remaining", dollars, Cents(0)),
    )


NO_TIER = (Tier(tier_id="", name="", price_cents=Cents(0)), TierText())
NO_ADD_ON = (AddOn(product_id="", name="", price_cents=Cents(0)), AddOnText())
NO_STRETCH_GOAL = (StretchGoal(threshold_cents=Cents(0), title=""), StretchText())
NO_DECISION = (Decision(decision_id="", kind="vote", title="", options=()), DecisionText())
NO_PHASE: Phased = ("", ())

tiers = unique(record(_tier, NO_TIER), lambda pair: pair[0].tier_id)
support_items = several(record(_support_item, NO_SUPPORT_ITEM))
phases = several(record(_phase, NO_PHASE))
add_ons = unique(record(_add_on, NO_ADD_ON), lambda pair: pair[0].product_id, at_most=PRODUCTS_MAX)
stretch_goals = several(record(_stretch_goal, NO_STRETCH_GOAL))
ongoing_items = several(record(_ongoing_item, OngoingItem(label="", remaining_cents=Cents(0))))


def decisions(zone: ZoneInfo) -> Reader[tuple[tuple[Decision, DecisionText], ...]]:
    """Return a reader of decisions; their days end in `zone`."""
    decision = record(lambda fields: _decision(fields, zone), NO_DECISION)
    return unique(decision, lambda pair: pair[0].decision_id)

"""Campaign files for experiments and tests: as an author writes them, by the moved clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("America/Denver")


def next_morning(now: datetime) -> datetime:
    """Return the next five past seven of the platform's zone, when reports are due."""
    local = now.astimezone(ZONE)
    day = local.date() + timedelta(days=int(local.time() >= time(7)))
    return datetime.combine(day, time(7, 5), ZONE).astimezone(UTC)


class TierText(msgspec.Struct, frozen=True, kw_only=True):
    """A tier as the file says it; prices in dollars, as text."""

    id: str = "frame"
    name: str = "A frame of the film"
    price: str = "50"
    limit_total: int | None = None
    stackable: bool = False
    # Named: it is posted, and what it weighs.
    shipping_preset: str = ""
    # A question whose answer is needed.
    question: str = ""
    # Still to be had once the campaign is funded and settled.
    late_support: bool = False


class AddOnText(msgspec.Struct, frozen=True, kw_only=True):
    """A product beside the tiers, in sizes of which there are so many each; not posted."""

    id: str
    price: str = "20"
    inventory: int | None = None
    sizes: tuple[tuple[str, int], ...] = ()


def campaign_file(
    slug: str,
    *,
    now: datetime,
    goal: str = "50",
    starts_in_days: int = -3,
    ends_in_days: int = 2,
    tiers: tuple[TierText, ...] = (TierText(),),
    add_ons: tuple[AddOnText, ...] = (),
    report_to: tuple[str, ...] = (),
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
        if tier.late_support:
            lines.append("    late_support: true")
        if tier.shipping_preset:
            lines += ["    category: physical", f"    shipping_preset: {tier.shipping_preset}"]
        if tier.limit_total is not None:
            lines.append(f"    limit_total: {tier.limit_total}")
        if tier.question:
            lines.append(f"    fields: [{{name: {tier.question}, type: text, required: true}}]")
    if report_to:
        lines.append(f"runner_report_emails: [{', '.join(report_to)}]")
    if add_ons:
        lines += ["campaign_add_ons:", *products(add_ons, indent="  ")]
    return "\n".join([*lines, "---", ""])


def platform_file(add_ons: tuple[AddOnText, ...]) -> str:
    """Return the part of a `platform.yml` that sells these products."""
    lines = ["add_ons:", "  enabled: true", "  products:", *products(add_ons, indent="    ")]
    return "\n".join([*lines, ""])


def products(add_ons: tuple[AddOnText, ...], *, indent: str) -> list[str]:
    """Return the lines of a list of products."""
    lines: list[str] = []
    for each in add_ons:
        facts = [f"id: {each.id}", f"name: The {each.id}", f"price: {each.price}"]
        facts.append("category: digital")
        if each.inventory is not None:
            facts.append(f"inventory: {each.inventory}")
        if each.sizes:
            sizes = [f"{{id: {s}, label: Size {s}, inventory: {left}}}" for s, left in each.sizes]
            facts.append(f"variants: [{', '.join(sizes)}]")
        lines.append(f"{indent}- {{{', '.join(facts)}}}")
    return lines

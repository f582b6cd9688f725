"""Generated worlds as their authors would write them: campaign files and `platform.yml`."""

from datetime import date, datetime, timedelta
from typing import Any

from deploy.chaos.content import ZONE
from tests.checkout.oracle import Data

PACKAGE = ("weight_oz", "length_in", "width_in", "height_in")
PACKAGE_MORE = ("packaging_weight_oz", "stack_height_in")
# Some things are limited, to more than ever is wanted: what is counted must add up.
PLENTY = 5_000


def campaign_markdown(slug: str, campaign: Data, *, now: datetime) -> str:
    """Return the file of a campaign that is live and closes in two days."""
    today = now.astimezone(ZONE).date()
    lines = [
        "---",
        "layout: campaign",
        f"title: {slug.replace('-', ' ').title()}",
        f"slug: {slug}",
        f"start_date: {_day(today, -3)}",
        f"goal_deadline: {_day(today, 2)}",
        "goal_amount: 1",
        "creator_name: A test crew",
        "category: Short Film",
        "short_blurb: A film made only for this test.",
    ]
    if campaign["free_shipping"] is not None:
        lines.append(f"free_shipping: {_flag(campaign['free_shipping'])}")
    if campaign["fallback"] is not None:
        lines.append(f"shipping_fallback_flat_rate: {campaign['fallback']}")
    if campaign["options"]:
        lines.append(f"shipping_options: [{', '.join(campaign['options'])}]")
    lines += ["tiers:", *(_tier(number, each) for number, each in enumerate(campaign["tiers"]))]
    lines += ["support_items:", *map(_support_item, campaign["support_items"])]
    lines += ["campaign_add_ons:", *(f"  - {_product(each)}" for each in campaign["add_ons"])]
    return "\n".join([*lines, "---", ""])


def platform_yml(platform: Data) -> str:
    """Return the settings of a world."""
    lines = [
        "pricing:",
        f"  sales_tax_rate: {platform['rate']}",
        f"  tax_provider: {'table' if platform['table'] else 'flat'}",
        *(_tax_table(platform["table"]) if platform["table"] else ()),
        "shipping:",
        f"  fallback_flat_rate: {platform['fallback']}",
        f"  free_shipping: {_flag(platform['free_shipping'])}",
        f"  usps: {{enabled: {_flag(platform['carrier'])}, timeout_ms: 10000}}",
    ]
    if platform["countries"]:
        posted = [
            country if rate is None else f"{{country: {country}, rate: {rate}}}"
            for country, rate in platform["countries"].items()
        ]
        lines.append(f"  countries: [{', '.join(posted)}]")
    lines += ["add_ons:", "  enabled: true", "  products:"]
    return "\n".join([*lines, *(f"    - {_product(each)}" for each in platform["add_ons"]), ""])


def is_limited(number: int) -> bool:
    """Tell whether the tier or variant at a place in its list is written with a limit."""
    return number % 2 == 0


def _tier(number: int, tier: Data) -> str:
    facts = {"id": tier["id"], "name": f"Tier {number}", "price": tier["price"]}
    facts["stackable"] = _flag(tier["is_stackable"])
    if is_limited(number):
        facts["limit_total"] = PLENTY
    return f"  - {_flow(facts | _posted(tier))}"


def _support_item(item: Data) -> str:
    return f"  - {_flow({'id': item['id'], 'label': 'An item', 'target': 100} | _posted(item))}"


def _product(product: Data) -> str:
    facts = {"id": product["id"], "name": "A product", "price": product["price"]}
    variants = [
        {"id": each["id"], "label": f"Size {number}"}
        | ({} if each["price"] is None else {"price": each["price"]})
        | ({"inventory": PLENTY} if is_limited(number) else {})
        for number, each in enumerate(product["variants"])
    ]
    sizes = f"[{', '.join(map(_flow, variants))}]"
    facts |= {"variants": sizes} if variants else {"inventory": PLENTY}
    return _flow(facts | _posted(product))


def _posted(thing: Data) -> Data:
    box = thing["box"]
    facts = {"category": thing["category"]}
    if isinstance(box, str):
        facts["shipping_preset"] = box
    elif box is not None:
        facts["shipping"] = _flow(dict(zip((*PACKAGE, *PACKAGE_MORE), box, strict=True)))
    return facts


def _tax_table(table: Data) -> list[str]:
    """Return the rows, states below their country."""
    lines = ["  tax_table:", f"    default: {_rate(table['default'])}", "    countries:"]
    rows = table["rows"]
    for country in sorted({name.partition("-")[0] for name in rows}):
        states = {
            name.partition("-")[2]: _rate(row)
            for name, row in rows.items()
            if name.startswith(f"{country}-")
        }
        facts = _row(rows[country]) | ({"states": _flow(states)} if states else {})
        lines.append(f"      {country}: {_flow(facts)}")
    return lines


def _rate(row: tuple[str, bool]) -> str:
    return _flow(_row(row))


def _row(row: tuple[str, bool]) -> Data:
    return {"rate": row[0], "taxes_shipping": _flag(row[1])}


def _day(today: date, days: int) -> str:
    return f'"{today + timedelta(days=days)}"'


def _flag(value: Any) -> str:
    return "true" if value else "false"


def _flow(facts: Data) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in facts.items()) + "}"

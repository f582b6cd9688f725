"""Three hundred generated carts, from the author's file to the charge, by the oracle's word.

Each world is published as Markdown and `platform.yml`, its carts are started over HTTP at
the total the oracle found in exact fractions (one cent beside it would be refused), and
what Stripe was asked to charge in the end is the oracle's sum for each supporter.
"""

import asyncio
import json
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import pytest
from click.testing import CliRunner

from deploy.local.cli import pool
from tests.checkout.generated import Maker
from tests.checkout.oracle import Data
from tests.journeys.shoppers import Bought, Shopper, shop, shopper, wait_for_pledges
from tests.journeys.written import campaign_markdown, is_limited, platform_yml
from tests.support.platform import Platform, an_email, eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

WORLDS, CARTS_PER_WORLD, PEOPLE, SEED = 6, 50, 160, 32


@pytest.fixture
def stack_of_others(stack: Stack) -> Iterator[Stack]:
    """The platform's own settings are everybody's: they come back afterwards."""
    settings = stack.campaigns_dir / "platform.yml"
    before = settings.read_text(encoding="utf-8")
    yield stack
    settings.write_text(before, encoding="utf-8")
    publish(stack)


def publish(stack: Stack) -> set[str]:
    """Publish by the command; return which campaigns are new."""
    result = CliRunner().invoke(pool, ["campaigns", "publish", "--json", "--data", str(stack.data)])
    told = json.loads(result.output)
    assert result.exit_code == 0, told
    return set(told["published"])


def open_world(platform: Platform, stack: Stack, world: Data) -> None:
    """Publish a world, and wait until checkout sells it."""
    for slug, campaign in world["campaigns"].items():
        text = campaign_markdown(slug, campaign, now=platform.now())
        (stack.campaigns_dir / f"{slug}.md").write_text(text, encoding="utf-8")
    written = platform_yml(world["platform"])
    (stack.campaigns_dir / "platform.yml").write_text(written, encoding="utf-8")
    assert publish(stack) == set(world["campaigns"])
    products = [each["id"] for each in world["platform"]["add_ons"]]

    def is_on_sale() -> bool:
        """Of each product some is limited, and listed as soon as it can be had."""
        listed = platform.http.get("/add-ons/inventory").json()["addOns"]
        return all(any(name.startswith(each) for name in listed) for each in products)

    def is_known() -> bool:
        shelves = [platform.http.get(f"/inventory/{slug}") for slug in world["campaigns"]]
        return all(shelf.status_code == 200 for shelf in shelves)

    eventually(is_known, what=f"{set(world['campaigns'])} at checkout")
    eventually(is_on_sale, what=f"{products} on sale")


def sums(people: Sequence[Shopper], orders: Sequence[str]) -> dict[tuple[str, frozenset[str]], int]:
    """Return what each supporter owes each campaign, by the pledges in the sum."""
    pledges: dict[tuple[str, str], set[str]] = defaultdict(set)
    owed: Counter[tuple[str, str]] = Counter()
    for person, order in zip(people, orders, strict=True):
        is_bundle = len(person.expected) > 1
        for slug, figures in person.expected.items():
            who = (slug, person.email.lower())
            pledges[who].add(f"{order}-{slug}" if is_bundle else order)
            owed[who] += figures["amount"]
    return {(who[0], frozenset(pledges[who])): owed[who] for who in owed}


def features(person: Shopper, bought: Bought, world: Data) -> set[str]:
    """Return what there is to this cart that could be priced or charged wrongly."""
    items, cart = person.cart["items"], person.cart
    told = {f"posted by {way}" for way in bought.ways} | {f"tip {cart['tip']}"}
    told.add("tax by table" if world["platform"]["table"] else "flat tax")
    told.add("hosted" if person.is_hosted else "on our page")
    told |= {"bundle"} if len(person.expected) > 1 else set()
    told |= {"several"} if any(item.get("quantity", 1) > 1 for item in items) else set()
    kinds = {
        "platform add-on": "addon__platform",
        "add-on": "addon__",
        "support": "__support__",
        "custom": "__custom-support",
        "variant": "__variant__",
        "tier": "__tier-",
    }
    names = [item["id"] for item in items]
    return told | {kind for kind, part in kinds.items() if any(part in name for name in names)}


EVERY_FEATURE = {
    *(f"posted by {way}" for way in ("free", "table", "usps", "fallback")),
    *(f"tip {percent}" for percent in range(16)),
    *("tax by table", "flat tax", "hosted", "on our page", "bundle", "several"),
    *("platform add-on", "add-on", "support", "custom", "variant", "tier"),
}


def claims(worlds: Sequence[Data], people: Sequence[Shopper]) -> dict[str, int]:
    """Return how many of each limited tier are taken."""
    taken = Counter[str]()
    for person in people:
        for item in person.cart["items"]:
            taken[item["id"]] += item.get("quantity", 1)
    return {
        f"{slug}__{tier['id']}": taken[f"{slug}__{tier['id']}"]
        for world in worlds
        for slug, campaign in world["campaigns"].items()
        for number, tier in enumerate(campaign["tiers"])
        if is_limited(number)
    }


def test_three_hundred_carts_are_charged_to_the_cent_what_the_oracle_says(
    platform: Platform, stack_of_others: Stack
) -> None:
    stack, maker = stack_of_others, Maker(random.Random(SEED), is_published=True)
    people = [an_email(f"person{number}") for number in range(PEOPLE)]
    worlds: list[Data] = []
    everybody: list[Shopper] = []
    orders: list[str] = []
    seen: set[str] = set()
    for number in range(WORLDS):
        maker.suffix = f"-{secrets.token_hex(3)}-{number}"
        world = maker.world()
        open_world(platform, stack, world)
        crowd = [shopper(maker, world, people) for _ in range(CARTS_PER_WORLD)]
        bought = asyncio.run(shop(stack.site, stack.sandbox, crowd))
        worlds.append(world)
        everybody += crowd
        orders += [each.order for each in bought]
        for person, each in zip(crowd, bought, strict=True):
            seen |= features(person, each, world)
    asyncio.run(wait_for_pledges(stack.site, orders))
    assert seen == EVERY_FEATURE
    owed = sums(everybody, orders)
    slugs = {slug for slug, _ in owed}

    platform.advance(3)
    for slug in slugs:
        platform.wait_settled(slug)
    charges = {slug: platform.charges(slug) for slug in slugs}

    assert {
        (slug, frozenset(each["metadata"]["orders"].split(","))): each["amount"]
        for slug in slugs
        for each in charges[slug]
        if each["status"] == "succeeded"
    } == owed
    assert sum(map(len, charges.values())) == len(owed)
    assert {slug: platform.live(slug)["stats"]["pledgedAmount"] for slug in slugs} == {
        slug: sum(each.expected[slug]["goal"] for each in everybody if slug in each.expected)
        for slug in slugs
    }
    assert {
        f"{slug}__{tier}": levels["claimed"]
        for world in worlds
        for slug in world["campaigns"]
        for tier, levels in platform.http.get(f"/inventory/{slug}").json()["tiers"].items()
    } == claims(worlds, everybody)

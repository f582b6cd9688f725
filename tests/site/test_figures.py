"""What others announce becomes one row per campaign; the older never replaces the newer."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from contracts.campaign import AddOn, AddOnVariant, CampaignDefinition, Tier
from contracts.events.checkout import AddOnStockChanged, StockChanged, StockLevel
from contracts.events.pledges import CampaignClosed, TotalsChanged
from contracts.events.settlement import CampaignWentLive, DeadlinePassed
from contracts.ids import CampaignSlug, EventId
from contracts.live import LiveSnapshot
from contracts.money import Cents
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Pool, transaction
from services.site import domain, handlers, queries
from services.site.domain import Figures, effective_state, snapshot
from services.site.live.snapshots import Board
from services.site.live.world import World
from services.site.publishing.shown_media import Media

SLUG = CampaignSlug("long-take")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ids = itertools.count(1)


def event_id() -> EventId:
    return EventId(f"event-{next(ids)}")


def totals(version: int, pledged: int = 1_000, **more: Any) -> TotalsChanged:
    return TotalsChanged(
        event_id=event_id(),
        occurred_at=NOW,
        campaign=SLUG,
        version=version,
        pledged_cents=Cents(pledged),
        pledge_count=1,
        tier_counts={"frame": 1},
        support_item_cents={},
        **more,
    )


def stock(version: int, claimed: int, reserved: int = 0) -> StockChanged:
    tiers = {"frame": StockLevel(limit_total=7, claimed=claimed, reserved=reserved)}
    return StockChanged(
        event_id=event_id(), occurred_at=NOW, campaign=SLUG, version=version, tiers=tiers
    )


def add_on_stock(version: int, claimed: int) -> AddOnStockChanged:
    add_ons = {"mug": StockLevel(limit_total=9, claimed=claimed, reserved=0)}
    return AddOnStockChanged(event_id=event_id(), occurred_at=NOW, version=version, add_ons=add_ons)


def closing(is_funded: bool) -> CampaignClosed:
    return CampaignClosed(
        event_id=event_id(),
        occurred_at=NOW,
        campaign=SLUG,
        is_funded=is_funded,
        pledged_cents=Cents(60_000),
        pledge_count=3,
        goal_cents=Cents(50_000),
        closed_at=NOW,
    )


HANDLERS = {
    TotalsChanged: handlers.hear_totals,
    StockChanged: handlers.hear_stock,
    CampaignClosed: handlers.hear_closing,
    CampaignWentLive: handlers.hear_start,
    DeadlinePassed: handlers.hear_deadline,
}


async def hear(pool: Pool, *events: Any) -> Figures:
    for event in events:
        async with transaction(pool) as conn:
            await HANDLERS[type(event)](conn, event)
    return (await queries.figures(pool, [SLUG]))[0]


async def test_an_older_total_never_replaces_a_newer_one(pool: Pool) -> None:
    figures = await hear(pool, totals(2, 2_000), totals(1, 1_000), totals(2, 9_000))

    assert figures.totals is not None
    assert figures.totals.pledged_cents == 2_000
    assert figures.version == 1


async def test_any_order_and_any_copies_end_the_same(pool: Pool) -> None:
    start = CampaignWentLive(event_id=event_id(), occurred_at=NOW, campaign=SLUG, starts_at=NOW)
    end = DeadlinePassed(event_id=event_id(), occurred_at=NOW, campaign=SLUG, deadline_at=NOW)
    events = [
        *(totals(number, number * 100) for number in range(1, 6)),
        *(stock(number, number) for number in range(1, 6)),
        start,
        end,
        closing(True),
    ]
    shuffled = events * 3
    random.Random(7).shuffle(shuffled)

    figures = await hear(pool, *shuffled)

    assert figures.totals is not None
    assert figures.totals.version == 5
    assert figures.stock is not None
    assert figures.stock.version == 5
    assert figures.closing is not None
    assert figures.closing.is_funded


async def test_the_final_count_is_kept_once(pool: Pool) -> None:
    figures = await hear(pool, closing(True), closing(False))

    assert figures.closing is not None
    assert figures.closing.is_funded


async def test_every_change_makes_the_row_newer_and_copies_do_not(pool: Pool) -> None:
    first = await hear(pool, totals(1))
    second = await hear(pool, stock(1, 1))
    copy = await hear(pool, stock(1, 1), totals(1))

    assert (first.version, second.version, copy.version) == (1, 2, 2)


DEFINITION = CampaignDefinition(
    slug=SLUG,
    version=1,
    title="The Long Take",
    starts_at=NOW,
    deadline_at=NOW + timedelta(days=10),
    timezone="America/Denver",
    goal_cents=Cents(50_050),
    tiers=(
        Tier(tier_id="frame", name="A frame", price_cents=Cents(500), limit_total=7),
        Tier(tier_id="print", name="A print", price_cents=Cents(500)),
        Tier(tier_id="gone", name="Gone", price_cents=Cents(500), limit_total=3, is_sold_out=True),
    ),
)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "closed", "state"),
    [
        pytest.param(NOW - SECOND, None, "upcoming", id="a second before"),
        pytest.param(NOW, None, "live", id="the start itself"),
        pytest.param(DEFINITION.deadline_at - SECOND, None, "live", id="the last second"),
        pytest.param(DEFINITION.deadline_at, None, "closing", id="the deadline itself"),
        pytest.param(DEFINITION.deadline_at, closing(False), "post", id="counted"),
        pytest.param(NOW + SECOND, closing(True), "post", id="counted, whatever the clock says"),
    ],
)
def test_the_state_follows_clock_and_count(
    now: datetime, closed: CampaignClosed | None, state: str
) -> None:
    assert effective_state(DEFINITION, Figures(slug=SLUG, closing=closed), now) == state


SHIRT = AddOn(
    product_id="shirt",
    name="Shirt",
    price_cents=Cents(2_000),
    variants=(
        AddOnVariant(variant_id="s", label="S", inventory=4),
        AddOnVariant(variant_id="m", label="M"),
    ),
)
POSTER = AddOn(product_id="poster", name="Poster", price_cents=Cents(900), inventory=0)


def test_limited_add_ons_are_shown_by_their_name_in_a_cart() -> None:
    definition = msgspec.structs.replace(DEFINITION, add_ons=(SHIRT, POSTER))
    reported = msgspec.structs.replace(
        stock(1, 1),
        add_ons={"shirt__variant__m": StockLevel(limit_total=5, claimed=4, reserved=2)},
    )

    untouched = snapshot(definition, Figures(slug=SLUG), NOW).inventory.add_ons
    told = snapshot(definition, Figures(slug=SLUG, stock=reported), NOW).inventory.add_ons

    assert {name: each.remaining for name, each in untouched.items()} == {
        "shirt__variant__s": 4,
        "poster": 0,
    }
    # Limited by an operator; more is held than there is.
    assert told["shirt__variant__m"].remaining == 0
    assert told["shirt__variant__s"].remaining == 4


def test_a_campaign_nobody_reported_on_starts_at_nothing() -> None:
    shown = snapshot(DEFINITION, Figures(slug=SLUG), NOW)

    assert (shown.stats.pledged_amount, shown.stats.percent_funded, shown.version) == (0, 0, 0)
    assert shown.stats.goal_amount == 500.5
    assert shown.inventory.tiers["frame"].remaining == 7
    assert shown.inventory.tiers["gone"].remaining == 0
    assert "print" not in shown.inventory.tiers
    assert not shown.campaign.funded


@pytest.mark.parametrize(
    ("pledged", "percent", "is_funded"),
    [(50_049, 99, False), (50_050, 100, True), (75_075, 150, True), (500, 0, False)],
)
def test_percent_is_never_rounded_up(pledged: int, percent: int, is_funded: bool) -> None:
    shown = snapshot(DEFINITION, Figures(slug=SLUG, totals=totals(1, pledged)), NOW)

    assert (shown.stats.percent_funded, shown.campaign.funded) == (percent, is_funded)


def test_stock_never_shows_less_than_none() -> None:
    shown = snapshot(DEFINITION, Figures(slug=SLUG, stock=stock(1, 6, 4)), NOW)

    assert shown.inventory.tiers["frame"].remaining == 0


def test_charged_is_what_settlement_says_and_no_refund_takes_it_back() -> None:
    sums = totals(1, collected_cents=Cents(0))
    figures = Figures(slug=SLUG, totals=sums, closing=closing(True))
    settled = msgspec.structs.replace(figures, settled_at=NOW)

    assert not domain.is_charged(DEFINITION, figures)
    assert domain.is_charged(DEFINITION, settled)


def a_board() -> Board:
    return Board(readers_max=3, per_address_max=2)


def test_the_board_never_goes_back() -> None:
    board = a_board()
    board.show(DEFINITION, Figures(slug=SLUG, version=2, totals=totals(2, 2_000)), NOW)

    is_news = board.show(DEFINITION, Figures(slug=SLUG, version=1, totals=totals(1, 1_000)), NOW)

    shown = board.get(SLUG)
    assert not is_news
    assert shown is not None
    assert shown.version == 2


def test_the_same_figures_are_no_news_and_keep_their_tag() -> None:
    board = a_board()
    board.show(DEFINITION, Figures(slug=SLUG, version=1), NOW)
    first = board.get(SLUG)

    is_news = board.show(DEFINITION, Figures(slug=SLUG, version=1), NOW + SECOND)

    assert not is_news
    assert board.get(SLUG) == first


def test_a_snapshot_is_the_contract_with_the_servers_time() -> None:
    import msgspec

    board = a_board()
    board.show(DEFINITION, Figures(slug=SLUG, version=1), NOW)
    shown = board.get(SLUG)
    assert shown is not None

    decoded = msgspec.json.decode(shown.at(NOW + SECOND), type=LiveSnapshot)

    assert decoded.server_time == NOW + SECOND
    assert decoded.campaign.slug == SLUG


def test_readers_are_limited_in_all_and_by_address() -> None:
    board = a_board()
    first = board.join(SLUG, "a")
    assert board.has_room("a")
    board.join(SLUG, "a")

    assert not board.has_room("a")
    assert board.has_room("b")
    board.join(SLUG, "b")
    assert not board.has_room("c")
    board.leave(SLUG, "a", first)
    assert board.has_room("c")
    assert board.reader_count == 2


async def test_the_world_takes_over_only_what_is_newer(pool: Pool, tmp_path: Path) -> None:
    world = World(pool, PlatformClock(), a_board(), media=Media(tmp_path))
    newer = Figures(slug=SLUG, version=5, totals=totals(5, 5_000))

    assert world.apply(newer)
    assert not world.apply(Figures(slug=SLUG, version=4, totals=totals(4, 4_000)))
    assert not world.apply(newer)
    assert world.figures_of(SLUG) == newer


async def test_the_platforms_own_stock_is_one_and_only_gets_newer(pool: Pool) -> None:
    for event in (add_on_stock(2, 2), add_on_stock(1, 1), add_on_stock(2, 7)):
        async with transaction(pool) as conn:
            await handlers.hear_add_on_stock(conn, event)
    told = await queries.newer_add_on_stock(pool, 1)

    assert told is not None
    assert (told.version, told.add_ons["mug"].claimed) == (2, 2)
    assert await queries.newer_add_on_stock(pool, 2) is None


async def test_the_service_cannot_take_figures_away(pool: Pool) -> None:
    await hear(pool, totals(1))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("DELETE FROM campaign_figures")

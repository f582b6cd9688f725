"""A campaign that its operator ends early: its deadline is then, and everything is free again."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.events.campaigns import CampaignCancelled
from contracts.events.checkout import CheckoutDrained
from contracts.ids import CampaignSlug
from contracts.refusals import StateRefused
from services.chassis.events.early import NotYet
from services.checkout.handlers.hear_pledges import hear_released
from services.checkout.handlers.keep_definitions import hear_cancelled_campaign, keep_campaign
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.drain_campaigns import drain_campaigns
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, an_event_id, published, released
from tests.checkout.sandbox import Sandbox


def ended(slug: str, at: datetime) -> CampaignCancelled:
    return CampaignCancelled(
        event_id=an_event_id(), occurred_at=at, campaign=CampaignSlug(slug), cancelled_at=at
    )


async def end_now(floor: Floor, slug: str) -> None:
    await floor.do(hear_cancelled_campaign, ended(slug, await floor.now()))


async def test_open_sessions_end_and_nothing_new_starts(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish(
        deadline_at=datetime.now(UTC) + timedelta(days=9), tiers=(a_tier(limit_total=5),)
    )
    cart = a_cart(f"{film.slug}__frame")
    opened = await start_checkout(checkout, cart, None)

    await end_now(floor, film.slug)
    left = await drain_campaigns(floor.pool, checkout.stripe)
    again = msgspec.structs.replace(film, version=film.version + 1)
    await floor.do(keep_campaign, published(again))

    assert left == 0
    assert sandbox.session(opened.session_id)["status"] == "expired"
    assert (await floor.stock(film.slug))["frame"].reserved == 0
    assert len(await floor.said(CheckoutDrained, film.slug)) == 1
    with pytest.raises(StateRefused):
        await start_checkout(checkout, cart, None)


@pytest.mark.parametrize(("reason", "claimed"), [("cancelled", 0), ("not_funded", 1)])
async def test_what_was_claimed_is_free_again(floor: Floor, reason: str, claimed: int) -> None:
    film = await floor.publish(tiers=(a_tier(limit_total=5),))
    order = await floor.complete(await floor.open(a_cart(f"{film.slug}__frame")))

    event = msgspec.structs.replace(released(order), reason=reason)
    await floor.do(hear_released, event)
    await floor.do(hear_released, event)

    assert (await floor.stock(film.slug))["frame"].claimed == claimed


async def test_an_end_before_the_definition_waits(floor: Floor) -> None:
    with pytest.raises(NotYet):
        await floor.do(hear_cancelled_campaign, ended("nobody", datetime.now(UTC)))


@pytest.mark.parametrize("has_started", [True, False])
async def test_a_deadline_that_moves_after_the_start_is_ignored(
    floor: Floor, has_started: bool
) -> None:
    now = datetime.now(UTC)
    starts_at = now - timedelta(days=1) if has_started else now + timedelta(days=1)
    film = await floor.publish(starts_at=starts_at, deadline_at=now + timedelta(days=9))
    moved = msgspec.structs.replace(
        film, version=2, deadline_at=now + timedelta(days=5), title="Another title"
    )

    await floor.do(keep_campaign, published(moved))

    row = await floor.pool.fetchrow(
        "SELECT deadline_at, definition ->> 'title' AS title,"
        " (definition ->> 'deadline_at')::timestamptz AS defined FROM campaigns WHERE slug = $1",
        film.slug,
    )
    kept = film.deadline_at if has_started else moved.deadline_at
    assert tuple(row) == (kept, "Another title", kept)

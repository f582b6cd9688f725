"""Support after a funded end is charged at once, so that is what has to be agreed to."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.campaign import CampaignDefinition
from contracts.consent import CONSENT_VERSION, LATE_CONSENT_VERSION
from contracts.events.pledges import CampaignClosed
from contracts.refusals import InputRefused
from services.checkout.domain.bodies import CartBody, ConsentBody
from services.checkout.handlers.intend_order import intend
from services.checkout.queries import campaigns
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart, a_tier, an_event_id


async def settled(floor: Floor) -> CampaignDefinition:
    """Publish a film whose end is behind it, and whose supporters were all charged."""
    now = datetime.now(UTC)
    film = await floor.publish(
        starts_at=now - timedelta(days=30),
        deadline_at=now - timedelta(days=3),
        tiers=(a_tier("after", late_support=True),),
    )
    closed = CampaignClosed(
        event_id=an_event_id(),
        occurred_at=now,
        campaign=film.slug,
        is_funded=True,
        goal_cents=film.goal_cents,
        pledged_cents=film.goal_cents,
        pledge_count=1,
        closed_at=now,
    )
    await floor.do(campaigns.insert_outcome, closed)
    await floor.do(campaigns.insert_settlement, film.slug, now)
    return film


def agreeing(film: CampaignDefinition, version: str, tier: str = "after") -> CartBody:
    return a_cart(f"{film.slug}__{tier}", consent=ConsentBody(version=version, language="en"))


async def test_who_read_that_the_card_is_charged_now_may_support_late(floor: Floor) -> None:
    film = await settled(floor)

    order = await floor.intend(agreeing(film, LATE_CONSENT_VERSION))

    assert order.consent is not None
    assert (order.consent.version, order.pledges[0].is_late) == (LATE_CONSENT_VERSION, True)


async def test_a_page_that_says_after_the_deadline_sells_nothing_that_is_charged_now(
    floor: Floor,
) -> None:
    film = await settled(floor)

    with pytest.raises(InputRefused, match="unknown_consent") as refused:
        await floor.do(intend, agreeing(film, CONSENT_VERSION), ui_mode="custom")

    assert set(refused.value.fields) == {"consent.version"}


async def test_who_was_told_now_is_not_made_to_wait(floor: Floor) -> None:
    film = await floor.publish(tiers=(a_tier("frame"),))

    with pytest.raises(InputRefused, match="unknown_consent"):
        await floor.do(intend, agreeing(film, LATE_CONSENT_VERSION, "frame"), ui_mode="custom")

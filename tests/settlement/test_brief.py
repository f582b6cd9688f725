"""What the dashboard asks of settlement: answers of one length, figures of all, each thing once."""

import pytest

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import transaction
from services.settlement.handlers import brief, keep_definitions, report
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, a_definition, published
from tests.settlement.sandbox import DECLINED, GOOD


@pytest.fixture(autouse=True)
async def known(after: Aftermath) -> None:
    """The campaign is one that site has published."""
    async with transaction(after.run.pool) as conn:
        await keep_definitions.keep_campaign(conn, published(a_definition(after.run.slug)))


async def test_a_brief_plan_has_the_hash_and_sums_of_the_whole_one(after: Aftermath) -> None:
    await after.paid(GOOD, GOOD, GOOD)
    slug = CampaignSlug(after.run.slug)

    async with transaction(after.run.pool) as conn:
        whole = await report.make_plan(conn, slug)
        short = await brief.brief_plan(conn, slug, shown=2)

    assert (len(short.charges), short.charge_count) == (2, 3)
    assert (short.plan_hash, short.total_amount) == (whole.plan_hash, 3 * AMOUNT)
    assert short.expected_fees == whole.expected_fees


async def test_a_campaign_is_refunded_by_the_plan_that_was_seen_once_however_often_it_is_sent(
    after: Aftermath,
) -> None:
    await after.paid(GOOD, GOOD)
    slug = CampaignSlug(after.run.slug)
    async with transaction(after.run.pool) as conn:
        seen = await brief.brief_refund(conn, slug)
    assert (seen.refund_count, seen.total, seen.status) == (2, 2 * AMOUNT, "planned")

    with pytest.raises(StateRefused, match="stale_plan"):
        async with transaction(after.run.pool) as conn:
            await brief.refund_campaign(conn, slug, plan_hash="0" * 64, reason="a storm")
    async with transaction(after.run.pool) as conn:
        begun = await brief.refund_campaign(conn, slug, plan_hash=seen.plan_hash, reason="a storm")
    # Killed before its answer was heard, half of it written, all of it: each time the same.
    for _ in range(3):
        await after.work(rounds=1)
        async with transaction(after.run.pool) as conn:
            again = await brief.refund_campaign(
                conn, slug, plan_hash=seen.plan_hash, reason="a storm"
            )
        assert again.request_id == begun.request_id
        assert again.total == 2 * AMOUNT
    await after.work(rounds=2)

    assert after.refunded() == [AMOUNT, AMOUNT]
    async with transaction(after.run.pool) as conn:
        assert (await brief.brief_refund(conn, slug)).total == 0


async def test_what_is_not_decided_is_listed_with_its_reason_in_pages(after: Aftermath) -> None:
    charges = await after.paid(GOOD, DECLINED, DECLINED, DECLINED)
    slug = CampaignSlug(after.run.slug)

    async with transaction(after.run.pool) as conn:
        first = await brief.list_recovering(conn, slug, after="", limit=2)
        rest = await brief.list_recovering(conn, slug, after=first.next_after or "", limit=2)
        with pytest.raises(NotFound):
            await brief.list_recovering(conn, CampaignSlug("no-such-film"), after="", limit=2)

    found = [*first.charges, *rest.charges]
    declined = {each for each in charges if (await after.run.read(each))["status"] == "declined"}
    assert len(declined) == len(found) == 3
    assert {each.charge_id for each in found} == declined
    assert rest.next_after is None
    assert {each.status for each in found} == {"declined"}
    assert all(each.because and each.ends_at for each in found)

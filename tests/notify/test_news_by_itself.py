"""What becomes news by itself: milestones, diary entries, and a campaign that opens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.campaign import StretchGoal
from contracts.events.campaigns import CampaignPublished, DiaryNote
from contracts.events.pledges import TotalsChanged
from contracts.events.settlement import Disputed
from contracts.money import Cents
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.domain.news import Reached, reached_now
from services.notify.handlers import make_news
from services.notify.handlers.hear_disputes import tell_operator
from services.notify.schedules.send_mails import Sender
from tests.notify.audience import crowd, send_nothing_else, statuses, write_all_news
from tests.notify.conftest import a_definition
from tests.notify.recorder import Recorder
from tests.notify.samples import CAMPAIGN, SLUG
from tests.notify.telling import HANDLERS, mails, tell, told

GOAL = 1_800_000


def _told(found: Sequence[Reached]) -> dict[str, bool]:
    return {each.name: each.is_told for each in found}


STRETCH = (
    StretchGoal(threshold_cents=Cents(3_000_000), title="Two"),
    StretchGoal(threshold_cents=Cents(2_400_000), title="One"),
)


@pytest.mark.parametrize(
    ("pledged", "done", "expected"),
    [
        pytest.param(593_999, (), {}, id="a cent below a third"),
        pytest.param(594_000, (), {"one-third": True}, id="a third"),
        pytest.param(594_000, ("one-third",), {}, id="told before"),
        pytest.param(
            1_200_000, (), {"one-third": False, "two-thirds": True}, id="only the greater is told"
        ),
        pytest.param(1_799_999, ("one-third", "two-thirds"), {}, id="a cent below the goal"),
        pytest.param(
            1_800_000,
            ("one-third",),
            {"two-thirds": False, "goal": True},
            id="the goal passes over the thirds",
        ),
        pytest.param(
            2_400_000,
            ("one-third", "two-thirds", "goal"),
            {"stretch:2400000": True},
            id="a stretch goal",
        ),
        pytest.param(
            3_000_000,
            ("one-third", "two-thirds", "goal"),
            {"stretch:2400000": True, "stretch:3000000": True},
            id="each stretch goal by itself",
        ),
    ],
)
def test_which_milestones_are_told(
    pledged: int, done: tuple[str, ...], expected: dict[str, bool]
) -> None:
    assert _told(reached_now(pledged, GOAL, STRETCH, set(done))) == expected


def test_a_campaign_without_a_goal_reaches_nothing() -> None:
    assert reached_now(0, 0, STRETCH, set()) == []
    assert reached_now(9_999_999, 0, STRETCH, set()) == []


def test_a_stretch_goal_below_the_goal_waits_for_the_goal() -> None:
    low = (StretchGoal(threshold_cents=Cents(100), title="Low"),)

    assert _told(reached_now(1_799_999, GOAL, low, {"one-third", "two-thirds"})) == {}
    assert _told(reached_now(GOAL, GOAL, low, {"one-third", "two-thirds"})) == {
        "goal": True,
        "stretch:100": True,
    }


def totals(pledged: int, version: int) -> Any:
    """Return the totals as the ledger tells them."""
    return told(
        TotalsChanged,
        campaign=SLUG,
        version=version,
        pledged_cents=Cents(pledged),
        pledge_count=3,
        supporter_count=3,
        tier_counts={},
        support_item_cents={},
    )


async def broadcasts(pool: Pool) -> list[tuple[str, str]]:
    """Return the kind and cause of every broadcast, oldest first."""
    rows = await pool.fetch("SELECT kind, cause FROM broadcasts ORDER BY broadcast_id")
    return [(row["kind"], row["cause"]) for row in rows]


async def test_a_milestone_is_told_once_with_the_ledgers_figures(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 3)
    await send_nothing_else(owner)

    await tell(pool, totals(700_050, 2), totals(700_050, 2), totals(500_000, 3), totals(700_050, 4))
    await tell(pool, totals(100, 1))
    await write_all_news(pool)
    await sender.work.finish()

    assert await broadcasts(pool) == [("milestone", f"{SLUG}:one-third")]
    assert len(resend_stub.people) == 3
    (request,) = resend_stub.requests
    mail = request.body[0]
    assert mail["subject"] == "A third is pledged | Nine Bridges North"
    assert "Pledged: $7,000.50" in mail["text"]
    assert "Supporters: 3" in mail["text"]


async def test_totals_heard_together_tell_of_the_greatest_milestone_alone(pool: Pool) -> None:
    await crowd(pool, 1)
    async with transaction(pool) as conn:
        await make_news.hear_many_totals(conn, [totals(1_900_000, 9), totals(700_000, 8)])

    assert await broadcasts(pool) == [("milestone", f"{SLUG}:goal")]


def published(version: int, *notes: DiaryNote) -> Any:
    """Return the campaign as site publishes it, with its diary."""
    return told(CampaignPublished, definition=a_definition(version=version), diary=notes)


async def _look(pool: Pool) -> None:
    async with transaction(pool) as conn:
        await make_news.tell_diary(conn)
        await make_news.tell_launches(conn)
    await write_all_news(pool)


async def platform_note(pool: Pool, entry: str, *, days: int = 0) -> DiaryNote:
    """Return an entry of that many days from now, by the platform's clock."""
    now = await pool.fetchval("SELECT platform.now()")
    return DiaryNote(
        entry_id=entry, title=f"Entry {entry}", at=now + timedelta(days=days), excerpt="It rained."
    )


async def test_a_diary_entry_is_told_once_on_its_day(
    pool: Pool, owner: Connection, sender: Sender, resend_stub: Recorder
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    today, later = await platform_note(pool, "one"), await platform_note(pool, "two", days=3)
    renamed = msgspec.structs.replace(today, title="Another title")

    await tell(pool, published(2, today, later))
    await _look(pool)
    await tell(pool, published(3, renamed, later), published(1, today))
    await _look(pool)
    await sender.work.finish()

    assert await broadcasts(pool) == [("diary_update", f"{SLUG}:one")]
    (request,) = resend_stub.requests
    assert {mail["subject"] for mail in request.body} == {"Entry one | Nine Bridges North"}
    assert "#diary-one" in request.body[0]["text"]


async def test_an_entry_that_nobody_supports_yet_is_no_news_to_later_supporters(pool: Pool) -> None:
    await tell(pool, published(2, await platform_note(pool, "one")))
    await _look(pool)
    await crowd(pool, 2)

    await _look(pool)

    assert await statuses(pool) == {}


async def test_what_a_diary_held_before_we_kept_any_is_no_news(
    pool: Pool, owner: Connection
) -> None:
    await crowd(pool, 1)
    await owner.execute("UPDATE campaigns SET knows_diary = false")
    old, new = await platform_note(pool, "old", days=-9), await platform_note(pool, "new")

    await tell(pool, published(2, old))
    await _look(pool)
    assert await broadcasts(pool) == []
    await tell(pool, published(3, old, new))
    await _look(pool)

    assert await broadcasts(pool) == [("diary_update", f"{SLUG}:new")]


async def test_a_bank_that_disputes_a_charge_is_told_to_who_runs_the_platform_once(
    pool: Pool, owner: Connection
) -> None:
    event = told(
        Disputed,
        dispute_id="du_1",
        version=1,
        charge_id="ch",
        campaign=SLUG,
        supporter_id="sup",
        purpose="settlement",
        kind="dispute",
        status="needs_response",
        reason="fraudulent",
        amount_cents=Cents(7_637),
        withdrawn_cents=Cents(7_637),
        dispute_fee_cents=Cents(1_500),
        currency="usd",
        evidence_due_at=CAMPAIGN.deadline_at,
        updated_at=CAMPAIGN.deadline_at,
    )
    won = msgspec.structs.replace(event, status="won", version=2)
    assert HANDLERS[Disputed] is tell_operator

    await tell(pool, event)
    assert await mails(pool) == []
    await owner.execute(
        """
        INSERT INTO platform_names (version, platform_name, support_email, languages)
        VALUES (1, 'The Pool', 'ops@pool.example', '["en"]')
        """
    )
    await tell(pool, event, event, won)

    (mail,) = await mails(pool)
    assert (mail["kind"], mail["address"]) == ("dispute_notice", "ops@pool.example")

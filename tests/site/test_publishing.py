"""Publishing: a version and its event together, what is live frozen, the bad left out."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from contracts.campaign import CampaignDefinition
from services.chassis.storage.database import Connection, Pool
from services.site import queries
from services.site.publisher import Outcome, Publisher
from tests.site.running import RunningSite
from tests.site.samples import campaign


def write(content: Path, text: str, name: str = "long-take.md") -> None:
    (content / name).write_text(text, encoding="utf-8")


async def events(owner: Connection) -> list[dict[str, Any]]:
    rows = await owner.fetch("SELECT event_type, payload FROM outbox ORDER BY outbox_id")
    return [{"kind": row["event_type"], **msgspec.json.decode(row["payload"])} for row in rows]


async def test_a_version_and_its_event_commit_together(
    publisher: Publisher, content: Path, owner: Connection
) -> None:
    write(content, campaign())

    outcome = await publisher.publish()

    assert outcome.published == ("long-take",)
    platform, published = await events(owner)
    assert platform["kind"] == "campaigns.platform_published"
    assert published["kind"] == "campaigns.published"
    assert published["definition"]["version"] == 1
    assert published["definition"]["tiers"][0]["price_cents"] == 1_999


async def test_publishing_again_changes_nothing(
    publisher: Publisher, content: Path, owner: Connection
) -> None:
    write(content, campaign())
    await publisher.publish()
    write(content, campaign().replace("title: The", "# A remark.\ntitle:   The"))

    outcome = await publisher.publish()

    assert outcome == Outcome(published=(), unchanged=("long-take",), mistakes=())
    assert len(await events(owner)) == 2


async def test_a_change_is_a_new_version(
    publisher: Publisher, content: Path, owner: Connection, pool: Pool
) -> None:
    write(content, campaign())
    await publisher.publish()
    write(content, campaign().replace("price: 50", "price: 55"))

    outcome = await publisher.publish()

    assert outcome.published == ("long-take",)
    definition = (await events(owner))[-1]["definition"]
    assert definition["version"] == 2
    assert definition["tiers"][1]["price_cents"] == 5_500
    count = await pool.fetchval("SELECT count(*) FROM campaign_versions")
    assert count == 2


async def test_a_bad_file_keeps_the_last_good_version(
    publisher: Publisher, content: Path, pool: Pool
) -> None:
    write(content, campaign())
    write(content, campaign("other"), "other.md")
    await publisher.publish()
    write(content, campaign().replace("price: 50", "price: fifty"))
    write(content, campaign("other").replace("price: 50", "price: 55"), "other.md")

    outcome = await publisher.publish()

    assert outcome.published == ("other",)
    assert [(each.file, each.field) for each in outcome.mistakes] == [
        ("long-take.md", "tiers[1].price")
    ]
    stored = {each.slug: each for each in await queries.all_newest_campaigns(pool, None)}
    assert stored["long-take"].version == 1
    assert stored["other"].version == 2


async def test_a_file_that_is_gone_takes_nothing_away(
    publisher: Publisher, content: Path, pool: Pool
) -> None:
    write(content, campaign())
    await publisher.publish()
    (content / "long-take.md").unlink()

    outcome = await publisher.publish()

    assert outcome.mistakes == ()
    assert len(await queries.all_newest_campaigns(pool, None)) == 1


async def test_a_draft_is_told_to_nobody(
    publisher: Publisher, content: Path, owner: Connection
) -> None:
    write(content, campaign(more="published: false"))

    outcome = await publisher.publish()

    assert outcome.published == ()
    assert [event["kind"] for event in await events(owner)] == ["campaigns.platform_published"]


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param("goal_amount: 500", "goal_amount: 400", "goal_amount", id="goal"),
        pytest.param(
            f"goal_deadline: {TODAY + timedelta(days=9)}",
            f"goal_deadline: {TODAY + timedelta(days=10)}",
            "goal_deadline",
            id="deadline",
        ),
        pytest.param(
            f"start_date: {TODAY - timedelta(days=3)}",
            f"start_date: {TODAY - timedelta(days=2)}",
            "start_date",
            id="start",
        ),
    ],
)
async def test_what_supporters_pledged_to_is_frozen(
    publisher: Publisher, content: Path, old: str, new: str, field: str
) -> None:
    write(content, campaign())
    await publisher.publish()
    changed = campaign().replace(old, new)
    write(content, changed)

    outcome = await publisher.publish()

    line = changed.splitlines().index(new) + 1
    assert [(each.line, each.field) for each in outcome.mistakes] == [(line, field)]
    assert "frozen" in outcome.mistakes[0].message
    assert outcome.published == ()


async def test_before_the_start_everything_may_change(
    publisher: Publisher, content: Path, pool: Pool
) -> None:
    write(content, campaign(starts=2))
    await publisher.publish()
    write(content, campaign(starts=3, ends=20).replace("goal_amount: 500", "goal_amount: 400"))

    outcome = await publisher.publish()

    assert outcome.mistakes == ()
    assert outcome.published == ("long-take",)


async def test_the_start_is_decided_by_the_platforms_clock(
    publisher: Publisher, content: Path, owner: Connection
) -> None:
    write(content, campaign(starts=2))
    await publisher.publish()
    await owner.execute("UPDATE platform.clock_offset SET offset_by = interval '4 days'")
    write(content, campaign(starts=2).replace("goal_amount: 500", "goal_amount: 400"))

    outcome = await publisher.publish()

    assert [each.field for each in outcome.mistakes] == ["goal_amount"]


async def test_another_zone_cannot_move_the_deadline_of_a_live_campaign(
    publisher: Publisher, content: Path
) -> None:
    write(content, campaign())
    await publisher.publish()
    write(content, "timezone: Europe/Madrid\n", "platform.yml")

    outcome = await publisher.publish()

    assert {each.field for each in outcome.mistakes} == {"goal_deadline", "start_date"}


async def test_no_version_can_be_rewritten(pool: Pool, publisher: Publisher, content: Path) -> None:
    write(content, campaign())
    await publisher.publish()

    for statement in (
        "UPDATE campaign_versions SET sha256 = ''",
        "DELETE FROM campaign_versions",
        "DELETE FROM platform_versions",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_two_publishers_at_once_make_one_version(
    publisher: Publisher, content: Path, pool: Pool
) -> None:
    write(content, campaign())

    outcomes = await asyncio.gather(*(publisher.publish() for _ in range(5)))

    assert sum(len(each.published) for each in outcomes) == 1
    assert await pool.fetchval("SELECT count(*) FROM campaign_versions") == 1


async def test_an_operator_publishes_and_the_page_is_there(site: RunningSite) -> None:
    write(site.content, campaign())
    write(site.content, "---\ntitle: x\n---\n", "bad.md")

    outcome = await site.publish()

    assert outcome["published"] == ["long-take"]
    assert {each["file"] for each in outcome["mistakes"]} == {"bad.md"}  # type: ignore[index]
    page = await site.http.get("/campaigns/long-take/")
    assert page.status_code == 200
    assert "The Long Take" in page.text
    assert (await site.http.get("/campaigns/bad/")).status_code == 404


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"x-admin-key": "x"}])
async def test_nobody_else_publishes(site: RunningSite, given: dict[str, str]) -> None:
    answer = await site.http.post("/admin/rebuild", json={}, headers=given)

    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"


async def test_the_definition_in_the_event_is_the_contract(
    publisher: Publisher, content: Path, owner: Connection
) -> None:
    write(content, campaign())
    await publisher.publish()

    raw = (await events(owner))[-1]["definition"]

    definition = msgspec.convert(raw, CampaignDefinition)
    assert definition.slug == "long-take"
    assert definition.timezone == "America/Denver"


async def test_a_version_of_another_release_does_not_take_the_site_down(
    site: RunningSite, owner: Connection
) -> None:
    write(site.content, campaign())
    await site.publish()
    await owner.execute(
        """
        INSERT INTO campaign_versions (slug, version, document, sha256, published_at)
        VALUES ('long-take', 2, '{"definition": {"from": "tomorrow"}}', 'x', now()),
               ('other', 1, '{"definition": 7}', 'x', now())
        """
    )
    await owner.execute("UPDATE campaign_figures SET definition_version = 2, version = version + 1")
    write(site.content, campaign("third"), "third.md")

    outcome = await site.publish()

    assert outcome["published"] == ["third"]
    assert [each["file"] for each in outcome["mistakes"]] == ["long-take.md"]  # type: ignore[index]
    for slug, status in (("long-take", 200), ("third", 200), ("other", 404)):
        assert (await site.http.get(f"/campaigns/{slug}/")).status_code == status

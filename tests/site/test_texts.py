"""Campaign texts: saved, published with their event, taken back; two editors, and the folder."""

import asyncio
from pathlib import Path

import pytest

from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused
from services.chassis.storage.database import Connection, Pool
from services.site import queries
from services.site.admin.audit import Done
from services.site.desks.texts import TextDesk
from services.site.editing.handlers import Unready
from services.site.editing.queries import mirror
from services.site.publisher import Publisher
from services.site.publishing.texts import Mark, Overtaken, new_source
from tests.site.samples import campaign
from tests.site.test_publishing import TODAY, events, write

SLUG = CampaignSlug("long-take")
ADA = Done(actor="ada@pool.example", role="super", action="text_saved")


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def desk(pool: Pool, shown: list[str]) -> TextDesk:
    async def show(slug: CampaignSlug) -> None:
        shown.append(slug)

    return TextDesk(pool, show)


@pytest.fixture
async def published(publisher: Publisher, content: Path) -> str:
    """A campaign from the folder, with remarks; return its text."""
    text = campaign().replace("title: The", "# Ask Ines before changing this.\ntitle: The")
    write(content, text)
    await publisher.publish()
    return text


async def test_a_new_campaign_is_seen_by_nobody_until_it_is_published(
    desk: TextDesk, owner: Connection, shown: list[str]
) -> None:
    source = new_source(CampaignSlug("new"), "New: one", starts=TODAY, ends=TODAY)
    await desk.create(CampaignSlug("new"), source, ADA)
    stands = await desk.standing("new")

    with pytest.raises(Unready) as refused:
        await desk.publish("new", stands.mark, ADA)

    assert [each.field for each in refused.value.mistakes] == ["goal_amount"]
    assert await events(owner) == []
    mark = await desk.save("new", stands.mark, source.replace("amount: 0", "amount: 12.50"), ADA)
    await desk.publish("new", mark, ADA)
    (event,) = await events(owner)
    assert event["definition"]["title"] == "New: one"
    assert event["definition"]["goal_cents"] == 1_250
    assert "published" not in (await desk.standing("new")).source
    assert shown == ["new"]


async def test_a_name_that_is_taken_is_refused(desk: TextDesk, published: str) -> None:
    with pytest.raises(InputRefused) as refused:
        await desk.create(SLUG, published, ADA)

    assert "slug" in refused.value.fields


async def test_what_is_saved_is_public_only_when_it_is_published(
    desk: TextDesk, published: str, pool: Pool, owner: Connection
) -> None:
    mark = (await desk.standing(SLUG)).mark
    mark = await desk.save(SLUG, mark, published.replace("price: 50", "price: 55"), ADA)

    assert (await desk.standing(SLUG)).is_changed
    assert await pool.fetchval("SELECT max(version) FROM campaign_versions") == 1
    await desk.publish(SLUG, mark, ADA)

    stands = await desk.standing(SLUG)
    assert not stands.is_changed
    assert stands.public is not None
    assert (stands.public.version, stands.public.author) == (2, "ada@pool.example")
    assert "# Ask Ines" in stands.source
    assert (await events(owner))[-1]["definition"]["version"] == 2


async def test_of_two_editors_the_second_is_shown_both_texts(
    desk: TextDesk, published: str
) -> None:
    mark = (await desk.standing(SLUG)).mark
    theirs = published.replace("price: 50", "price: 55")
    mine = published.replace("price: 50", "price: 60")
    await desk.save(SLUG, mark, theirs, ADA)

    with pytest.raises(Overtaken) as refused:
        await desk.save(SLUG, mark, mine, ADA)

    assert (refused.value.theirs, refused.value.mine) == (theirs, mine)
    await desk.save(SLUG, refused.value.mark, mine, ADA)
    assert (await desk.standing(SLUG)).source == mine


async def test_of_many_who_save_at_once_one_is_first(desk: TextDesk, published: str) -> None:
    mark = (await desk.standing(SLUG)).mark
    wanted = [published.replace("price: 50", f"price: {60 + number}") for number in range(6)]

    done = await asyncio.gather(
        *(desk.save(SLUG, mark, each, ADA) for each in wanted), return_exceptions=True
    )

    assert sum(isinstance(each, Mark) for each in done) == 1
    assert sum(isinstance(each, Overtaken) for each in done) == 5


async def test_a_text_that_was_overtaken_is_not_published_unseen(
    desk: TextDesk, published: str, publisher: Publisher, content: Path
) -> None:
    mine = published.replace("price: 50", "price: 60")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)
    write(content, published.replace("price: 50", "price: 55"))
    assert (await publisher.publish()).published == ("long-take",)

    with pytest.raises(Overtaken) as refused:
        await desk.publish(SLUG, mark, ADA)

    assert "price: 55" in refused.value.theirs
    assert refused.value.mine == mine
    await desk.keep_on_top(SLUG, refused.value.mark, ADA)
    await desk.publish(SLUG, (await desk.standing(SLUG)).mark, ADA)
    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert (public.source, public.version) == (mine, 3)


async def test_what_is_given_up_is_kept_aside(desk: TextDesk, published: str) -> None:
    mine = published.replace("price: 50", "price: 60")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)

    await desk.give_up(SLUG, mark, ADA)

    assert (await desk.standing(SLUG)).source == published
    (aside,) = await desk.set_asides(SLUG)
    assert (aside.source, aside.origin) == (mine, "draft")
    await desk.settle(SLUG, aside.set_aside_id, ADA)
    assert await desk.set_asides(SLUG) == []


async def test_a_text_of_before_is_published_again_as_a_new_version(
    desk: TextDesk, published: str
) -> None:
    changed = published.replace("price: 50", "price: 55")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, changed, ADA)
    await desk.publish(SLUG, mark, ADA)
    newest, first = await desk.history(SLUG)

    await desk.restore(SLUG, first.text_id, (await desk.standing(SLUG)).mark, ADA)

    found = await desk.history(SLUG)
    assert [(each.version, each.origin) for each in found] == [
        (3, "restored"),
        (2, "dashboard"),
        (1, "folder"),
    ]
    assert found[0].source == first.source != newest.source


async def test_an_archived_campaign_is_hidden_and_can_come_back(
    desk: TextDesk, publisher: Publisher, content: Path, pool: Pool
) -> None:
    write(content, campaign(starts=3, ends=20))
    await publisher.publish()

    await desk.archive(SLUG, (await desk.standing(SLUG)).mark, ADA)

    (stored,) = await queries.all_newest_campaigns(pool, None)
    assert stored.document["is_published"] is False
    await desk.publish(SLUG, (await desk.standing(SLUG)).mark, ADA)
    (stored,) = await queries.all_newest_campaigns(pool, None)
    assert stored.document.get("is_published", True) is True
    assert stored.version == 3


async def test_what_supporters_pledged_to_stays_frozen_in_the_dashboard(
    desk: TextDesk, published: str
) -> None:
    mine = published.replace("goal_amount: 500", "goal_amount: 400")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)

    with pytest.raises(Unready) as refused:
        await desk.publish(SLUG, mark, ADA)

    assert [each.field for each in refused.value.mistakes] == ["goal_amount"]
    assert (await desk.standing(SLUG)).is_changed


async def test_a_file_the_mirror_has_not_reached_yet_publishes_nothing_old(
    desk: TextDesk, published: str, publisher: Publisher
) -> None:
    mine = published.replace("price: 50", "price: 60")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)
    await desk.publish(SLUG, mark, ADA)

    outcome = await publisher.publish()

    assert (outcome.published, outcome.mistakes) == ((), ())
    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert public.source == mine


async def test_an_edit_by_hand_that_was_overtaken_is_set_aside_and_said(
    desk: TextDesk, published: str, publisher: Publisher, content: Path
) -> None:
    mine = published.replace("price: 50", "price: 60")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)
    await desk.publish(SLUG, mark, ADA)
    by_hand = published.replace("price: 50", "price: 70")
    write(content, by_hand)

    outcome = await publisher.publish()
    again = await publisher.publish()

    assert [each.file for each in outcome.mistakes] == ["long-take.md"]
    assert "set aside" in outcome.mistakes[0].message
    assert again.mistakes == ()
    (aside,) = await desk.set_asides(SLUG)
    assert (aside.source, aside.origin) == (by_hand, "folder")
    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert public.source == mine


async def test_an_edit_of_remarks_alone_is_kept_and_told_to_nobody(
    desk: TextDesk, published: str, publisher: Publisher, content: Path, owner: Connection
) -> None:
    count = len(await events(owner))
    by_hand = published.replace("# Ask Ines", "# Ask Ines or Bea")
    write(content, by_hand)

    outcome = await publisher.publish()

    assert outcome.unchanged == ("long-take",)
    assert len(await events(owner)) == count
    assert (await desk.standing(SLUG)).source == by_hand


async def test_two_campaigns_do_not_sell_one_product(
    desk: TextDesk, published: str, publisher: Publisher, content: Path
) -> None:
    goods = "campaign_add_ons:\n  - {id: mug, name: Mug, price: 9, category: digital}\n"
    write(content, campaign("other", more=goods), "other.md")
    await publisher.publish()
    mine = published.replace("title: The", f"{goods}title: The")
    mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, mine, ADA)

    with pytest.raises(Unready) as refused:
        await desk.publish(SLUG, mark, ADA)

    assert [each.field for each in refused.value.mistakes] == ["campaign_add_ons[0].id"]
    assert "other" in refused.value.mistakes[0].message


async def test_what_is_done_is_written_down_and_waits_for_the_mirror(
    desk: TextDesk, published: str, pool: Pool, owner: Connection
) -> None:
    mark = (await desk.standing(SLUG)).mark
    mark = await desk.save(SLUG, mark, published + "\nMore.\n", ADA)
    await desk.publish(SLUG, mark, ADA)

    (waiting,) = await mirror.texts_to_mirror(pool)

    assert waiting.author == "ada@pool.example"
    written = await owner.fetch("SELECT actor, action FROM admin_audit")
    assert [tuple(each) for each in written] == [("ada@pool.example", "text_saved")] * 2

"""Reviewers of a working copy: mailed a link of their own, listed, taken back, forgotten."""

import asyncio
import re

import asyncpg
import pytest

from contracts.events.admin import PreviewShared
from services.chassis.storage.database import open_pool
from services.site.admin.reviewers import AT_ONCE, MAILS_PER_HOUR
from services.site.schedules.forget_reviewers import forget_ended
from tests.site.admins import Visitor, previews, signed_in
from tests.site.running import RunningSite

ONE = "/admin/campaigns/long-take"
ASK = re.compile(r'name="ask" value="([\w-]{43})"')
TAKE_BACK = re.compile(r'action="/admin/campaigns/long-take/(reviewers/\d+)"')


@pytest.fixture
async def ada(one_film: RunningSite, request: pytest.FixtureRequest) -> Visitor:
    """Somebody of this test's own, before anybody was asked to look."""
    await sql(one_film, "DELETE FROM site.preview_reviewers")
    name = re.sub(r"[^a-z]", "-", request.node.name.lower())
    return await signed_in(one_film, f"{name[:60]}@pool.example")


async def sql(site: RunningSite, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(site.database.owner_url)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def shared_by(site: RunningSite, visitor: Visitor) -> list[PreviewShared]:
    """Every link that somebody had mailed, oldest first."""
    return [each for each in await previews(site) if each.shared_by == visitor.email]


async def invite(visitor: Visitor, written: str, **more: str) -> str:
    page = await visitor.post(f"{ONE}/preview", reviewers=written, **more)
    assert page.status_code == 200, page.text
    return page.text


def path_of(shared: PreviewShared) -> str:
    return f"/campaigns/{shared.campaign}/preview/?t={shared.token}"


async def opens(site: RunningSite, shared: PreviewShared) -> bool:
    answer = await site.http.get(path_of(shared))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def test_each_reviewer_is_mailed_a_link_of_their_own(
    one_film: RunningSite, ada: Visitor
) -> None:
    page = await invite(ada, "Noor@film.example,\n mel@film.example\nnoor@film.example")

    shared = await shared_by(one_film, ada)
    assert [each.email for each in shared] == ["mel@film.example", "noor@film.example"]
    assert {(each.language, each.shared_by, each.title) for each in shared} == {
        ("en", ada.email, "The Long Take")
    }
    assert len({each.token for each in shared}) == 2
    assert all([await opens(one_film, each) for each in shared])
    assert "2 reviewers are mailed a link of their own." in page
    assert not [each.token for each in shared if each.token in page]
    assert "mel@film.example" in (await ada.get(f"{ONE}/")).text
    # What was typed is done with, and stands in the list alone.
    assert ">\n</textarea>" in page
    (line,) = await sql(
        one_film,
        "SELECT subject, details FROM site.admin_audit"
        " WHERE action = 'preview_shared' AND actor = $1",
        ada.email,
    )
    assert (line["subject"], line["details"]) == ("", '{"reviewers": 2}')


async def test_the_language_is_the_one_the_publisher_works_in(
    one_film: RunningSite, ada: Visitor
) -> None:
    await ada.post(f"/es{ONE}/preview", reviewers="mel@film.example")

    (shared,) = await shared_by(one_film, ada)
    assert shared.language == "es"


async def test_asked_again_a_reviewer_has_the_new_link_alone(
    one_film: RunningSite, ada: Visitor
) -> None:
    await invite(ada, "mel@film.example")
    await invite(ada, "mel@film.example")

    first, second = await shared_by(one_film, ada)
    assert not await opens(one_film, first)
    assert await opens(one_film, second)
    assert len(TAKE_BACK.findall((await ada.get(f"{ONE}/")).text)) == 1


async def test_a_press_that_comes_several_times_mails_once(
    one_film: RunningSite, ada: Visitor
) -> None:
    found = ASK.search((await ada.get(f"{ONE}/")).text)
    assert found

    await asyncio.gather(*(invite(ada, "mel@film.example", ask=found[1]) for _ in range(4)))

    (shared,) = await shared_by(one_film, ada)
    assert await opens(one_film, shared)


async def test_a_link_that_is_taken_back_opens_nothing(one_film: RunningSite, ada: Visitor) -> None:
    page = await invite(ada, "mel@film.example noor@film.example")
    first = TAKE_BACK.findall(page)[0]

    done = await ada.post(f"{ONE}/{first}")

    assert done.headers["location"].endswith("/campaigns/long-take/?done=taken-back")
    mel, noor = await shared_by(one_film, ada)
    assert not await opens(one_film, mel)
    assert await opens(one_film, noor)
    page = (await ada.get(f"{ONE}/")).text
    assert "mel@film.example" not in page
    assert "noor@film.example" in page
    again = await ada.post(f"{ONE}/{first}")
    assert again.status_code == 404
    assert "This link has ended already." in again.text


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("mel@film.example, nobody", "Write email addresses, one on each line"),
        ("\n".join(f"r{n}@film.example" for n in range(AT_ONCE + 1)), "At most 10 addresses"),
    ],
)
async def test_what_is_refused_stays_typed_and_mails_nobody(
    one_film: RunningSite, ada: Visitor, written: str, why: str
) -> None:
    page = await ada.post(f"{ONE}/preview", reviewers=written, ask="k" * 43)

    assert page.status_code == 400
    # Repeated, it is the same press.
    assert ASK.findall(page.text) == ["k" * 43]
    trouble = re.search(r'<p class="field__trouble" id="reviewers-trouble">([^<]*)', page.text)
    assert trouble
    assert why in trouble[1]
    typed = re.search(r'name="reviewers"[^>]*>\n([^<]*)</textarea>', page.text)
    assert typed
    assert typed[1].splitlines() == written.splitlines()
    assert await shared_by(one_film, ada) == []


async def test_nobody_mails_more_than_thirty_in_an_hour(
    one_film: RunningSite, ada: Visitor
) -> None:
    for part in range(MAILS_PER_HOUR // AT_ONCE):
        await invite(ada, ",".join(f"r{part}-{n}@film.example" for n in range(AT_ONCE)))

    refused = await ada.post(f"{ONE}/preview", reviewers="one-more@film.example")

    assert refused.status_code == 429
    assert "one-more@film.example" in refused.text
    assert 'id="reviewers-trouble">At most 30 reviewers an hour' in refused.text
    assert len(await shared_by(one_film, ada)) == MAILS_PER_HOUR
    # A link for oneself is made as before, and another person's hour is their own.
    await invite(ada, "")
    grace = await signed_in(one_film, "grace@pool.example")
    await invite(grace, "one-more@film.example")
    await sql(
        one_film,
        "UPDATE site.campaign_previews SET made_at = made_at - interval '61 minutes'",
    )
    await invite(ada, "one-more@film.example")


async def test_after_a_day_a_link_is_over_and_its_reviewer_forgotten(
    one_film: RunningSite, ada: Visitor
) -> None:
    await invite(ada, "mel@film.example")
    await invite(ada, "noor@film.example")
    mel, noor = await shared_by(one_film, ada)
    assert 23.9 < (mel.expires_at - mel.occurred_at).total_seconds() / 3_600 < 24.1
    for table in ("campaign_previews", "preview_reviewers"):
        await sql(
            one_film,
            f"UPDATE site.{table} SET expires_at = clock_timestamp()"
            " WHERE token_sha256 = sha256($1)",
            mel.token.encode(),
        )
    assert not await opens(one_film, mel)
    assert "mel@film.example" not in (await ada.get(f"{ONE}/")).text

    # The event that had it mailed is out, and as old as the link.
    await sql(
        one_film,
        """
        UPDATE site.outbox
        SET queued_at = queued_at - interval '24 hours', published_at = clock_timestamp()
        WHERE aggregate_id = 'preview:' || encode(sha256($1), 'hex')
        """,
        mel.token.encode(),
    )
    pool = await open_pool(one_film.database.url("site"), schema="site")
    assert await forget_ended(pool) == 1
    await pool.close()
    assert [each.email for each in await shared_by(one_film, ada)] == ["noor@film.example"]
    rows = await sql(one_film, "SELECT address FROM site.preview_reviewers")
    assert [row["address"] for row in rows] == ["noor@film.example"]
    assert await opens(one_film, noor)

"""The folder follows the rows: publishes become commits, edits by hand are published or kept."""

import asyncio
import shutil
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.objects import Commit
from dulwich.repo import Repo

from contracts.ids import CampaignSlug
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.site.desks.texts import TextDesk
from services.site.editing.queries import mirror as queries
from services.site.mirror import ContentMirror
from services.site.publisher import Publisher
from services.site.publishing.texts import Mark
from tests.site.samples import campaign
from tests.site.test_publishing import write
from tests.site.test_texts import ADA, SLUG

FILE = "long-take.md"
# The library's way to a repository on the same disk leaves the files of its packs open.
with_remote = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def repository(content: Path) -> Path:
    """A content folder that is a repository with one commit."""
    write(content, campaign())
    porcelain.init(str(content)).close()
    commit(content)
    return content


@pytest.fixture
async def desk(pool: Pool, publisher: Publisher, repository: Path) -> TextDesk:
    async def show(slug: CampaignSlug) -> None:
        assert slug == SLUG

    await publisher.publish()
    return TextDesk(pool, show)


def commit(folder: Path, message: str = "begin") -> None:
    porcelain.add(str(folder), paths=[str(folder / FILE)])
    porcelain.commit(str(folder), message=message.encode(), author=b"Ines <ines@people.example>")


def history(folder: Path) -> list[tuple[str, str]]:
    """Author and first line of every commit, the newest first."""
    with Repo(str(folder)) as repo:
        commits = [entry.commit for entry in repo.get_walker()]
    assert all(isinstance(each, Commit) for each in commits)
    return [
        (each.author.decode().partition(" <")[0], each.message.decode().partition("\n")[0])
        for each in commits
    ]


def mirrored(pool: Pool, publisher: Publisher, folder: Path, remote: str = "") -> ContentMirror:
    return ContentMirror(pool, publisher, folder, remote=Secret(remote), look_seconds=0.001)


async def look_often(mirror: ContentMirror) -> None:
    for _ in range(3):
        await asyncio.sleep(0.002)
        await mirror.tick()


async def published(desk: TextDesk, price: str, message: str = "") -> str:
    """Publish the sample with another price from the dashboard; return its text."""
    text = campaign().replace("price: 50", f"price: {price}")
    mark: Mark = await desk.save(SLUG, (await desk.standing(SLUG)).mark, text, ADA)
    await desk.publish(SLUG, mark, ADA, message)
    return text


async def test_a_publish_is_a_commit_with_author_and_message(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path
) -> None:
    text = await published(desk, "60", "Ten more")

    await mirrored(pool, publisher, repository).tick()

    assert (repository / FILE).read_text() == text
    assert history(repository) == [("ada@pool.example", "long-take: Ten more"), ("Ines", "begin")]
    assert porcelain.status(str(repository)).unstaged == []
    (newest, _) = await desk.history(SLUG)
    with Repo(str(repository)) as repo:
        assert newest.commit_id == repo.head().decode()
    assert (await publisher.publish()).unchanged == ("long-take",)


async def test_killed_between_commit_and_note_it_is_committed_once(
    desk: TextDesk,
    pool: Pool,
    publisher: Publisher,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await published(desk, "60")
    with monkeypatch.context() as dying:
        dying.setattr("services.site.mirror.crash.point", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await mirrored(pool, publisher, repository).tick()
    assert len(history(repository)) == 2
    # Who starts again imports first: what is in the folder is ours, and no edit by hand.
    assert (await publisher.publish()).mistakes == ()

    await mirrored(pool, publisher, repository).tick()

    assert len(history(repository)) == 2
    assert await queries.texts_to_mirror(pool) == []
    assert await desk.set_asides(SLUG) == []


async def test_of_two_publishes_each_is_a_commit_in_order(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path
) -> None:
    await published(desk, "60", "first")
    await published(desk, "70", "second")

    await mirrored(pool, publisher, repository).tick()

    assert [message for _, message in history(repository)] == [
        *("long-take: second", "long-take: first", "begin"),
    ]


async def test_an_edit_by_hand_is_published_when_nobody_types_any_more(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path
) -> None:
    mirror = mirrored(pool, publisher, repository)
    write(repository, campaign().replace("price: 50", "price: 65"))

    await look_often(mirror)

    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert (public.version, public.origin) == (2, "folder")
    assert "price: 65" in public.source


async def test_an_edit_made_while_the_database_was_away_is_published_when_it_is_back(
    desk: TextDesk,
    pool: Pool,
    publisher: Publisher,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = mirrored(pool, publisher, repository)
    write(repository, campaign().replace("price: 50", "price: 65"))

    async def away(_: Publisher) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(Publisher, "publish", away)
        with pytest.raises(ConnectionRefusedError):
            await look_often(mirror)
    await look_often(mirror)

    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert "price: 65" in public.source


async def test_an_edit_nobody_published_is_committed_and_set_aside_before_it_is_overwritten(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path
) -> None:
    by_hand = campaign().replace("price: 50", "price: 65")
    text = await published(desk, "60")
    write(repository, by_hand)

    await mirrored(pool, publisher, repository).tick()

    assert (repository / FILE).read_text() == text
    assert [author for author, _ in history(repository)] == ["ada@pool.example", "By hand", "Ines"]
    (aside,) = await desk.set_asides(SLUG)
    assert (aside.source, aside.origin) == (by_hand, "folder")


async def test_a_folder_without_a_repository_gets_the_file_alone(
    pool: Pool, publisher: Publisher, desk: TextDesk, repository: Path
) -> None:
    shutil.rmtree(repository / ".git")
    text = await published(desk, "60")

    await mirrored(pool, publisher, repository).tick()

    assert (repository / FILE).read_text() == text
    assert await queries.texts_to_mirror(pool) == []


async def test_a_folder_that_cannot_be_written_is_said_and_tried_again(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path, tmp_path: Path
) -> None:
    text = await published(desk, "60")
    mirror = mirrored(pool, publisher, tmp_path / "nowhere")

    await mirror.tick()

    async with transaction(pool) as conn:
        failed = await queries.mirror_state(conn)
    assert (failed.tries, failed.waiting) == (1, 1)
    assert failed.error.startswith("FileNotFoundError")

    await mirrored(pool, publisher, repository).tick()
    assert (repository / FILE).read_text() == text


@pytest.fixture
def remote(repository: Path, tmp_path: Path) -> Path:
    """A bare repository that has what the folder has."""
    folder = tmp_path / "remote.git"
    porcelain.clone(str(repository), str(folder), bare=True).close()
    return folder


def pushed_by_hand(remote: Path, text: str) -> None:
    """Somebody clones the remote, edits and pushes."""
    clone = remote.with_name("clone")
    porcelain.clone(str(remote), str(clone)).close()
    write(clone, text)
    commit(clone, "by hand")
    porcelain.push(str(clone), str(remote), "HEAD")


@with_remote
async def test_what_is_published_is_pushed(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path, remote: Path
) -> None:
    await published(desk, "60", "Ten more")

    await mirrored(pool, publisher, repository, str(remote)).tick()

    assert history(remote) == history(repository)
    assert len(history(remote)) == 2


@with_remote
async def test_what_was_pushed_by_hand_is_published(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path, remote: Path
) -> None:
    pushed_by_hand(remote, campaign().replace("price: 50", "price: 65"))

    await mirrored(pool, publisher, repository, str(remote)).tick()

    public = (await desk.standing(SLUG)).public
    assert public is not None
    assert "price: 65" in public.source
    assert history(repository) == history(remote)


@with_remote
async def test_both_sides_changed_ours_stays_theirs_is_set_aside_and_both_are_in_the_history(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path, remote: Path
) -> None:
    theirs = campaign().replace("price: 50", "price: 65")
    pushed_by_hand(remote, theirs)
    ours = await published(desk, "60", "Ten more")

    await mirrored(pool, publisher, repository, str(remote)).tick()

    assert (repository / FILE).read_text() == ours
    (aside,) = await desk.set_asides(SLUG)
    assert aside.source == theirs
    messages = [message for _, message in history(remote)]
    assert messages[0] == "Merge what was pushed"
    assert {"by hand", "long-take: Ten more", "begin"} < set(messages)


async def test_a_remote_that_is_away_is_said_without_its_password(
    desk: TextDesk, pool: Pool, publisher: Publisher, repository: Path
) -> None:
    await published(desk, "60")

    await mirrored(pool, publisher, repository, "http://ada:hunter2@127.0.0.1:1/x.git").tick()

    async with transaction(pool) as conn:
        state = await queries.mirror_state(conn)
    assert (state.tries, state.waiting) == (1, 0)
    assert state.error
    assert "hunter2" not in state.error

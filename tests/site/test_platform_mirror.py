"""Settings saved in the dashboard are commits; what a hand edits meanwhile is not replaced."""

from pathlib import Path

import pytest
from dulwich import porcelain

from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.site.admin.audit import Done
from services.site.editing import platform_texts
from services.site.editing.queries import platform_texts as queries
from services.site.mirror import ContentMirror
from services.site.publisher import Publisher, write_platform
from tests.site.samples import campaign
from tests.site.test_content_mirror import history
from tests.site.test_publishing import write

ADA = Done(actor="ada@pool.example", role="super", action="settings_saved")
WRITTEN = "# Ours.\nplatform_name: The Pool\n"


@pytest.fixture
async def folder(content: Path, publisher: Publisher) -> Path:
    """A repository whose settings are published."""
    write(content, campaign())
    (content / "platform.yml").write_text(WRITTEN)
    porcelain.init(str(content))
    paths = [str(content / name) for name in ("long-take.md", "platform.yml")]
    porcelain.add(str(content), paths=paths)
    porcelain.commit(str(content), message=b"begin", author=b"Ines <ines@people.example>")
    await publisher.publish()
    return content


async def save(pool: Pool, folder: Path, name: str) -> None:
    """Save another name, as the dashboard does."""
    async with transaction(pool) as conn:
        newest = await queries.newest_text(conn)
        assert newest
        source = WRITTEN.replace("The Pool", name)
        document = platform_texts.read(source, "America/Denver")
        assert await platform_texts.save(conn, source, document, ADA, base=newest.sha256)
    await write_platform(pool, folder)


def mirror(pool: Pool, publisher: Publisher, folder: Path) -> ContentMirror:
    return ContentMirror(pool, publisher, folder, remote=Secret(""), look_seconds=0)


async def test_what_is_saved_is_one_commit_of_whoever_saved_it(
    pool: Pool, publisher: Publisher, folder: Path
) -> None:
    await save(pool, folder, "First")
    await save(pool, folder, "Second")

    for _ in range(2):
        await mirror(pool, publisher, folder).tick()

    commits = history(folder)
    assert commits[0] == ("ada@pool.example", "platform: saved in the dashboard")
    assert [title for _, title in commits].count("platform: saved in the dashboard") == 1
    assert "Second" in (folder / "platform.yml").read_text()
    assert not await queries.has_to_mirror(pool)
    assert not (await publisher.publish()).platform_published


async def test_a_hands_edit_is_set_aside_before_it_is_written_over(
    pool: Pool, publisher: Publisher, folder: Path
) -> None:
    (folder / "platform.yml").write_text(WRITTEN.replace("The Pool", "By hand"))
    await save(pool, folder, "Saved")

    await mirror(pool, publisher, folder).tick()
    assert "By hand" in (folder / "platform.yml").read_text()
    outcome = await publisher.publish()
    await mirror(pool, publisher, folder).tick()

    assert "set aside" in outcome.mistakes[0].message
    assert "Saved" in (folder / "platform.yml").read_text()
    assert history(folder)[0] == ("ada@pool.example", "platform: saved in the dashboard")


async def test_a_folder_that_lost_the_file_gets_it_back(
    pool: Pool, publisher: Publisher, folder: Path
) -> None:
    await save(pool, folder, "Saved")
    (folder / "platform.yml").unlink()

    await publisher.publish()

    assert "Saved" in (folder / "platform.yml").read_text()
